// What was typed outlives the session: a form that was not taken in is filled again when somebody who signed in is back.
import { $, $$, say } from "./dom.js";

const KEY = "draft";
const KEPT_MS = 15 * 60 * 1000;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("form[data-guard]")) return;
  const left = new Set(["csrf_token", ...$$("[type=password]", form).map((field) => field.name)]);
  const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !left.has(name));
  sessionStorage.setItem(KEY, JSON.stringify({ page: location.pathname + location.search, fields, at: Date.now() }));
});

function put(field, values) {
  if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
  else if (field.multiple) for (const option of field.options) option.selected = values.includes(option.value);
  else if (values.length) field.value = values.shift();
}

/** Make as many rows as there were: a button of the form makes one more like the last. */
function grow(form, name, count) {
  const fields = () => $$(`[name="${CSS.escape(name)}"]`, form);
  const button = $$("[data-add-row]", form).find((each) => fields().at(-1)?.closest(each.dataset.addRow));
  for (let made = fields().length; button && made < count; made += 1) button.click();
}

function restore(form, sent) {
  const values = new Map();
  for (const [name, value] of sent) values.set(name, [...(values.get(name) ?? []), value]);
  for (const [name, all] of values) grow(form, name, all.length);
  for (const field of form.elements) {
    if (field.name && field.name !== "csrf_token" && field.type !== "password") put(field, values.get(field.name) ?? []);
  }
  form.dataset.dirty = "1";
}

/** A draft lives over the sign-in and over the page that says why the form was not taken in; any other ends it. */
function resume() {
  const draft = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  if (!draft) return;
  if ($("[data-not-taken]")) {
    sessionStorage.setItem(KEY, JSON.stringify({ ...draft, lost: true }));
    return;
  }
  sessionStorage.removeItem(KEY);
  const form = $("form[data-guard]");
  if (!draft.lost || !form || Date.now() - draft.at > KEPT_MS || draft.page !== location.pathname + location.search) return;
  restore(form, draft.fields);
  say(document.body.dataset.restored);
}

resume();
