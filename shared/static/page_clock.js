// Domain time as a page counts it: what the server said when it drew the page, and what has passed since.
// The device's own clock may be wrong; only its pace counts.

const live = document.querySelector("[data-live]");
let drawnAt = Date.now();

/** The live part has just been drawn anew. */
export function drawn() {
  drawnAt = Date.now();
}

/** Milliseconds since 1970, domain time. */
export function domainNow() {
  return Date.parse(live.dataset.now) + (Date.now() - drawnAt) * Number(live.dataset.speed);
}
