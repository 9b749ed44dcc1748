// A chosen file goes to the import as it is, not through the form.
import { $, csrf } from "./dom.js";

const form = $("[data-upload]");
form.addEventListener("submit", async (event) => {
  const file = $("[data-file]", form).files[0];
  if (!file) return;
  event.preventDefault();
  event.stopPropagation();
  const button = $("button", form);
  button.disabled = true;
  const query = new URLSearchParams({ name: file.name });
  if (form.format.value) query.set("format", form.format.value);
  const headers = { "X-CSRF-Token": csrf(), "Content-Type": "application/octet-stream" };
  const answer = await fetch(`/api/v1/imports?${query}`, { method: "POST", headers, body: file }).catch(() => null);
  const body = await answer?.json().catch(() => null);
  if (answer?.ok) { location.href = `/imports/${body.id}`; return; }
  button.disabled = false;
  const place = $("[data-upload-problem]", form);
  place.hidden = false;
  place.textContent = body?.errors?.[0]?.detail ?? body?.detail ?? "";
}, true);
