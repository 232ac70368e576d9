// "Notify me on this device": has this browser subscribe to web push, and tells whoever is signed in how it stands.

const STORE = "liaison.push";
const WORKER = "/service-worker.js";
const SAID = {
  off: "You are not notified here. A message on this device says that there is a task, and nothing about it.",
  on: "You are notified on this device. A message says that there is a task, and nothing about it.",
  refused: "This browser refuses notifications from this page. Allow them in its settings, then load this page again.",
  cannot: "This browser cannot notify you. On an iPhone or iPad, add this page to the home screen and open it there.",
  unanswered: "This browser could not reach its push service. You are not notified here. Try again later.",
  unsent: "That could not be sent. Nothing has changed. Try again when there is signal.",
};

const section = document.getElementById("device");
const said = document.getElementById("device-said");
const buttons = { start: document.getElementById("device-start"), stop: document.getElementById("device-stop") };
const who = section.dataset.deviceOf;
const officer = who.split(":")[1];
let key = null;

function show(state, { start = false, stop = false } = {}) {
  said.textContent = SAID[state];
  buttons.start.hidden = !start;
  buttons.stop.hidden = !stop;
  section.hidden = false;
}

const able = () => "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;

/** This browser's subscription, if it is the one of whoever is signed in. */
async function mine() {
  if (localStorage.getItem(STORE) !== who) return null;
  const registration = await navigator.serviceWorker.getRegistration("/");
  return (await registration?.pushManager.getSubscription()) ?? null;
}

async function look() {
  if (!able()) return show("cannot");
  if (Notification.permission === "denied") return show("refused");
  return (await mine()) ? show("on", { stop: true }) : show("off", { start: true });
}

/** Tell the server; false where it was not told. */
async function tell(path, subscription) {
  const { endpoint, keys } = subscription.toJSON();
  try {
    const response = await fetch(`/v1/officers/${encodeURIComponent(officer)}/means/${path}`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ endpoint, keys }),
    });
    return response.ok;
  } catch {
    return false;
  }
}

function bytes(base64url) {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

async function subscribe() {
  await navigator.serviceWorker.register(WORKER);
  const { pushManager } = await navigator.serviceWorker.ready;
  // One that is there already is a colleague's, or made for a key that is no more: it ends, and so they are not told here.
  await (await pushManager.getSubscription())?.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
}

async function start() {
  if ((await Notification.requestPermission()) !== "granted") return show("refused");
  let subscription;
  try {
    subscription = await subscribe();
  } catch {
    return show("unanswered", { start: true });
  }
  if (!(await tell("push", subscription))) {
    await subscription.unsubscribe();
    return show("unsent", { start: true });
  }
  localStorage.setItem(STORE, who);
  return look();
}

async function stop() {
  const subscription = await mine();
  if (subscription && !(await tell("push/stop", subscription))) return show("unsent", { stop: true });
  await subscription?.unsubscribe();
  localStorage.removeItem(STORE);
  return look();
}

/** One press at a time, and the keyboard's place is kept on the button that takes the pressed one's. */
function pressed(act) {
  return async ({ currentTarget }) => {
    if (currentTarget.getAttribute("aria-disabled")) return;
    currentTarget.setAttribute("aria-disabled", "true");
    await act();
    currentTarget.removeAttribute("aria-disabled");
    Object.values(buttons).find((button) => !button.hidden)?.focus();
  };
}

async function begin() {
  const response = await fetch("/v1/push-key");
  key = response.ok ? (await response.json()).key : null;
  if (key === null) return;
  buttons.start.addEventListener("click", pressed(start));
  buttons.stop.addEventListener("click", pressed(stop));
  await look();
}

begin().catch(() => { section.hidden = true; });
