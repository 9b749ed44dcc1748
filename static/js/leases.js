// The live tail of the lease table: rows come rendered from the server, for the filter that is on the page.
import { $, element, fragment } from "./dom.js";

const KEPT = 100;
const KEPT_IN_A_RUSH = 50;  // laying out and painting the table anew costs by its rows
const AT_ONCE = 20;  // as many as the server sends at once
const REST_MS = 50;
const REST_IN_A_RUSH_MS = 500;  // of a rush only the newest are shown anyway, and they are so when events arrive
const NEXT_EVENTS_MS = 350;  // events come sooner than this after others while there are any
const COUNTED = 5000;
const changed = new Set();
let shown = document.body.dataset.live;
let running = false;
let waiting;
let heard = 0;

const paused = () => $("[data-pause]")?.checked || document.hidden;
const tail = () => $("[data-lease-tail]");

function note() {
  const button = $("[data-new]");
  if (!button) return;
  button.hidden = !changed.size || !paused();
  button.textContent = `+${changed.size}`;
  button.setAttribute("aria-label", `${changed.size} ${button.dataset.word}`);
}

function place(rows, addresses, rush) {
  const body = $("tbody", tail());
  const came = new Set(rows.map((row) => row.dataset.ip));
  if (!rush) for (const row of [...body.rows]) if (addresses.has(row.dataset.ip) && !came.has(row.dataset.ip)) row.remove();
  for (const row of rows.reverse()) {
    const old = body.querySelector(`tr[data-ip="${row.dataset.ip}"]`);
    if (old?.contains(document.activeElement) || old?.querySelector("details[open]")) continue;
    if (old && tail().dataset.query.includes("q=")) old.replaceWith(row);
    else { old?.remove(); body.prepend(row); }
    if (rush) row.classList.remove("fresh");  // all of them are: it would only be painted sixty times a second
  }
  if (rows.length) $("[data-empty]")?.remove();
  while (body.rows.length > (rush ? KEPT_IN_A_RUSH : KEPT)) body.rows[body.rows.length - 1].remove();
}

async function flush() {
  if (running || paused() || !changed.size || !tail()) return note();
  running = true;
  clearTimeout(waiting);
  const addresses = new Set(changed);
  const upto = document.body.dataset.live;
  changed.clear();
  let rush = false;
  const html = await fragment(`/leases/rows?${tail().dataset.query}&after=${shown}&upto=${upto}`);
  shown = upto;
  if (html !== null && tail()) {
    const shell = element("template");
    shell.innerHTML = html;
    const rows = [...shell.content.querySelectorAll("tr")];
    rush = rows.length >= AT_ONCE;
    place(rows, addresses, rush);
  }
  note();
  setTimeout(() => {
    running = false;
    if (changed.size) waiting = setTimeout(flush, rush ? heard + NEXT_EVENTS_MS - performance.now() : 0);
  }, rush ? REST_IN_A_RUSH_MS : REST_MS);
}

document.addEventListener("lease-events", ({ detail }) => {
  heard = performance.now();
  for (const event of detail) if (changed.size < COUNTED) changed.add(event.ip);
  flush();
});
document.addEventListener("change", (event) => { if (event.target.matches("[data-pause]")) flush(); });
document.addEventListener("visibilitychange", () => flush());
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-new]")) return;
  const box = $("[data-pause]");
  box.checked = false;
  flush();
});
