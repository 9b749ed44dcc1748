// Forms: a question before what cannot be taken back lightly, no double save, a warning before typed text is lost.
import { $, $$, ask } from "./dom.js";

let asked = null;
document.addEventListener("submit", async (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (question && asked !== form) {
    event.preventDefault();
    const submitter = event.submitter;
    if (!(await ask(question, submitter?.textContent.trim()))) return;
    asked = form;
    form.requestSubmit(submitter);
    return;
  }
  asked = null;
  if (form.method === "post") {
    form.dataset.sent = "1";
    setTimeout(() => { for (const button of $$("button", form)) button.disabled = true; });
  }
});
window.addEventListener("pageshow", () => { for (const button of $$("form[data-sent] button")) button.disabled = false; });

for (const form of $$("form[data-guard]")) {
  form.addEventListener("input", () => { form.dataset.dirty = "1"; });
}
window.addEventListener("beforeunload", (event) => {
  if ($("form[data-dirty]:not([data-sent])")) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.closest?.("form[data-guard]")?.requestSubmit();
  // Enter chooses an option, also before the catalogue is there; it never sends the form half filled in.
  else if (event.key === "Enter" && event.target.matches?.("[data-options] [name=option]")) {
    event.preventDefault();
    event.target.dataset.entered = "1";
  }
});

$("[aria-invalid=true]")?.focus();
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add-row]");
  if (!button) return;
  const rows = $$(button.dataset.addRow);
  const copy = rows.at(-1).cloneNode(true);
  for (const input of $$("input", copy)) input.value = "";
  rows.at(-1).after(copy);
  $("input", copy)?.focus();
  copy.dispatchEvent(new Event("row-added", { bubbles: true }));
});
// A secret goes to the clipboard; where the browser has none (plain http), it is selected instead.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = $(button.dataset.copy);
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(source.textContent);
    button.classList.add("copied");
  } else getSelection().selectAllChildren(source);
});
