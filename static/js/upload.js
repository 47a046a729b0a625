/* The upload and edit forms: shows only the categories of chosen subjects, accepts a
   dropped file, checks it before the upload and shows the progress. */

import { startEach } from "./elements.js";
import { headers } from "./identity.js";
import { showToast } from "./toasts.js";

function showCategories(form) {
  const chosen = new Set(
    [...form.querySelectorAll('[name="parent_categories"]:checked')].map((box) => box.value),
  );
  for (const group of form.querySelectorAll("[data-parent]")) {
    const shown = chosen.has(group.dataset.parent);
    group.hidden = !shown;
    if (shown) continue;
    for (const box of group.querySelectorAll(":checked")) box.checked = false;
  }
}

function megabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 24 ? 1 : 0)} MB`;
}

/* Uses the file's name as the title if it has words, unlike IMG_0042. */
function suggestTitle(form, file) {
  const title = form.elements.title;
  const name = file.name.replace(/\.[^.]*$/, "").replace(/[_-]+/g, " ").trim();
  if (!title.value && /[a-z]{3}.*\s/i.test(name)) title.value = name.slice(0, 150);
}

function checkFile(form) {
  const [file] = form.elements.file.files;
  const error = form.querySelector("[data-file-error]");
  const tooLarge = file && file.size > Number(form.dataset.maxBytes);
  const problem = !file
    ? ""
    : tooLarge
      ? `This file is too large (${megabytes(file.size)}). The limit is ${megabytes(form.dataset.maxBytes)}.`
      : file.size === 0
        ? "This file is empty."
        : "";
  error.textContent = problem;
  error.hidden = !problem;
  if (!file) return false;
  form.querySelector("[data-chosen]").textContent = `${file.name} (${megabytes(file.size)})`;
  if (!problem) suggestTitle(form, file);
  return !problem;
}

/* Why an upload failed: a proxy's answer has a status, but nothing to read. */
function failure(status, file) {
  if (status === 413) {
    return `The server takes no upload as large as this one (${megabytes(file.size)}). Choose a smaller file.`;
  }
  if (status === 403) return "The server did not accept the form. Reload the page and try again.";
  if (status === 408 || status === 504) return "The upload took too long for the server.";
  if (status === 409) return "You are logged in with another account now. Reload the page.";
  if (status === 429) return "Too many uploads at once. Wait a few minutes.";
  if (status === 502 || status === 503) return "The server cannot be reached now. Wait a minute.";
  return `The upload failed (error ${status}).`;
}

function send(form) {
  const progress = form.querySelector("[data-progress]");
  const [bar, text] = progress.children;
  const button = form.querySelector(".form__actions button");
  const request = new XMLHttpRequest();
  progress.hidden = false;
  button.disabled = true;
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = (100 * loaded) / total;
    text.textContent =
      loaded < total ? `${megabytes(loaded)} of ${megabytes(total)}` : "Almost there…";
  });
  function again(message) {
    progress.hidden = true;
    button.disabled = false;
    showToast(message, { level: "error", action: { label: "Try again", run: () => send(form) } });
  }
  request.addEventListener("error", () => again("The upload was interrupted. Check your connection."));
  request.addEventListener("load", () => {
    if (request.status === 422) {
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      // A response cannot prefill a file input: show its errors and keep the chosen file.
      const chosen = form.elements.file.files;
      const fresh = page.querySelector("[data-upload]");
      form.replaceWith(fresh);
      fresh.elements.file.files = chosen;
      fresh.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true })); // starts it
      fresh.querySelector(".errorlist, .errors:not([hidden])")?.scrollIntoView({ block: "center" });
    } else if (request.status < 400) {
      location.assign(request.responseURL);
    } else {
      again(failure(request.status, form.elements.file.files[0]));
    }
  });
  request.open("POST", form.action || location.href);
  for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
  request.send(new FormData(form));
}

function startCategories(form) {
  showCategories(form);
  form.addEventListener("change", (event) => {
    if (event.target.name === "parent_categories") showCategories(form);
  });
}

function startUpload(form) {
  startCategories(form);
  const zone = form.querySelector(".dropzone");
  for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    zone.addEventListener(name, () => zone.toggleAttribute("data-over", over));
  }
  form.elements.file.addEventListener("change", () => checkFile(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (checkFile(form)) send(form);
    else form.elements.file.focus();
  });
  if (form.elements.file.files.length) checkFile(form);
}

startEach("form[data-upload]", startUpload);
startEach("form[data-categories]", startCategories);
