// A chosen file goes to the import as it is, not through the form; how much of it is there is shown.
import { $, csrf } from "./dom.js";

const form = $("[data-upload]");
const bar = $("progress", form);
const place = $("[data-upload-problem]", form);

/** Send the file; fetch tells nothing until all of it is there. The status is 0 when the way to the server breaks. */
function send(file, query) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/imports?${query}`);
    request.setRequestHeader("X-CSRF-Token", csrf());
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => { bar.value = loaded / (total || 1); });
    request.addEventListener("loadend", () => done(request));
    request.send(file);
  });
}

/** Return why the file was not taken in; the page of its import follows when it was. */
async function upload(file) {
  if (file.size > Number(form.dataset.most)) return form.dataset.tooLarge;
  const query = new URLSearchParams({ name: file.name });
  if (form.format.value) query.set("format", form.format.value);
  const { status, response } = await send(file, query);
  if (status < 200 || status >= 300) return response?.errors?.[0]?.detail ?? response?.detail ?? form.dataset.lost;
  location.href = `/imports/${response.id}`;
  return "";
}

form.addEventListener("submit", async (event) => {
  const file = $("[data-file]", form).files[0];
  if (!file) return;
  event.preventDefault();
  event.stopPropagation();
  const button = $("button", form);
  button.disabled = true;
  place.hidden = true;
  bar.value = 0;
  bar.hidden = false;
  const problem = await upload(file);
  if (!problem) return;
  button.disabled = false;
  bar.hidden = true;
  place.hidden = false;
  place.textContent = problem;
}, true);
