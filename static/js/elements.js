/** Call `start` once for each element that matches `selector`: those of the page, and those
    that htmx brings later. */
export function startEach(selector, start) {
  const started = new WeakSet();
  function look() {
    for (const element of document.querySelectorAll(selector)) {
      if (started.has(element)) continue;
      started.add(element);
      start(element);
    }
  }
  look();
  document.addEventListener("htmx:load", look);
}
