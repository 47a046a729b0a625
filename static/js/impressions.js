/* Records impressions (cards that were on the screen) and clicks. */

import { startEach } from "./elements.js";
import { flush, record } from "./events.js";

const SHOWN_FOR = 800; // ms with at least half of the card in view

const timers = new WeakMap();

function describe(card) {
  const { videoId, feedId, position, source } = card.dataset;
  return {
    video_id: videoId,
    feed_id: feedId,
    feed_position: Number(position),
    source,
  };
}

const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      clearTimeout(timers.get(target));
      if (!isIntersecting) continue;
      timers.set(
        target,
        setTimeout(() => {
          observer.unobserve(target);
          record({ type: "impression", ...describe(target) });
        }, SHOWN_FOR),
      );
    }
  },
  { threshold: 0.5 },
);

/* Records a click, and stores the feed and position for the player's watch events. */
function recordClick(event) {
  const card = event.target.closest("a")?.closest("[data-feed-id]");
  if (!card) return;
  const shown = describe(card);
  record({ type: "click", ...shown });
  sessionStorage.setItem(`feed:${shown.video_id}`, JSON.stringify(shown));
  flush({ last: true });
}

export function startImpressions() {
  startEach("[data-feed-id]", (card) => observer.observe(card));
  document.addEventListener("click", recordClick);
}
