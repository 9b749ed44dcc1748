// The address grid: arrow keys, ranges by dragging or Shift, a drawer per address, live repainting.
import { $, $$, fill, fragment, json } from "./dom.js";

const grid = $("[data-grid]");
const cells = $$(".cell", grid);
const bar = $("[data-grid-bar]");
const names = new Map($$(".legend span").map((span) => [$("i", span).classList[1], span.textContent.trim()]));
let anchor = null;
let head = null;
let dragging = false;
let dragged = false;

const columns = () => getComputedStyle(grid).gridTemplateColumns.split(" ").length;

function choose(from, to) {
  anchor = from;
  head = to;
  const [a, b] = [Math.min(from, to), Math.max(from, to)];
  cells.forEach((cell, n) => {
    cell.classList.toggle("chosen", n >= a && n <= b);
    cell.setAttribute("aria-selected", String(n >= a && n <= b));
  });
  if (!bar) return;
  bar.hidden = false;
  const [first, last] = [cells[a].dataset.ip, cells[b].dataset.ip];
  $("[data-range]", bar).textContent = first === last ? first : `${first} – ${last}`;
  $("[data-range-count]", bar).textContent = `${b - a + 1}`;
  const pools = `/subnets/${grid.dataset.subnet}/pools/new?start=${first}&end=${last}`;
  $("[data-act=pool]", bar).href = pools;
  $("[data-act=exclude]", bar).href = `${pools}&kind=excluded`;
  $("[data-act=reserve]", bar).href = `/reservations/new?ip=${first}`;
  $("[data-act=reserve]", bar).hidden = first !== last;
}

function clear() {
  anchor = head = null;
  for (const cell of $$(".chosen", grid)) { cell.classList.remove("chosen"); cell.removeAttribute("aria-selected"); }
  if (bar) bar.hidden = true;
}

function focus(n) {
  for (const cell of $$("[tabindex='0']", grid)) cell.tabIndex = -1;
  cells[n].tabIndex = 0;
  cells[n].focus();
}

grid.addEventListener("keydown", (event) => {
  const at = cells.indexOf(event.target);
  if (at < 0) return;
  if (event.key === "Escape") { if (anchor === null && grid.dataset.out) location.href = grid.dataset.out; return clear(); }
  const wide = columns();
  const row = at - (at % wide);
  const next = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - wide, ArrowDown: at + wide, Home: row, End: Math.min(row + wide - 1, cells.length - 1), PageUp: 0, PageDown: cells.length - 1 }[event.key];
  if (event.key === "Enter") { event.preventDefault(); show(event.target); return; }
  if (event.key === " ") { event.preventDefault(); choose(anchor !== null && event.shiftKey ? anchor : at, at); return; }
  if (next === undefined || !cells[next]) return;
  event.preventDefault();
  if (event.shiftKey) choose(anchor ?? at, next);
  focus(next);
});

const cellAt = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest?.("[data-grid] .cell");

grid.addEventListener("pointerdown", (event) => {
  const cell = event.target.closest(".cell");
  if (!cell || event.button || event.pointerType === "touch") return;
  dragging = true;
  dragged = false;
  anchor = event.shiftKey && anchor !== null ? anchor : cells.indexOf(cell);
  if (event.shiftKey) { choose(anchor, cells.indexOf(cell)); dragged = true; }
});
grid.addEventListener("dragstart", (event) => event.preventDefault());
addEventListener("pointermove", (event) => {
  if (!dragging) return;
  const cell = cellAt(event);
  if (!cell) return;
  const to = cells.indexOf(cell);
  if (to !== anchor || dragged) { dragged = true; choose(anchor, to); }
});
addEventListener("pointerup", () => { dragging = false; });

let wanted = null;
async function show(cell) {
  wanted = cell;
  const html = await fragment(cell.dataset.href);
  if (wanted !== cell) return;  // another address was chosen, or this one twice
  wanted = null;
  if (html === null) { location.href = cell.dataset.href; return; }
  fill($("#drawer-body"), html);
  const drawer = $("#drawer");
  drawer.showModal();
  drawer.addEventListener("close", () => cell.focus(), { once: true });
}

grid.addEventListener("click", (event) => {
  const cell = event.target.closest(".cell");
  if (!cell || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (dragged) { dragged = false; return; }
  show(cell);
});
bar?.addEventListener("click", (event) => { if (event.target.closest("[data-act=clear]")) clear(); });

function repaint(ip, state) {
  const cell = cells.find((one) => one.dataset.ip === ip);
  if (!cell) return;
  const kept = ["pool-first", "pool-last", "chosen"].filter((name) => cell.classList.contains(name));
  cell.className = ["cell", state, ...kept].join(" ");
  const label = `${ip} ${names.get(state) ?? state}`;
  cell.setAttribute("aria-label", label);
  cell.title = label;
}

document.addEventListener("lease-events", ({ detail }) => {
  const latest = new Map(detail.map((event) => [event.ip, event]));
  let touched = false;
  for (const [ip, event] of latest) {
    const cell = cells.find((one) => one.dataset.ip === ip);
    if (!cell || ["static", "gateway"].some((name) => cell.classList.contains(name))) continue;
    repaint(ip, event.type === "active" ? "leased" : event.type === "declined" ? "declined" : event.type === "offered" ? "offered" : cell.dataset.base);
    touched = true;
  }
  if (touched) count();
});

let counting = null;
function count() {
  counting ??= setTimeout(async () => {
    counting = null;
    const usage = (await json(`/api/v1/subnets/${grid.dataset.subnet}`))?.usage;
    if (!usage) return;
    for (const place of $$("[data-count]")) if (place.dataset.count in usage) place.textContent = usage[place.dataset.count].toLocaleString(document.documentElement.lang);
  }, 500);
}
