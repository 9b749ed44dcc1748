// Small tools that the other modules share.
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
export const csrf = () => document.body.dataset.csrf ?? "";

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Fetch and read; null when the server has nothing, or the way to it breaks, also half-way. */
async function read(url, options, reading) {
  try {
    const answer = await fetch(url, options);
    return answer.ok && !answer.redirected ? await reading(answer) : null;
  } catch {
    return null;
  }
}

/** Fetch a fragment of HTML, or null. */
export const fragment = (url) => read(url, { headers: { "HX-Request": "true", "HX-Request-Type": "partial" } }, (answer) => answer.text());

/** Fetch JSON, or null. */
export const json = (url) => read(url, {}, (answer) => answer.json());

/** Put HTML from our own server into a place, and let htmx see it. */
export function fill(place, html) {
  place.innerHTML = html;
  window.htmx?.process(place);
}

export function ask(text, yes) {
  const dialog = $("#ask");
  $("#ask-text").textContent = text;
  if (yes) $("#ask-yes").textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true }));
}

export function say(text, tone = "ok") {
  if ($$("#toasts [data-toast]").some((note) => note.textContent === text)) return;
  const note = element("p", { class: `notice ${tone} toast-note`, "data-toast": "" }, text);
  $("#toasts")?.append(note);
  setTimeout(() => note.remove(), 6000);
}
