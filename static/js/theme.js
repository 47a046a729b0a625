/* The theme: the system's, or the user's choice in a cookie. The server reads the cookie,
   so that the page has the right theme at once. */

import { startEach } from "./elements.js";

const YEAR = 31536000;

function current() {
  return document.documentElement.dataset.theme ?? "system";
}

function apply(value) {
  const root = document.documentElement;
  if (value === "system") delete root.dataset.theme;
  else root.dataset.theme = value;
  for (const button of document.querySelectorAll("[data-theme-value]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeValue === value));
  }
}

export function startTheme() {
  startEach("[data-theme-choice]", (group) => {
    group.hidden = false;
    apply(current());
  });
  document.addEventListener("click", (event) => {
    const value = event.target.closest("[data-theme-value]")?.dataset.themeValue;
    if (!value) return;
    const age = value === "system" ? 0 : YEAR;
    document.cookie = `theme=${value}; path=/; max-age=${age}; samesite=lax`;
    apply(value);
  });
}
