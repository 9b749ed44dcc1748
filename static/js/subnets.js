// A field that names a subnet: what the server finds is offered while somebody types.
import { json } from "./dom.js";

const WAIT_MS = 150;
const asked = new WeakMap();

async function offer(field) {
  const wanted = field.value;
  const hits = await json(`/subnets/choices?q=${encodeURIComponent(wanted)}`);
  if (!hits || field.value !== wanted) return;  // a later text has been asked for meanwhile
  field.list.replaceChildren(...hits.map(({ cidr, name }) => new Option(name ? `${cidr} ${name}` : cidr, cidr)));
}

document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.matches?.("[data-subnets]") || event.inputType === undefined) return;
  clearTimeout(asked.get(field));
  asked.set(field, setTimeout(() => offer(field), WAIT_MS));
});
