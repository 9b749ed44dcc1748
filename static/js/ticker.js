// The list of what happens now.
import { $, element } from "./dom.js";
import { clock } from "./times.js";

const SHOWN = 14;
const list = $("[data-ticker]");
const names = new Map();
const label = (type) => names.get(type) ?? type;
for (const state of document.querySelectorAll("[data-ticker] .state")) names.set(state.classList[1], state.textContent);

function line(event) {
  return element("li", {},
    element("span", { class: `state ${event.type}` }, label(event.type)),
    element("a", { class: "num", href: `/addresses/${event.ip}` }, event.ip),
    element("span", { class: "who" }, event.hostname || event.mac),
    element("time", { datetime: event.at }, clock(event.at)));
}

document.addEventListener("lease-events", ({ detail }) => {
  if ($("[data-pause-ticker]")?.checked || list.contains(document.activeElement)) return;
  $("[data-nothing]", list)?.remove();
  list.prepend(...detail.slice(-SHOWN).reverse().map(line));
  while (list.children.length > SHOWN) list.lastElementChild.remove();
});
