/* htmx requests: a loading bar while they run and a toast when they fail, but neither for
   elements with `data-background`, which poll. */

import { headers } from "./identity.js";
import { showToast } from "./toasts.js";

const REASONS = {
  403: "You do not have permission to do this. Reload the page or log in again.",
  404: "This no longer exists.",
  409: "You are logged in with another account now. Reload the page.",
  413: "The file is too large.",
  429: "Too many requests. Wait a moment, then try again.",
};

let running = 0;

function isBackground(event) {
  return event.detail.elt.hasAttribute("data-background");
}

function count(event, change) {
  if (isBackground(event)) return;
  running = Math.max(0, running + change);
  document.getElementById("loading-bar").toggleAttribute("data-active", running > 0);
}

function retry({ elt, requestConfig }) {
  return {
    label: "Try again",
    run: () =>
      htmx.ajax(requestConfig.verb, requestConfig.path, {
        source: elt,
        values: requestConfig.unfilteredParameters,
      }),
  };
}

function failed(event) {
  if (isBackground(event)) return;
  const { status = 0 } = event.detail.xhr;
  const known = REASONS[status];
  const text =
    known ??
    (status >= 500
      ? "Something went wrong on our side."
      : "The site could not be reached. Check your connection.");
  const action = known ? undefined : retry(event.detail);
  showToast(text, { level: "error", action });
}

/* When the session has expired, redirects to the login page and back. */
function redirectToLogin(event) {
  const login = document.body.dataset.loginUrl;
  const answered = new URL(event.detail.xhr.responseURL, location.href).pathname;
  if (answered !== login || event.detail.pathInfo.requestPath === login) return;
  event.detail.shouldSwap = false;
  const here = encodeURIComponent(location.pathname + location.search);
  location.assign(`${login}?next=${here}`);
}

export function startRequests() {
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.verb !== "get") Object.assign(detail.headers, headers());
  });
  document.addEventListener("htmx:beforeSend", (event) => count(event, 1));
  document.addEventListener("htmx:afterRequest", (event) => count(event, -1));
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:timeout", failed);
  document.addEventListener("htmx:beforeSwap", redirectToLogin);
}
