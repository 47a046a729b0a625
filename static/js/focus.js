/* Keeps the focus where the work is when htmx replaces or removes what has it. htmx itself
   keeps it on an element with the same id and moves it to [autofocus]; the rest is here:
   the next entry of the list, or the heading of what replaced the old content. */

const SETTLED = 100; // ms after the swap
const PLACES = 'h2, a[href]:not([tabindex="-1"]), button:not([disabled]), summary';

/* Where `element` is, to find what takes its place. */
function placeOf(element) {
  const parent = element.parentElement;
  return { element, parent, index: [...parent.children].indexOf(element) };
}

function regions({ element, parent, index }) {
  const after = element.isConnected ? element : parent.children[index];
  return [after, parent.children[index - 1]].filter(Boolean);
}

function focusIn(region) {
  const place = region.matches(PLACES) ? region : region.querySelector(PLACES);
  if (!place) return false;
  if (place.matches("h2")) place.tabIndex = -1;
  place.focus();
  return document.activeElement === place;
}

function restore(places) {
  if (document.activeElement !== document.body) return;
  const lasting = places.filter(({ parent }) => parent.isConnected);
  if (lasting.flatMap(regions).some(focusIn)) return;
  document.getElementById("content").focus();
}

function beforeSwap({ detail: { target } }) {
  const { activeElement } = document;
  if (activeElement === document.body || !target.contains(activeElement)) return;
  const places = [];
  for (let at = target; at?.closest("main") && at.id !== "content"; at = at.parentElement) {
    places.push(placeOf(at));
  }
  setTimeout(restore, SETTLED, places);
}

export function startFocus() {
  document.addEventListener("htmx:beforeSwap", beforeSwap);
}
