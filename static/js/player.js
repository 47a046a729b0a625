/* The player: goes on where the viewer stopped, and reports what was really watched. */

import { flush, newId, record } from "./events.js";

const REPORT_EVERY = 5000; // ms of playing

/* Seconds of the video that were played, each counted once however often it was. */
function playedSeconds({ played }) {
  let total = 0;
  for (let i = 0; i < played.length; i += 1) total += played.end(i) - played.start(i);
  return total;
}

function foundIn(videoId) {
  try {
    return JSON.parse(sessionStorage.getItem(`feed:${videoId}`)) ?? {};
  } catch {
    return {};
  }
}

function start(video) {
  const { videoId, startAt } = video.dataset;
  const sessionId = newId();
  const { feed_id = null, feed_position = null } = foundIn(videoId);
  let reported = 0;

  function report(force) {
    const seconds = playedSeconds(video);
    if (!seconds || !(video.duration > 0) || !Number.isFinite(video.duration)) return;
    const now = Date.now();
    if (!force && now - reported < REPORT_EVERY) return;
    reported = now;
    record(
      {
        type: "watch",
        video_id: videoId,
        session_id: sessionId,
        fraction: Math.min(1, seconds / video.duration),
        seconds,
        position: video.currentTime,
        feed_id,
        feed_position,
      },
      `watch:${sessionId}`,
    );
  }

  function goOn() {
    const at = Number(startAt);
    if (at > 0 && at < video.duration) video.currentTime = at;
  }

  if (video.readyState >= 1) goOn();
  else video.addEventListener("loadedmetadata", goOn, { once: true });
  video.addEventListener("timeupdate", () => report(false));
  for (const moment of ["pause", "ended"]) {
    video.addEventListener(moment, () => {
      report(true);
      flush();
    });
  }
  // Registered before those of events.js fire on the window: the last word is included.
  document.addEventListener("visibilitychange", () => report(true), { capture: true });
  addEventListener("pagehide", () => report(true), { capture: true });
}

/* What cannot be played here can be opened where it is. */
function offerLink(video) {
  const link = document.createElement("a");
  link.className = "button button--primary";
  link.href = video.dataset.external;
  link.rel = "noopener nofollow";
  link.textContent = "Watch it where it is";
  const message = document.createElement("div");
  message.className = "player__message";
  message.append(link);
  video.closest(".player").replaceChildren(message);
}

const video = document.getElementById("player");
if (video) {
  video.controls = false; // media-chrome's take their place
  start(video);
  if (video.dataset.external) {
    // It may have failed before this script came.
    if (video.error) offerLink(video);
    else video.addEventListener("error", () => offerLink(video), { once: true });
  }
}
