/* What people do, sent in batches. Every event has an id of its own, so a batch that is
   sent twice counts once; what could not be sent waits for the next time. */

const ADDRESS = "/api/v1/events/";
const EVERY = 5000; // ms
const MOST = 100; // events a batch
const KEEPALIVE_MOST = 40; // browsers bound what may outlive a page to 64 KiB

const queue = new Map();
let sending = false;
let timer;

function token() {
  return JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
}

/** Queue an event; one with the same `key` that still waits is replaced. */
export function record(event, key) {
  const id = newId();
  queue.set(key ?? id, { id, at: new Date().toISOString(), ...event });
  timer ??= setTimeout(flush, EVERY);
}

/** A random UUID; `crypto.randomUUID` is missing on plain http outside localhost. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Send what waits; with `last` so that the request outlives the page. */
export async function flush({ last = false } = {}) {
  clearTimeout(timer);
  timer = undefined;
  if (!queue.size || (sending && !last)) return;
  const batch = [...queue].slice(0, last ? KEEPALIVE_MOST : MOST);
  for (const [key] of batch) queue.delete(key);
  sending = true;
  let pause = EVERY;
  try {
    const answer = await fetch(ADDRESS, {
      method: "POST",
      keepalive: last,
      headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
      body: JSON.stringify({ events: batch.map(([, event]) => event) }),
    });
    if (answer.status === 429 || answer.status >= 500) {
      putBack(batch);
      pause = Math.max(EVERY, 1000 * (Number(answer.headers.get("Retry-After")) || 0));
    }
  } catch {
    putBack(batch);
  } finally {
    sending = false;
    if (queue.size) timer ??= setTimeout(flush, pause);
  }
}

function putBack(batch) {
  for (const [key, event] of batch) if (!queue.has(key)) queue.set(key, event);
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") flush({ last: true });
});
addEventListener("pagehide", () => flush({ last: true }));
