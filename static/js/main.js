// What runs on every page; what one page needs stands in that page, so that all of it runs before the page counts as loaded.
import "./palette.js";
import "./tables.js";
import "./forms.js";
import "./drafts.js";
import "./times.js";
import "./subnets.js";
import { startLive } from "./live.js";
import { $, $$, element, say } from "./dom.js";

startLive();

// A part of the page that could not be fetched stays as it was; why is said once, however often it is tried.
document.addEventListener("htmx:response:error", ({ detail }) => {
  const { status, headers } = detail.ctx.response;
  const text = detail.ctx.text?.trim();
  const signIn = status === 401 && headers.get("X-Sign-In");
  if (signIn && !$("form[data-dirty]")) location.href = signIn;
  else if (signIn) sayEnded(text, signIn);
  else if (text && !text.startsWith("<")) say(text.slice(0, 300), "bad");
});

// What is typed stays: the way to the sign-in opens beside it.
function sayEnded(text, href) {
  if ($("#toasts [data-ended]")) return;
  const link = element("a", { href, target: "_blank", rel: "noopener" }, text);
  $("#toasts").append(element("p", { class: "notice warn toast-note", "data-ended": "" }, link));
}

$("[data-theme-switch]")?.addEventListener("click", () => {
  const root = document.documentElement;
  const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
  root.dataset.bsTheme = root.dataset.themeWish = next;
  document.cookie = `theme=${next};path=/;max-age=31536000;samesite=lax`;
  document.dispatchEvent(new Event("theme"));
});

document.addEventListener("click", (event) => {
  for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
  if (event.target instanceof HTMLDialogElement) event.target.close();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});
// On a narrow screen the tab of this page may stand outside the row's visible part.
const tab = $(".tab[aria-current]");
if (tab) tab.parentElement.scrollLeft += tab.getBoundingClientRect().left + tab.offsetWidth / 2 - innerWidth / 2;
for (const note of $$("[data-toast]")) setTimeout(() => note.remove(), 8000);
if (new URL(location.href).searchParams.has("saved") || new URL(location.href).searchParams.has("done")) {
  const clean = new URL(location.href);
  clean.searchParams.delete("saved");
  clean.searchParams.delete("done");
  history.replaceState(history.state, "", clean);
}
