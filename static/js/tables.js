// Tables: choosing rows for one action on all of them, and the quick-filter key.
import { $, $$ } from "./dom.js";

function count() {
  const bar = $("[data-bulk]");
  if (!bar) return;
  const all = $("[data-select-matching]")?.checked;
  const chosen = $$("[data-select]:checked").length;
  $("[data-bulk-count]", bar).textContent = all ? bar.dataset.total : chosen;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-select-all]")) {
    for (const box of $$("[data-select]")) box.checked = event.target.checked;
  }
  if (event.target.matches("[data-select], [data-select-all], [data-select-matching]")) count();
});
let last = null;
document.addEventListener("click", (event) => {
  if (!event.target.matches("[data-select]")) return;
  const boxes = $$("[data-select]");
  const [from, to] = [boxes.indexOf(last), boxes.indexOf(event.target)].sort((a, b) => a - b);
  if (event.shiftKey && from >= 0) for (const box of boxes.slice(from, to + 1)) box.checked = event.target.checked;
  last = event.target;
  count();
});
count();
document.addEventListener("htmx:after:swap", count);

// How many are found is told to who does not see it, from a place that stays: of a new one no screen reader tells.
document.addEventListener("htmx:after:swap", ({ detail }) => {
  if (detail.ctx.target?.id === "found") $("#told-found").textContent = $("[data-found]")?.textContent ?? "";
});

// A table with more columns than fit scrolls in its own place, under its own heading; any other one with the page.
function fit() {
  const found = $(".page-table #found");
  const table = found && $("table.data", found);
  if (!table) return;
  found.classList.remove("wide");
  const over = table.offsetWidth > found.clientWidth + 1;
  found.classList.toggle("wide", over);
  if (over) found.tabIndex = 0;
  else found.removeAttribute("tabindex");
}
fit();
document.addEventListener("htmx:after:swap", fit);
addEventListener("resize", fit);
document.addEventListener("keydown", (event) => {
  if (event.key !== "f" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const filter = $("[data-quick-filter]");
  if (filter) { event.preventDefault(); filter.focus(); }
});
// A file of what is found follows the filter that is typed.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-csv]");
  if (!link) return;
  const url = new URL(location.href);
  url.searchParams.set("format", "csv");
  url.searchParams.delete("after");
  link.href = url;
});
// A tree: arrow up and down from row to row, left folds a branch and right opens it.
document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.("[data-tree] tbody tr");
  if (!row || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const toggle = $("a.fold", row);
  const wished = { ArrowLeft: "true", ArrowRight: "false" }[event.key];
  if (wished) {
    if (toggle?.getAttribute("aria-expanded") !== (document.documentElement.dir === "rtl" ? { true: "false", false: "true" }[wished] : wished)) return;
    event.preventDefault();
    toggle.focus();
    toggle.click();
    return;
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
  if (!next) return;
  event.preventDefault();
  $("a.fold, a", next)?.focus();
});
