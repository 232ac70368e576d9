// Shows what this device is told, whether or not a page is open, and opens the task when it is tapped.
// It keeps nothing and fetches nothing: whoever taps signs in first.

const NEUTRAL = { title: "You have news", body: "Sign in.", url: "/tasks", reference: null };

/** What a message says; one that cannot be read is shown all the same, for a browser owes its person that. */
function read(message) {
  try {
    return { ...NEUTRAL, ...message.json() };
  } catch {
    return NEUTRAL;
  }
}

function show({ title, body, url, reference }) {
  // A newer one about the same takes the older one's place, and rings again.
  const place = reference ? { tag: reference, renotify: true } : {};
  return self.registration.showNotification(title, { body, icon: "/static/icon.svg", data: { url }, ...place });
}

/** Nowhere but our own pages. */
function ours(url) {
  const target = new URL(url, self.location.origin);
  return target.origin === self.location.origin ? target.href : new URL(NEUTRAL.url, self.location.origin).href;
}

async function open(url) {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = pages.find((page) => page.url === url);
  return there ? there.focus() : self.clients.openWindow(url);
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("push", (event) => event.waitUntil(show(read(event.data))));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(ours(event.notification.data.url)));
});
