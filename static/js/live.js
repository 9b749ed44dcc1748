// One event stream per page. Other modules listen for `lease-events`: a batch at most four times a second.
import { $, $$ } from "./dom.js";

let counting = null;

function refreshParts() {
  if (counting) return;
  counting = setTimeout(() => {
    counting = null;
    for (const part of $$("[data-live-part]")) window.htmx?.trigger(part, "refresh");
  }, 1000);
}

export function startLive() {
  if (!("live" in document.body.dataset)) return;
  const source = new EventSource(`/stream?after=${document.body.dataset.live}`);
  source.addEventListener("leases", (message) => {
    document.body.dataset.live = message.lastEventId;
    document.dispatchEvent(new CustomEvent("lease-events", { detail: JSON.parse(message.data) }));
    refreshParts();
  });
  source.addEventListener("reset", () => location.reload());
  source.addEventListener("error", () => document.body.classList.add("offline"));
  source.addEventListener("open", () => document.body.classList.remove("offline"));
  window.addEventListener("pagehide", () => source.close());
}
