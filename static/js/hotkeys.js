/* The player's keys work on the whole page: space and k play and pause, j and l and the
   arrows seek, m mutes, f fills the screen. Not while something else has its own use for
   the key, nor for people who turned them off (WCAG 2.1.4): a choice in the menu. */

import { startEach } from "./elements.js";

const SETTING = "no-hotkeys";
const ONCE = [" ", "k", "m", "f"]; // held down, these count once
const KEYS = [...ONCE, "j", "l", "ArrowLeft", "ArrowRight"];
const TYPING = "input, textarea, select, [contenteditable], dialog, .player";
const PRESSED = "a, button, summary, [tabindex]:not([tabindex='-1'])";

function areOff() {
  return localStorage.getItem(SETTING) !== null;
}

function isTaken({ key, target }) {
  if (target.closest(TYPING) || document.querySelector("dialog[open]")) return true;
  const isLetter = key.length === 1 && key !== " ";
  return !isLetter && target.closest(PRESSED) !== null;
}

function press(event) {
  const controller = document.querySelector(".player media-controller");
  const modified = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;
  if (!controller || modified || event.defaultPrevented) return;
  if (!KEYS.includes(event.key) || isTaken(event) || areOff()) return;
  event.preventDefault();
  if (event.repeat && ONCE.includes(event.key)) return;
  controller.keyboardShortcutHandler(event);
}

function showChoice(button) {
  button.setAttribute("aria-pressed", String(!areOff()));
}

export function startHotkeys() {
  document.addEventListener("keydown", press);
  startEach("[data-hotkeys-choice]", (button) => {
    showChoice(button);
    button.addEventListener("click", () => {
      if (areOff()) localStorage.removeItem(SETTING);
      else localStorage.setItem(SETTING, "yes");
      showChoice(button);
    });
  });
}
