/* Short messages in the corner. Errors stay until dismissed. Others disappear after a
   while, but not while they have the pointer or the focus. */

const STAY = 6000;

function expire(toast) {
  if (toast.classList.contains("toast--error")) return;
  setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) expire(toast);
    else toast.remove();
  }, STAY);
}

/* Shows `text`. `level` is info, success, warning or error; `action` is an optional
   {label, run}. Reopening the popover places it above an open dialog. */
export function showToast(text, { level = "info", action } = {}) {
  const mould = document.getElementById("toast-mould");
  const toast = mould.content.firstElementChild.cloneNode(true);
  toast.classList.add(`toast--${level}`);
  toast.querySelector(".toast__text").textContent = text;
  if (action) {
    const button = toast.querySelector("[data-toast-action]");
    button.textContent = action.label;
    button.hidden = false;
    button.addEventListener("click", () => {
      toast.remove();
      action.run();
    });
  }
  const region = document.getElementById("toasts");
  region.append(toast);
  if (region.matches(":popover-open")) region.hidePopover();
  region.showPopover();
  expire(toast);
}

export function startToasts() {
  document.querySelectorAll("[data-toast]").forEach(expire);
  document.addEventListener("toast", (event) => {
    showToast(event.detail.text, event.detail);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-toast-close]")) {
      event.target.closest("[data-toast]").remove();
    }
  });
}
