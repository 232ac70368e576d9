// Answers given where there is no signal: kept on this device with the time of the tap, sent when there is signal.
// Without this script the forms work as forms. Nothing is kept but reference, answer and time.

import { domainNow } from "/static/page_clock.js";

const STORE = "liaison.kept";
const PATIENCE = { keep: 12 * 3600 * 1000, answer: 10_000, retry: 5_000 };

const box = document.getElementById("kept");
const who = box.dataset.keptFor;
let sending = false;

/** Answers of whoever is signed in; another person's stay where they are until they sign in again. */
function kept() {
  return everything().filter((one) => one.who === who);
}

function everything() {
  try {
    const list = JSON.parse(localStorage.getItem(STORE) ?? "[]");
    return list.filter((one) => Date.now() - one.at < PATIENCE.keep);
  } catch {
    return [];
  }
}

/** Keep `answer`, in place of any other that this person gave about the same reference; null only forgets. */
function store(reference, answer) {
  const others = everything().filter((one) => one.who !== who || one.reference !== reference);
  localStorage.setItem(STORE, JSON.stringify(answer ? [...others, answer] : others));
}

/** Where the answer leads; null where nobody took it and it must be tried again. */
async function send(one) {
  try {
    const response = await fetch(one.action, {
      method: "POST", body: new URLSearchParams(one.fields), signal: AbortSignal.timeout(PATIENCE.answer),
    });
    if (response.status >= 500 || response.status === 401) return null;
    return response.redirected ? response.url : "/tasks";
  } catch {
    return null;
  }
}

async function sendKept() {
  if (sending || kept().length === 0) return;
  sending = true;
  let target = null;
  for (const one of kept()) {
    target = await send(one);
    if (target === null) break;
    store(one.reference, null);
  }
  sending = false;
  if (target !== null) location.assign(target);
  else showKept();
}

function showKept() {
  const references = kept().map((one) => one.reference);
  box.hidden = references.length === 0;
  box.querySelector("strong").textContent = `No signal. Kept: ${references.join(", ")}`;
  for (const button of document.querySelectorAll("[data-answer] button")) button.removeAttribute("aria-disabled");
}

function answered(event) {
  const form = event.target;
  event.preventDefault();
  if (form.querySelector("[aria-disabled=true]")) return;
  const fields = Object.fromEntries(new FormData(form, event.submitter));
  fields.tapped_at = new Date(domainNow()).toISOString();
  for (const button of document.querySelectorAll("[data-answer] button")) button.setAttribute("aria-disabled", "true");
  const { action, reference } = { action: new URL(form.action).pathname, reference: form.dataset.answer };
  store(reference, { who, reference, action, fields, at: Date.now() });
  sendKept().then(() => { if (!box.hidden) box.scrollIntoView({ block: "nearest" }); });
}

document.addEventListener("submit", (event) => { if (event.target.matches("[data-answer]")) answered(event); });
globalThis.addEventListener("online", sendKept);
setInterval(sendKept, PATIENCE.retry);
document.querySelector("[data-said]")?.focus();
showKept();
sendKept();
