/* The two dialogs of every page: #dialog shows what htmx loads into it, #confirm asks
   before `hx-confirm` requests and `data-confirm` forms. */

function ask(question, action) {
  const dialog = document.getElementById("confirm");
  dialog.querySelector("#confirm-question").textContent = question;
  dialog.querySelector("[data-confirm-yes]").textContent = action ?? "Yes";
  dialog.returnValue = "cancel";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), {
      once: true,
    });
  });
}

async function confirmRequest(event) {
  if (!event.detail.question) return;
  event.preventDefault();
  const { question, elt, issueRequest } = event.detail;
  if (await ask(question, elt.dataset.confirmAction)) issueRequest(true);
}

async function confirmForm(event) {
  const form = event.target;
  if (!form.dataset.confirm || form.dataset.confirmed) return;
  event.preventDefault();
  if (await ask(form.dataset.confirm, form.dataset.confirmAction)) {
    form.dataset.confirmed = "yes";
    form.requestSubmit(event.submitter);
  }
}

export function startDialogs() {
  const dialog = document.getElementById("dialog");
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== dialog) return;
    if (!dialog.open) dialog.showModal();
    dialog.querySelector('[aria-invalid="true"]')?.focus();
  });
  document.addEventListener("htmx:confirm", confirmRequest);
  document.addEventListener("submit", confirmForm);
  document.addEventListener("click", (event) => {
    const onBackdrop = event.target.matches("dialog[open]");
    if (onBackdrop || event.target.closest("[data-dialog-close]")) {
      event.target.closest("dialog").close();
    }
  });
}
