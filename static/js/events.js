/* Sends events in batches. Each event has its own id, so a batch that is sent twice counts
   once. Events that could not be sent stay in the queue. */

const ADDRESS = "/api/v1/events/";
const INTERVAL = 5000; // ms
const BATCH_SIZE = 100; // events
const KEEPALIVE_BATCH_SIZE = 40; // events; browsers limit keepalive requests to 64 KiB

const queue = new Map();
let sending = false;
let timer;

function token() {
  return JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
}

/** Queue an event. It replaces a queued event with the same `key`. */
export function record(event, key) {
  const id = newId();
  queue.set(key ?? id, { id, at: new Date().toISOString(), ...event });
  timer ??= setTimeout(flush, INTERVAL);
}

/** Return a random UUID. Plain HTTP outside localhost has no `crypto.randomUUID`. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Send queued events. With `last`, the request completes even if the page closes. */
export async function flush({ last = false } = {}) {
  clearTimeout(timer);
  timer = undefined;
  if (!queue.size || (sending && !last)) return;
  const batch = [...queue].slice(0, last ? KEEPALIVE_BATCH_SIZE : BATCH_SIZE);
  for (const [key] of batch) queue.delete(key);
  sending = true;
  let pause = INTERVAL;
  try {
    const answer = await fetch(ADDRESS, {
      method: "POST",
      keepalive: last,
      headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
      body: JSON.stringify({ events: batch.map(([, event]) => event) }),
    });
    if (answer.status === 429 || answer.status >= 500) {
      putBack(batch);
      pause = Math.max(INTERVAL, 1000 * (Number(answer.headers.get("Retry-After")) || 0));
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
