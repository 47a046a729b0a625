/* Lists of videos, people and comments: after "Load more", focuses the first new item and
   announces how many were added. Marks the chosen filter. */

let announcer;

function announce(text) {
  announcer.textContent = text;
}

function entries(list) {
  return list.querySelectorAll("article, .people > li:not(.grid__more)").length;
}

function afterLoadMore(event) {
  const link = event.detail.elt;
  if (!link.matches?.("[data-load-more]")) return;
  const hadFocus = document.activeElement === link;
  const before = link.closest(".grid__more").previousElementSibling;
  const list = before.parentElement;
  const known = entries(list);
  link.addEventListener(
    "htmx:afterRequest",
    (request) => {
      if (!request.detail.successful) return;
      announce(`${entries(list) - known} more ${link.dataset.loadMore || "videos"}`);
      if (hadFocus) {
        before.nextElementSibling?.querySelector('a[href]:not([tabindex="-1"])')?.focus();
      }
    },
    { once: true },
  );
}

function markChip(event) {
  const sent = event.detail.requestConfig?.triggeringEvent?.submitter;
  const chosen = sent ?? event.detail.elt;
  const chips = chosen.closest?.("[data-chips]");
  if (!chips || !event.detail.successful) return;
  chips.querySelector("[aria-current]")?.removeAttribute("aria-current");
  chosen.setAttribute("aria-current", "true");
  announce("The list was updated");
}

export function startFeeds() {
  announcer = document.createElement("p");
  announcer.className = "visually-hidden";
  announcer.setAttribute("role", "status");
  document.body.append(announcer);
  document.addEventListener("htmx:beforeRequest", afterLoadMore);
  document.addEventListener("htmx:afterRequest", markChip);
}
