// Which parts of the open page change by themselves? One event stream feeds all of them.
"use strict";

const ROWS_KEPT = 200;
const waiting = [];

const paused = () => document.querySelector("[data-pause]")?.checked ?? false;

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function moment(text) {
  return text ? text.replace("T", " ").replace(/(\.\d+)?(Z|\+00:00)$/, " UTC") : "never";
}

function state(name) {
  return element("span", { class: `state ${name}` }, name);
}

function addToTicker(list, event) {
  list.querySelector(".empty")?.remove();
  list.prepend(element("li", {}, state(event.type), element("b", {}, event.ip), event.hostname || event.mac, element("time", { title: moment(event.at) }, event.at.slice(11, 19))));
  while (list.children.length > 12) list.lastElementChild.remove();
}

function repaintCell(grid, event) {
  const cell = grid.querySelector(`[data-ip="${event.ip}"]`);
  if (!cell) return;
  const name = event.type === "active" ? "leased" : event.type === "declined" ? "declined" : cell.dataset.base;
  cell.className = `cell ${name}`;
  cell.title = `${event.ip}: ${name}, ${event.mac}${event.hostname ? ", " + event.hostname : ""}`;
}

function releaseForm(ip) {
  const form = element("form", { method: "post", action: `/leases/${ip}/release`, "data-confirm": `Release ${ip}? The client is not told: it keeps the address until its next renewal, and another client may get it.` });
  form.append(element("input", { type: "hidden", name: "csrf_token", value: document.body.dataset.csrf }), element("button", { class: "quiet danger" }, "Release"));
  return form;
}

function leaseRow(event) {
  const actions = element("td", { class: "n" }, element("a", { href: `/reservations/new?lease=${event.ip}` }, "Reserve"));
  if (event.type === "active") actions.append(" ", releaseForm(event.ip));
  return element("tr", { "data-ip": event.ip, class: "fresh" },
    element("td", { "data-label": "State" }, state(event.type)),
    element("td", { "data-label": "Address" }, event.ip),
    element("td", { "data-label": "MAC" }, element("code", {}, event.mac)),
    element("td", { "data-label": "Name" }, event.hostname),
    element("td", { "data-label": "Expires" }, element("time", {}, moment(event.expires_at))),
    actions);
}

function updateLeases(table, event) {
  const body = table.tBodies[0];
  const old = body.querySelector(`tr[data-ip="${event.ip}"]`);
  const wanted = !table.dataset.state || table.dataset.state === event.type;
  if (old && wanted) old.replaceWith(leaseRow(event));
  else if (old) old.remove();
  else if (wanted) {
    document.querySelector("[data-empty]")?.remove();
    body.prepend(leaseRow(event));
    const total = document.querySelector("[data-count=total]");
    if (total) total.textContent = Number(total.textContent) + 1;
    while (body.rows.length > ROWS_KEPT) body.rows[body.rows.length - 1].remove();
  }
}

function show(events) {
  const latest = new Map(events.map((event) => [event.ip, event]));
  const grid = document.querySelector("[data-grid]");
  const table = document.querySelector("[data-leases]");
  const ticker = document.querySelector("[data-ticker]");
  for (const event of latest.values()) {
    if (grid) repaintCell(grid, event);
    if (table) updateLeases(table, event);
  }
  if (ticker) for (const event of events.slice(-12)) addToTicker(ticker, event);
  if (grid || ticker) refreshCounts();
}

let counting = null;
function refreshCounts() {
  counting ??= setTimeout(async () => {
    counting = null;
    const subnet = document.querySelector("[data-subnet]")?.dataset.subnet;
    const answer = await fetch(subnet ? `/api/v1/subnets/${subnet}` : "/api/v1/leases?state=active&limit=1&count=exact");
    if (!answer.ok) return;
    const body = await answer.json();
    const counts = subnet ? body.usage : { leased: body.total };
    for (const place of document.querySelectorAll("[data-count]")) {
      if (place.dataset.count in counts) place.textContent = counts[place.dataset.count];
    }
  }, 500);
}

function receive(message) {
  const events = JSON.parse(message.data);
  if (!paused()) return show(events);
  waiting.push(...events);
  waiting.splice(0, waiting.length - 5000);
  const button = document.querySelector("[data-new]");
  if (button) { button.hidden = false; button.textContent = `+${waiting.length} new`; }
}

function resume() {
  const button = document.querySelector("[data-new]");
  if (button) button.hidden = true;
  show(waiting.splice(0));
}

function moveInGrid(event) {
  const cell = event.target.closest?.("[data-grid] .cell");
  if (!cell) return;
  const cells = [...cell.parentElement.children];
  const columns = getComputedStyle(cell.parentElement).gridTemplateColumns.split(" ").length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
  const next = step && cells[cells.indexOf(cell) + step];
  if (!next) return;
  event.preventDefault();
  cell.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

if ("live" in document.body.dataset) new EventSource(`/stream?after=${document.body.dataset.live}`).addEventListener("leases", receive);
document.addEventListener("keydown", moveInGrid);
document.querySelector("[data-new]")?.addEventListener("click", resume);
document.querySelector("[data-pause]")?.addEventListener("change", () => { if (!paused()) resume(); });
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
