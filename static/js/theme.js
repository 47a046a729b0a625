/* The theme: the system's, or the user's choice in a cookie. The server reads the cookie,
   so that the page has the right theme at once. */

const YEAR = 31536000;

function apply(value) {
  const root = document.documentElement;
  if (value === "system") delete root.dataset.theme;
  else root.dataset.theme = value;
  for (const button of document.querySelectorAll("[data-theme-value]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeValue === value));
  }
}

export function startTheme() {
  apply(document.documentElement.dataset.theme ?? "system");
  for (const group of document.querySelectorAll("[data-theme-choice]")) {
    group.hidden = false;
  }
  document.addEventListener("click", (event) => {
    const value = event.target.closest("[data-theme-value]")?.dataset.themeValue;
    if (!value) return;
    const age = value === "system" ? 0 : YEAR;
    document.cookie = `theme=${value}; path=/; max-age=${age}; samesite=lax`;
    apply(value);
  });
}
