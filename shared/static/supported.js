// Runs before the page is drawn, so that nothing jumps. What it marks is what GOV.UK Frontend's styles look for.
document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) document.body.classList.add("govuk-frontend-supported");
