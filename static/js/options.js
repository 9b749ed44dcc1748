// The option editor: the catalogue is searched by code, name or purpose; each value gets the inputs of its kind.
// The text field of a row stays what the form sends, so that the form is the same without this script.
import { $, $$, element } from "./dom.js";
import { markWrong, widget } from "./widgets.js";

const editor = $("[data-options]");
const words = JSON.parse(editor.dataset.words);
const catalogue = await (await fetch("/options/catalogue")).json();
const settable = catalogue.filter((option) => option.settable && option.space === "dhcp4");
const SHOWN = 60;
const find = (name) => settable.find((option) => option.name === name || String(option.code) === name);
let numbered = 0;

function written(value) {
  if (value === "" || (Array.isArray(value) && !value.length)) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Return the value of a text that `written` wrote, or that somebody typed: a form may have been filled again. */
function read(text, option) {
  if (typeof option?.example === "string") return text;
  if (text === "yes" || text === "no") return text === "yes";
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Give the row the inputs of its option's kind; keep the text where none can show the value. */
function dress(row, value) {
  const plain = $("[name=value]", row);
  const option = find($("[name=option]", row).value.trim());
  $(".widget", row)?.remove();
  row.made = null;
  plain.hidden = false;
  plain.dataset.label ??= plain.getAttribute("aria-label");
  plain.setAttribute("aria-label", plain.dataset.label);
  $("[data-about]", row).textContent = option ? `${option.code} · ${option.told ?? ""}` : "";
  if (!option) return;
  try {
    row.made = widget({ kind: option.kind, example: option.example, label: plain.dataset.label, words, catalogue }, value);
  } catch {
    return;
  }
  const place = element("div", { class: "widget" }, row.made.node);
  plain.hidden = true;
  plain.removeAttribute("aria-label");
  plain.after(place);
  if (plain.getAttribute("aria-invalid")) markWrong(place, plain.getAttribute("aria-describedby"));
}

function store(row) {
  if (row.made) $("[name=value]", row).value = written(row.made.read());
}

/** A list under the name's field that is searched while typing. */
function picker(row) {
  const field = $("[name=option]", row);
  const id = `options-${numbered += 1}`;
  const box = element("ul", { class: "picker", role: "listbox", id, hidden: "", "aria-label": words.options });
  for (const [name, value] of [["role", "combobox"], ["aria-controls", id], ["aria-expanded", "false"], ["aria-autocomplete", "list"]]) field.setAttribute(name, value);
  field.removeAttribute("list");
  field.after(box);
  let at = -1;
  const items = () => [...box.children];
  const point = (n) => {
    at = n;
    items().forEach((item, m) => item.setAttribute("aria-selected", String(m === at)));
    if (items()[at]) {
      items()[at].scrollIntoView({ block: "nearest" });
      field.setAttribute("aria-activedescendant", items()[at].id);
    } else field.removeAttribute("aria-activedescendant");
  };
  const close = () => { box.hidden = true; field.setAttribute("aria-expanded", "false"); point(-1); };
  const take = (option) => {
    field.value = option.name;
    close();
    dress(row);
    row.dispatchEvent(new Event("input", { bubbles: true }));
    $(".widget input, .widget select, [name=value]:not([hidden])", row)?.focus();
  };
  const open = () => {
    const wanted = field.value.trim().toLowerCase();
    const fits = (option) => !wanted || String(option.code) === wanted || `${option.name} ${option.description} ${option.told ?? ""}`.toLowerCase().includes(wanted);
    const found = settable.filter(fits).sort((a, b) => (String(b.code) === wanted) - (String(a.code) === wanted)).slice(0, SHOWN);
    box.replaceChildren(...found.map((option, n) => {
      const item = element("li", { role: "option", id: `${id}-${n}`, "aria-selected": "false" }, element("span", { class: "picker-code" }, String(option.code)), element("b", {}, option.name), element("small", {}, option.told ?? ""));
      item.addEventListener("pointerdown", (event) => { event.preventDefault(); take(option); });
      return item;
    }));
    box.hidden = !found.length;
    field.setAttribute("aria-expanded", String(!box.hidden));
    point(-1);
  };
  field.addEventListener("input", open);
  field.addEventListener("click", open);
  field.addEventListener("blur", close);
  field.addEventListener("change", () => { if (row.shown !== field.value) dress(row); row.shown = field.value; });
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (box.hidden) open();
      else point(Math.max(0, Math.min(items().length - 1, at + step)));
    } else if (event.key === "Enter" && !box.hidden) {
      event.preventDefault();
      const name = items()[Math.max(at, 0)]?.querySelector("b").textContent;
      if (name) take(find(name));
    } else if (event.key === "Escape" && !box.hidden) {
      event.stopPropagation();
      close();
    }
  });
  // Whoever was quicker than the catalogue sees what fits as soon as it is there.
  if (document.activeElement === field && field.value && field.value !== field.defaultValue) open();
  if (field.dataset.entered && !box.hidden) take(find(items()[0].querySelector("b").textContent));
}

function start(row) {
  picker(row);
  row.shown = $("[name=option]", row).value;
  const text = $("[name=value]", row).value;
  dress(row, row.dataset.value ? JSON.parse(row.dataset.value) : text ? read(text, find(row.shown)) : undefined);
}

for (const row of $$(".option-row", editor)) start(row);
editor.addEventListener("input", (event) => { const row = event.target.closest(".option-row"); if (row) store(row); });
editor.addEventListener("change", (event) => { const row = event.target.closest(".option-row"); if (row) store(row); });
editor.addEventListener("row-added", (event) => {
  const row = event.target;
  for (const part of $$(".picker, .widget, .option-problem", row)) part.remove();
  for (const field of $$("[aria-invalid]", row)) { field.removeAttribute("aria-invalid"); field.classList.remove("is-invalid"); }
  delete row.dataset.value;
  const n = $$(".option-row", editor).length;
  const plain = $("[name=value]", row);
  plain.setAttribute("aria-label", plain.dataset.label ?? plain.getAttribute("aria-label"));
  delete plain.dataset.label;
  for (const field of $$("[aria-label]", row)) field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+/, n));
  start(row);
  $("[name=option]", row).focus();
});
editor.closest("form").addEventListener("submit", () => { for (const row of $$(".option-row", editor)) store(row); }, { capture: true });
