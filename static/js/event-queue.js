/* Events that the server has not acknowledged. They are stored in the browser too, so that
   they outlive the page: the next page sends what this one could not. */

const PREFIX = "event:";
const MAX_AGE = 6 * 24 * 3600 * 1000; // ms; the server takes events of the last 7 days
const MAX_STORED = 500;

/* Storage may be full, or forbidden by the browser's settings: then the page alone keeps
   its events. */
function attempt(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function storedKeys() {
  return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
}

function read(key) {
  return attempt(() => JSON.parse(localStorage.getItem(key)));
}

export class EventQueue {
  /* `user` is the key of the person whose events these are; empty for visitors. */
  constructor(user) {
    this.user = user;
    this.events = new Map();
    for (const key of attempt(storedKeys) ?? []) this.adopt(key);
  }

  /* Takes over an event of an earlier page: of the same person, or of the visitor who has
     logged in since. Those of other people wait for their pages. */
  adopt(key) {
    const { event, user } = read(key) ?? {};
    if (!event || Date.now() - Date.parse(event.at) > MAX_AGE) {
      attempt(() => localStorage.removeItem(key));
    } else if (!user || user === this.user) {
      this.events.set(key.slice(PREFIX.length), event);
    }
  }

  get size() {
    return this.events.size;
  }

  /* Adds an event. It replaces the one with the same `key`. */
  put(key, event) {
    this.events.delete(key);
    this.events.set(key, event);
    attempt(() => {
      if (storedKeys().length >= MAX_STORED) return;
      localStorage.setItem(PREFIX + key, JSON.stringify({ event, user: this.user }));
    });
  }

  /* The oldest events, as pairs of key and event. */
  first(count) {
    return [...this.events].slice(0, count);
  }

  /* The newest ones, for when there is no time for all. */
  last(count) {
    return [...this.events].slice(-count);
  }

  /* Forgets acknowledged events, unless a newer one has the key by now. */
  remove(batch) {
    for (const [key, { id }] of batch) {
      if (this.events.get(key)?.id === id) this.events.delete(key);
      const stored = read(PREFIX + key);
      if (stored?.event?.id === id) attempt(() => localStorage.removeItem(PREFIX + key));
    }
  }
}
