// A referral's forms on a phone: the time of the tap goes with them, a second tap sends nothing, and where there is no
// signal what was entered stays where it is. Without this script the forms work as forms.

import { domainNow } from "/static/page_clock.js";

const PATIENCE = 6_000;
let sending = false;

/** Whether anybody is there to be sent to: a form that is sent into nothing would be lost with what is in it. */
async function reachable() {
  try {
    const answer = await fetch("/health/live", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    return answer.ok;
  } catch {
    return false;
  }
}

async function send(form) {
  sending = true;
  const [button, unsent] = [form.querySelector("button"), form.querySelector("[data-unsent]")];
  button.setAttribute("aria-disabled", "true");
  unsent.hidden = true;
  form.elements.tapped_at.value ||= new Date(domainNow()).toISOString();
  if (await reachable()) return form.submit();
  button.removeAttribute("aria-disabled");
  unsent.hidden = false;
  sending = false;
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-sends]")) return;
  event.preventDefault();
  if (!sending) send(event.target);
});
// Back on this page by the browser's own button, nothing is on its way any more.
globalThis.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  sending = false;
  for (const button of document.querySelectorAll("[data-sends] [aria-disabled]")) button.removeAttribute("aria-disabled");
});
// An answer to a form that did not go through is drawn where the form was sent to; asked for again, it is the page.
const page = document.querySelector("[data-page]");
if (page && location.pathname !== page.dataset.page) history.replaceState(null, "", page.dataset.page);
document.querySelector("[data-said]")?.focus();
