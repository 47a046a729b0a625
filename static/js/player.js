/* The player: resumes where the viewer stopped and reports the watch time. */

import { startEach } from "./elements.js";
import { flush, newId, record } from "./events.js";

const REPORT_EVERY = 5000; // ms of playing
const SESSION_GAP = 30 * 60 * 1000; // ms

/* Seconds of the video that were played; replayed parts count once. */
function playedSeconds({ played }) {
  let total = 0;
  for (let i = 0; i < played.length; i += 1) total += played.end(i) - played.start(i);
  return total;
}

function feedContext(videoId) {
  try {
    return JSON.parse(sessionStorage.getItem(`feed:${videoId}`)) ?? {};
  } catch {
    return {};
  }
}

/* The id of the viewing session, the same after a reload within `SESSION_GAP`. */
function sessionOf(videoId) {
  const name = `session:${videoId}`;
  try {
    const { id = newId(), at = 0 } = JSON.parse(sessionStorage.getItem(name)) ?? {};
    const session = { id: Date.now() - at < SESSION_GAP ? id : newId(), at: Date.now() };
    sessionStorage.setItem(name, JSON.stringify(session));
    return session.id;
  } catch {
    return newId();
  }
}

function reportWatching(video) {
  const { videoId, startAt } = video.dataset;
  const sessionId = sessionOf(videoId);
  const { feed_id = null, feed_position = null } = feedContext(videoId);
  let reported = 0;
  let known; // what the last report said

  function report(force) {
    const seconds = playedSeconds(video);
    if (!seconds || !(video.duration > 0) || !Number.isFinite(video.duration)) return;
    const now = Date.now();
    const state = `${seconds} ${video.currentTime}`;
    if (state === known || (!force && now - reported < REPORT_EVERY)) return;
    known = state;
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

  function resume() {
    const at = Number(startAt);
    if (at > 0 && at < video.duration) video.currentTime = at;
  }

  if (video.readyState >= 1) resume();
  else video.addEventListener("loadedmetadata", resume, { once: true });
  video.addEventListener("timeupdate", () => report(false));
  for (const moment of ["pause", "ended"]) {
    video.addEventListener(moment, () => {
      report(true);
      flush();
    });
  }
  // These run before the listeners of events.js, so that the last report is sent too.
  document.addEventListener("visibilitychange", () => report(true), { capture: true });
  addEventListener("pagehide", () => report(true), { capture: true });
}

/* Replaces the player with a link to a video that the browser cannot play here. */
function offerLink(video) {
  const link = document.createElement("a");
  link.className = "button button--primary";
  link.href = video.dataset.external;
  link.rel = "noopener nofollow";
  link.textContent = "Watch on the original site";
  const message = document.createElement("div");
  message.className = "player__message";
  message.append(link);
  const stage = video.closest(".player");
  stage.replaceChildren(stage.querySelector(".player__shape"), message);
}

/* The server does not know the shape of videos on other sites. */
function fitStage({ videoWidth, videoHeight }, shape) {
  if (videoWidth) shape.setAttribute("viewBox", `0 0 ${videoWidth} ${videoHeight}`);
}

/* The name of a button contains its text, such as "1.5x" (WCAG 2.5.3). */
function nameRate(video, button) {
  button.setAttribute("aria-label", `Playback rate ${video.playbackRate}x`);
}

function startPlayer(video) {
  video.controls = false; // replaced by media-chrome
  reportWatching(video);
  const shape = video.closest(".player").querySelector(".player__shape");
  fitStage(video, shape);
  video.addEventListener("loadedmetadata", () => fitStage(video, shape));
  const rate = video.closest(".player").querySelector("media-playback-rate-button");
  nameRate(video, rate);
  video.addEventListener("ratechange", () => setTimeout(nameRate, 0, video, rate));
  if (!video.dataset.external) return;
  // The video may have failed before this script ran.
  if (video.error) offerLink(video);
  else video.addEventListener("error", () => offerLink(video), { once: true });
}

startEach("video[data-video-id]", startPlayer);
