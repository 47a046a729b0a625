/* Sends events in batches. Each event has its own id, so a batch that is sent twice counts
   once. An event stays in the queue until the server has acknowledged it. */

import { EventQueue } from "./event-queue.js";
import { headers, user } from "./identity.js";

const ADDRESS = "/api/v1/events/";
const INTERVAL = 5000; // ms
const MAX_PAUSE = 300_000; // ms, after many failures
const BATCH_SIZE = 100; // events
const KEEPALIVE_BATCH_SIZE = 40; // events; browsers limit keepalive requests to 64 KiB
const OTHER_USER = 409;

const queue = new EventQueue(user);
const leaving = new Set(); // ids on their way, even if the page closes
let sending = false;
let stopped = false; // somebody else is logged in by now
let failures = 0;
let timer;

/** Queue an event. It replaces a queued event with the same `key`. */
export function record(event, key) {
  const id = newId();
  queue.put(key ?? id, { id, at: new Date().toISOString(), ...event });
  schedule();
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

function schedule(pause = INTERVAL) {
  if (queue.size && !stopped) timer ??= setTimeout(flush, pause);
}

async function post(batch, keepalive) {
  try {
    return await fetch(ADDRESS, {
      method: "POST",
      keepalive,
      headers: { "Content-Type": "application/json", ...headers() },
      body: JSON.stringify({ events: batch.map(([, event]) => event) }),
    });
  } catch {
    return undefined; // not reached, or left before the answer
  }
}

/* Removes what was acknowledged, and returns the time until the next batch. A malformed
   batch (400) would stay malformed: it is acknowledged, too. */
function settle(answer, batch) {
  if (answer?.ok || answer?.status === 400) {
    queue.remove(batch);
    failures = 0;
    return INTERVAL;
  }
  stopped = answer?.status === OTHER_USER;
  failures += 1;
  const asked = 1000 * (Number(answer?.headers.get("Retry-After")) || 0);
  return Math.max(asked, Math.min(MAX_PAUSE, INTERVAL * 2 ** (failures - 1)));
}

/** Send queued events. With `last`, the request completes even if the page closes. */
export async function flush({ last = false } = {}) {
  clearTimeout(timer);
  timer = undefined;
  if (stopped || (sending && !last)) return;
  const batch = last ? newest() : queue.first(BATCH_SIZE);
  if (!batch.length) return;
  sending = true;
  if (last) for (const [, { id }] of batch) leaving.add(id);
  const pause = settle(await post(batch, last), batch);
  for (const [, { id }] of batch) leaving.delete(id);
  sending = false;
  schedule(pause);
}

function newest() {
  return queue.last(KEEPALIVE_BATCH_SIZE).filter(([, { id }]) => !leaving.has(id));
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") flush({ last: true });
});
addEventListener("pagehide", () => flush({ last: true }));
addEventListener("online", () => flush());
schedule();
