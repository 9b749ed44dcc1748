// The live tail of the lease table: rows come rendered from the server, for the filter that is on the page.
import { $, $$, element, fragment } from "./dom.js";

const KEPT = 100;
const KEPT_IN_A_RUSH = 50;  // laying out and painting the table anew costs by its rows
const AT_ONCE = 20;  // as many as the server sends at once
const SOUGHT = 250;  // in all that has happened, when only what a filter lets through is shown
const REST_MS = 200;
const waiting = new Map();
let running = false;

const paused = () => $("[data-pause]")?.checked || document.hidden;
const tail = () => $("[data-lease-tail]");
const isFiltered = (query) => ["q", "state", "subnet"].some((name) => new URLSearchParams(query).get(name));

function note() {
  const button = $("[data-new]");
  if (!button) return;
  button.hidden = !waiting.size || !paused();
  button.textContent = `+${waiting.size}`;
  button.setAttribute("aria-label", `${waiting.size} new`);
}

function place(rows) {
  const body = $("tbody", tail());
  const gone = new Set(rows.asked);
  for (const row of rows.made) gone.delete(row.dataset.ip);
  for (const ip of gone) body.querySelector(`tr[data-ip="${ip}"]`)?.remove();
  for (const row of rows.made.reverse()) {
    const old = body.querySelector(`tr[data-ip="${row.dataset.ip}"]`);
    if (old?.contains(document.activeElement) || old?.querySelector("details[open], [data-select]:checked")) continue;
    if (old && tail().dataset.query.includes("q=")) old.replaceWith(row);
    else { old?.remove(); body.prepend(row); }
    if (rows.rush) row.classList.remove("fresh");  // all of them are: it would only be painted sixty times a second
  }
  if (rows.made.length) $("[data-empty]")?.remove();
  while (body.rows.length > (rows.rush ? KEPT_IN_A_RUSH : KEPT)) body.rows[body.rows.length - 1].remove();
}

async function flush() {
  if (running || paused() || !waiting.size || !tail()) return note();
  running = true;
  const query = tail().dataset.query;
  const rush = waiting.size > AT_ONCE;
  const asked = [...waiting.keys()].slice(-(isFiltered(query) ? SOUGHT : AT_ONCE)).reverse();
  waiting.clear();
  const html = await fragment(`/leases/rows?${query}&ips=${asked.join(",")}`).catch(() => null);
  if (html !== null && tail()) {
    const shell = element("template");
    shell.innerHTML = html;
    place({ asked, rush, made: [...shell.content.querySelectorAll("tr")] });
  }
  note();
  setTimeout(() => { running = false; if (waiting.size) flush(); }, REST_MS);
}

document.addEventListener("lease-events", ({ detail }) => {
  for (const event of detail) { waiting.delete(event.ip); waiting.set(event.ip, event); }
  while (waiting.size > 5000) waiting.delete(waiting.keys().next().value);
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
