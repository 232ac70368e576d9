// GOV.UK Frontend's behaviour (skip link, focus of error summaries, buttons that are not sent twice).
import { initAll } from "/assets/govuk-frontend.min.js";

initAll();
