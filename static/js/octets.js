// The octets of a message: pointing at a field marks its octets, and the other way round.
import { $$ } from "./dom.js";

function mark(event) {
  const part = event.target.closest?.("[data-part]")?.dataset.part;
  for (const element of $$("[data-part]")) element.classList.toggle("marked", element.dataset.part === part);
}
document.addEventListener("pointerover", mark);
