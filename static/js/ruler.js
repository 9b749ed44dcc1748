// The subnet as a ruler: drag to choose a pool's range; the fields stay the truth.
import { $, element } from "./dom.js";

const ruler = $("[data-ruler]");
const start = $("[name=start]");
const end = $("[name=end]");
const kind = $("[name=kind]");
const SPACE = "http://www.w3.org/2000/svg";
const WIDTH = 1000;

const number = (text) => text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const address = (n) => [24, 16, 8, 0].map((bits) => Math.floor(n / 2 ** bits) % 256).join(".");
const valid = (text) => /^(\d{1,3}\.){3}\d{1,3}$/.test(text.trim());
const first = number(ruler.dataset.first);
const last = number(ruler.dataset.last);
const others = ruler.dataset.others.trim().split(/\s+/).filter(Boolean).map((text) => text.split("-")).map(([a, b, kind]) => [number(a), number(b), kind]);
const x = (n) => ((n - first) / (last - first + 1)) * WIDTH;

function shape(tag, attributes) {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  ruler.append(made);
  return made;
}

function paint() {
  ruler.replaceChildren();
  ruler.setAttribute("viewBox", `0 0 ${WIDTH} 54`);
  ruler.setAttribute("preserveAspectRatio", "none");
  shape("rect", { class: "base", x: 0, y: 8, width: WIDTH, height: 30, rx: 4 });
  for (const [a, b, kind] of others) shape("rect", { class: `other ${kind}`, x: x(a), y: 8, width: Math.max(2, x(b + 1) - x(a)), height: 30 });
  if (!valid(start.value) || !valid(end.value)) return;
  const [a, b] = [number(start.value), number(end.value)];
  const bad = a > b || a < first || b > last || others.some(([c, d, sort]) => sort === kind.value && a <= d && b >= c);
  shape("rect", { class: `mine${bad ? " bad" : ""}`, x: x(a), y: 4, width: Math.max(3, x(b + 1) - x(a)), height: 38, rx: 3 });
}

function at(event) {
  const box = ruler.getBoundingClientRect();
  const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  return Math.min(last, first + Math.floor(share * (last - first + 1)));
}

let from = null;
ruler.addEventListener("pointerdown", (event) => { from = at(event); ruler.setPointerCapture(event.pointerId); });
ruler.addEventListener("pointermove", (event) => {
  if (from === null) return;
  const to = at(event);
  start.value = address(Math.min(from, to));
  end.value = address(Math.max(from, to));
  paint();
});
ruler.addEventListener("pointerup", () => {
  if (from === null) return;
  from = null;
  start.dispatchEvent(new Event("input", { bubbles: true }));
});
for (const field of [start, end, kind]) field.addEventListener("input", paint);
paint();
