// Keeps the part of a page marked `data-live` fresh: told by server-sent events where they come through, by asking
// again every few seconds where they do not. The page itself is asked for, so there is one way to draw it.

import { domainNow, drawn } from "/static/page_clock.js";

const PATIENCE = { between: 700, withoutStream: 10_000, withStream: 60_000, reconnect: 5_000, answer: 8_000, tick: 1_000 };

const live = document.querySelector("[data-live]");
const stateLine = document.querySelector("[data-live-state]");
const said = document.querySelector("[data-live-said]");
// A page about one referral records who looks at it: it is asked for again only when that one has changed.
const about = live.dataset.about ?? null;
const address = live.dataset.page ?? location.href;
const TYPED_IN = "input:not([type=radio]):not([type=hidden]), select, textarea";
let lastAsked = Date.now();
let planned = null;
let asking = false;
let missed = false;
let streaming = false;
let pressed = false;
let putOff = false;

function lengthOf(milliseconds) {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
  const days = Math.floor(hours / 24);
  return `${days} ${days === 1 ? "day" : "days"}${hours % 24 ? ` ${hours % 24} h` : ""}`;
}

function countDown() {
  const now = domainNow();
  for (const time of live.querySelectorAll("[data-to-go]")) {
    const left = Date.parse(time.dateTime) - now;
    const words = left >= 0 ? `in ${lengthOf(left)}` : `${lengthOf(-left)} late`;
    if (time.textContent !== words) time.textContent = words;
    time.classList.toggle("liaison-late", left < 0);
  }
}

function showConnected(connected) {
  stateLine.hidden = false;
  stateLine.classList.toggle("liaison-live--on", connected);
  stateLine.classList.toggle("liaison-live--off", !connected);
  stateLine.querySelector("[data-live-words]").textContent = connected
    ? "Live"
    : "No connection. What you see may be old. Trying again.";
}

/** What a screen reader is told when it changes; not every countdown and every row. */
function gist() {
  const parts = [...live.querySelectorAll("[data-gist]")];
  return parts.map((part) => part.textContent.replace(/\s+/g, " ").trim()).join(", ");
}

/** The part without what changes by time alone or by the reader: drawn anew only when something else differs. */
function substance(part) {
  const copy = part.cloneNode(true);
  for (const time of copy.querySelectorAll("[data-to-go]")) { time.textContent = ""; time.removeAttribute("class"); }
  for (const details of copy.querySelectorAll("details")) details.removeAttribute("open");
  for (const input of copy.querySelectorAll("input")) input.removeAttribute("value");
  return copy.innerHTML;
}

function touched(control) {
  if (control.type === "radio" || control.type === "checkbox") return control.checked !== control.defaultChecked;
  if (control.tagName === "SELECT") return [...control.options].some((one) => one.selected !== one.defaultSelected);
  return control.type !== "hidden" && "defaultValue" in control && control.value !== control.defaultValue;
}

/** Forms that somebody has begun to fill in, or that came back with something wrong: they stay as they are. */
function begun() {
  const forms = [...live.querySelectorAll("form[id]")];
  return forms.filter((form) => form.hasAttribute("data-in-hand") || [...form.elements].some(touched));
}

/** Put the fresh part in place without taking away what the reader has open, has the focus on, or looks at. */
function replace(fresh) {
  const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
  const folded = [...live.querySelectorAll("details[id]")].map((details) => [details.id, details.open]);
  const forms = begun();
  const held = (folded.find(([, open]) => open) ?? [focused])[0];
  const height = () => document.getElementById(held)?.getBoundingClientRect().top ?? null;
  const [before, top] = [gist(), height()];
  live.replaceChildren(...fresh.childNodes);
  live.dataset.now = fresh.dataset.now;
  drawn();
  for (const form of forms) document.getElementById(form.id)?.replaceWith(form);
  for (const [id, open] of folded) document.getElementById(id)?.toggleAttribute("open", open);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  if (top !== null && height() !== null) scrollBy(0, height() - top);
  if (gist() !== before) said.textContent = `Updated. ${gist()}`;
  countDown();
}

/** The time on the page is always taken over, its content when there is something new. */
function take(fresh) {
  if (substance(fresh) !== substance(live)) return replace(fresh);
  live.dataset.now = fresh.dataset.now;
  drawn();
}

/** Whether replacing would take something out of the reader's hands: a finger down, a word half typed, an answer sent. */
function busy() {
  const typing = live.contains(document.activeElement) && document.activeElement.matches(TYPED_IN);
  return pressed || typing || live.querySelector("[aria-disabled=true]") !== null;
}

/** What came while the reader was busy is asked for once they are not. */
function catchUp() {
  setTimeout(() => { if (putOff && !busy()) changed(); });
}

async function refresh() {
  [planned, asking, missed, putOff] = [null, true, false, false];
  lastAsked = Date.now();
  try {
    const answer = await fetch(address, {
      headers: { accept: "text/html" }, cache: "no-store", signal: AbortSignal.timeout(PATIENCE.answer),
    });
    if (answer.redirected) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-live]");
    document.querySelector("footer").replaceChildren(...page.querySelector("footer").childNodes);
    if (fresh && !busy()) take(fresh);
    else putOff = true;
    showConnected(true);
  } catch {
    showConnected(false);
  } finally {
    asking = false;
    if (missed) changed();
  }
}

/** Ask soon, but never more often than every `between` milliseconds, however many changes come. */
function changed() {
  // What changes while an answer is on its way may not be in it.
  if (asking) missed = true;
  else planned ??= setTimeout(refresh, Math.max(0, lastAsked + PATIENCE.between - Date.now()));
}

function follow(feed) {
  const stream = new EventSource(feed);
  stream.onopen = () => { streaming = true; if (about) showConnected(true); else changed(); };
  stream.onerror = () => {
    streaming = false;
    if (about) showConnected(false);
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => follow(feed), PATIENCE.reconnect);
  };
  stream.addEventListener("referral", (event) => {
    if (!about || JSON.parse(event.data).reference === about) changed();
  });
  stream.addEventListener("board", () => { if (!about) changed(); });
}

function keepFresh() {
  const patience = streaming ? PATIENCE.withStream : PATIENCE.withoutStream;
  if (!about && !document.hidden && Date.now() - lastAsked > patience) changed();
  countDown();
}

function keepUpToDate() {
  if (live.dataset.live) follow(live.dataset.live);
  setInterval(keepFresh, PATIENCE.tick);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !about) changed(); });
  globalThis.addEventListener("online", () => { if (!about) changed(); });
  globalThis.addEventListener("offline", () => showConnected(false));
  document.addEventListener("pointerdown", () => { pressed = true; });
  for (const kind of ["pointerup", "pointercancel"]) {
    document.addEventListener(kind, () => { pressed = false; catchUp(); });
  }
  document.addEventListener("focusout", catchUp);
}

// Where nobody may follow, deadlines are counted down and nothing else.
if (live.dataset.live === "never") setInterval(countDown, PATIENCE.tick);
else keepUpToDate();
countDown();
