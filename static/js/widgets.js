// Typed inputs for the value of an option: lists, routes, numbers, switches, objects, and sub-options as a tree.
// Each widget is { node, read() }; `read` returns the value as JSON has it. What a widget cannot show is left as text.
import { $$, element } from "./dom.js";

const WORDS = new Set(["ips", "ips-or-none", "domains", "plain-domains", "sip-servers"]);
const BOUNDS = { u8: [0, 255], u16: [0, 65535], u32: [0, 4294967295], s8: [-128, 127], s16: [-32768, 32767], s32: [-2147483648, 2147483647] };

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

function input(label, value, attributes = {}) {
  return element("input", { class: "form-control", "aria-label": label, autocomplete: "off", spellcheck: "false", value: value ?? "", ...attributes });
}

function remover(words, label, row) {
  const button = element("button", { type: "button", class: "btn btn-icon btn-sm btn-ghost-secondary", "aria-label": `${words.remove}: ${label}`, title: words.remove }, "×");
  button.addEventListener("click", () => {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    const rows = row.parentElement;
    row.remove();
    next?.querySelector("input, select, button")?.focus();
    rows.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return button;
}

function text(context, value) {
  const node = input(context.label, value, { placeholder: typeof context.example === "string" ? context.example : "" });
  return { node, read: () => node.value.trim() };
}

function number(context, value) {
  const [min, max] = BOUNDS[context.kind] ?? ["", ""];
  const node = input(context.label, value, { type: "number", min, max, placeholder: String(context.example) });
  return { node, read: () => (node.value === "" ? "" : Number(node.value)) };
}

function flag(context, value) {
  const node = element("select", { class: "form-select", "aria-label": context.label });
  const choices = context.kind === "empty" ? [["true", context.words.yes]] : [["", "–"], ["true", context.words.yes], ["false", context.words.no]];
  for (const [key, name] of choices) node.append(element("option", { value: key }, name));
  node.value = value === true ? "true" : value === false ? "false" : choices[0][0];
  return { node, read: () => (node.value === "" ? "" : node.value === "true") };
}

/** A list of equal parts, each with a button to take it away. */
function list(context, values, make, plain = false) {
  const node = element("div", { class: "widget-list" });
  const rows = element("div", { class: "widget-rows" });
  const add = (value) => {
    const label = rows.children.length ? `${context.label}, ${rows.children.length + 1}` : context.label;
    const row = element("div", { class: "widget-row" });
    const part = make({ ...context, label }, value);
    row.made = part;
    row.append(part.node, remover(context.words, label, row));
    rows.append(row);
    return part;
  };
  const more = element("button", { type: "button", class: "btn btn-sm widget-more" }, `+ ${context.words.add}`);
  more.addEventListener("click", () => {
    const node = add().node;
    (node.matches("input, select") ? node : node.querySelector("input, select"))?.focus();
  });
  for (const value of values.length ? values : [undefined]) add(value);
  node.append(rows, more);
  const parts = () => [...rows.children].map((row) => row.made.read());
  const read = () => (plain ? parts().flatMap((value) => String(value).split(/[\s,]+/)) : parts()).filter((value) => value !== "" && value !== null);
  return { node, read };
}

/** Several named parts side by side; nothing typed in any of them is nothing at all. */
function fields(context, value, shape) {
  const node = element("div", { class: "widget-fields" });
  const parts = Object.entries(shape).map(([name, example]) => {
    const part = widget({ ...context, label: `${context.label}: ${name}`, kind: "", example }, value?.[name]);
    node.append(element("div", { class: "widget-field" }, element("span", { class: "widget-name" }, name.replaceAll("-", " ")), part.node));
    return [name, part];
  });
  const isEmpty = (found) => found === "" || (Array.isArray(found) && !found.length);
  return { node, read: () => {
    const found = parts.map(([name, part]) => [name, part.read()]);
    return found.every(([, part]) => isEmpty(part)) ? "" : Object.fromEntries(found.filter(([, part]) => part !== ""));
  } };
}

function pair(context, value, [first, second], join) {
  const one = input(`${context.label}: ${first}`, value?.[0], { placeholder: first });
  const two = input(`${context.label}: ${second}`, value?.[1], { placeholder: second });
  const node = element("div", { class: "widget-pair" }, one, element("span", { class: "widget-join", "aria-hidden": "true" }, join), two);
  return { node, read: () => (one.value.trim() || two.value.trim() ? [one.value.trim(), two.value.trim()] : "") };
}

function routes(context, values) {
  const rows = values.map((route) => [route.destination, route.router]);
  const made = list(context, rows, (inner, value) => pair(inner, value, [context.words.destination, context.words.router], "→"));
  return { node: made.node, read: () => made.read().map(([destination, router]) => ({ destination, router })) };
}

/** Sub-options: rows of a choice and the value that fits it, inside their space. */
function tree(context, values, space) {
  const known = () => context.catalogue.filter((option) => option.space === space());
  const make = (inner, value) => {
    const options = known();
    const choice = options.length
      ? element("select", { class: "form-select", "aria-label": `${inner.label}: ${context.words.suboption}` }, element("option", { value: "" }, "–"), ...options.map((option) => element("option", { value: option.name }, `${option.code} ${option.name}`)))
      : input(`${inner.label}: ${context.words.suboption}`, "", { placeholder: context.words.suboption });
    const found = options.find((option) => option.name === value?.option || option.code === value?.option);
    choice.value = found?.name ?? value?.option ?? "";
    const place = element("div", { class: "widget-leaf" });
    let part = null;
    const show = (given) => {
      const option = options.find((other) => other.name === choice.value);
      part = widget({ ...inner, label: `${inner.label}: ${choice.value || context.words.value}`, kind: option?.kind ?? "", example: option?.example ?? "" }, given);
      place.replaceChildren(part.node);
    };
    choice.addEventListener("change", () => show());
    show(value?.value);
    return { node: element("div", { class: "widget-branch" }, choice, place), read: () => {
      const said = /^\d+$/.test(choice.value) ? Number(choice.value) : choice.value;
      return choice.value ? { option: said, value: part.read() } : "";
    } };
  };
  return list(context, values, make);
}

function spaced(context, value) {
  const spaces = [...new Set(context.catalogue.map((option) => option.space))].filter((space) => space !== "dhcp4" && !space.startsWith("vendor-"));
  const space = element("select", { class: "form-select", "aria-label": `${context.label}: ${context.words.space}` }, ...spaces.map((name) => element("option", { value: name }, name)));
  space.value = spaces.includes(value?.space) ? value.space : context.example?.space ?? spaces[0];
  const node = element("div", { class: "widget-tree" }, space);
  let inner = tree(context, value?.options ?? [], () => space.value);
  node.append(inner.node);
  space.addEventListener("change", () => {
    const next = tree(context, [], () => space.value);
    inner.node.replaceWith(next.node);
    inner = next;
  });
  return { node, read: () => {
    const options = inner.read();
    return options.length ? { space: space.value, options } : "";
  } };
}

function enterprises(context, values) {
  return list(context, values, (inner, value) => {
    const code = input(`${inner.label}: ${context.words.enterprise}`, value?.enterprise, { type: "number", min: 1, placeholder: context.words.enterprise });
    let options = tree(inner, value?.options ?? [], () => `vendor-${code.value}`);
    const node = element("div", { class: "widget-tree" }, code, options.node);
    code.addEventListener("change", () => {
      const next = tree(inner, options.read(), () => `vendor-${code.value}`);
      options.node.replaceWith(next.node);
      options = next;
    });
    return { node, read: () => (code.value ? { enterprise: Number(code.value), options: options.read() } : "") };
  });
}

/** Return the widget of a kind for a value; throws when the value is none that the widget could show. */
export function widget(context, value) {
  const { kind, example } = context;
  const missing = value === undefined || value === null || value === "";
  if (WORDS.has(kind)) return list(context, missing ? [] : typeof value === "string" ? value.split(/[\s,]+/) : need(Array.isArray(value), value), text0(example), true);
  if (kind === "routes") return routes(context, missing ? [] : need(Array.isArray(value) && value.every(isObject), value));
  if (kind === "ip-pairs") return list(context, missing ? [] : need(Array.isArray(value) && value.every(Array.isArray), value), (inner, part) => pair(inner, part, ["192.0.2.0", "192.0.2.1"], "–"));
  if (kind === "flag" || kind === "empty" || typeof example === "boolean") return flag(context, value);
  if (kind === "suboptions" && isObject(example) && example.options) return spaced(context, missing ? undefined : need(isObject(value), value));
  if (kind === "vendor-options") return enterprises(context, missing ? [] : need(Array.isArray(value), value));
  if (kind in BOUNDS || (typeof example === "number" && kind !== "duration")) return number(context, missing ? "" : need(Number.isFinite(value), value));
  if (Array.isArray(example)) return list(context, missing ? [] : need(Array.isArray(value), value), (inner, part) => widget({ ...inner, kind: "", example: example[0] ?? "" }, part));
  if (isObject(example)) return fields(context, missing ? undefined : need(isObject(value), value), example);
  return text(context, missing ? "" : need(typeof value !== "object", value));
}

const text0 = (example) => (inner, value) => text({ ...inner, example: Array.isArray(example) ? example[0] : "" }, value);

function need(fits, value) {
  if (!fits) throw new TypeError("not shown by this widget");
  return value;
}

/** Mark the widget's inputs as wrong. */
export function markWrong(node, by) {
  for (const field of $$("input, select", node)) {
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", by);
    field.classList.add("is-invalid");
  }
}
