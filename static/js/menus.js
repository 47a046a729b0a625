/* Menus and popovers are <details> elements. Closes them on Escape, on a click elsewhere
   and when another one opens. Also copies links. */

import { showToast } from "./toasts.js";

const OPEN = "details.menu[open], details.why[open]";

function closeOthers(keep) {
  for (const details of document.querySelectorAll(OPEN)) {
    if (details !== keep) details.open = false;
  }
}

async function copyAddress(path) {
  try {
    await navigator.clipboard.writeText(new URL(path, location.href).href);
    showToast("Link copied.", { level: "success" });
  } catch {
    showToast("The link could not be copied.", { level: "error" });
  }
}

export function startMenus() {
  document.addEventListener("click", (event) => {
    closeOthers(event.target.closest("details.menu, details.why"));
    if (event.target.closest(".menu__item:not([data-theme-value])")) closeOthers();
    const copied = event.target.closest("[data-copy]");
    if (copied) copyAddress(copied.dataset.copy);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.activeElement?.closest(OPEN);
    closeOthers();
    open?.querySelector("summary").focus();
  });
}
