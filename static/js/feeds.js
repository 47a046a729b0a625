/* Lists of videos: after "Load more", focuses the first new item and announces how many
   were added. Marks the chosen filter. */

let announcer;

function announce(text) {
  announcer.textContent = text;
}

function afterLoadMore(event) {
  const link = event.detail.elt;
  if (!link.matches?.("[data-load-more]")) return;
  const hadFocus = document.activeElement === link;
  const before = link.closest(".grid__more").previousElementSibling;
  const list = before.parentElement;
  const known = list.querySelectorAll("article").length;
  link.addEventListener(
    "htmx:afterRequest",
    (request) => {
      if (!request.detail.successful) return;
      announce(`${list.querySelectorAll("article").length - known} more videos`);
      if (hadFocus) before.nextElementSibling?.querySelector("h3 a")?.focus();
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
