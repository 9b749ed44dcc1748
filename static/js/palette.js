// The search palette: Ctrl-K or `/` anywhere.
import { $, $$ } from "./dom.js";

const dialog = $("#palette");
const input = dialog && $("input", dialog);
let answered = null;  // the text that the hits are for
let entered = false;  // Enter came before they did

function open(text = "") {
  if (dialog.open) return;
  dialog.showModal();
  input.value = text;
  input.select();
  window.htmx?.trigger(input, "input");
}

function choose(step) {
  const hits = $$("[role=option]", dialog);
  if (!hits.length) return;
  const at = hits.findIndex((hit) => hit.getAttribute("aria-selected") === "true");
  const next = hits[(at + step + hits.length) % hits.length];
  hits.forEach((hit) => hit.setAttribute("aria-selected", String(hit === next)));
  input.setAttribute("aria-activedescendant", next.id);
  next.scrollIntoView({ block: "nearest" });
}

function openHit() {
  const hit = $("[role=option][aria-selected=true]", dialog) ?? $("[role=option]", dialog);
  if (hit) location.href = hit.href;
}

function typing(target) {
  return target.closest?.("input, textarea, select, [contenteditable]");
}

if (dialog) {
  document.addEventListener("keydown", (event) => {
    const wanted = (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing(event.target));
    if (!wanted) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.matches?.("[data-palette-open]")) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-palette-open]") && event.target.value) { open(event.target.value); event.target.value = ""; input.setSelectionRange(9, 9); }
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(1);
    else if (event.key === "ArrowUp") choose(-1);
    else if (event.key !== "Enter") return;
    else if (answered === input.value) openHit();
    else entered = true;
    event.preventDefault();
  });
  for (const doubt of ["input", "close"]) dialog.addEventListener(doubt, () => { entered = false; });
  dialog.addEventListener("htmx:after:swap", ({ detail }) => {
    answered = new URL(detail.ctx.request.action, location.href).searchParams.get("q");
    if (entered && answered === input.value) openHit();
  });
}
