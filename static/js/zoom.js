// The buckets of a large prefix: arrow keys from one to the next, Escape back out, counts that follow the leases.
import { $, $$, json } from "./dom.js";

const place = $("[data-zoom]");
const buckets = $$(".bucket", place);
const language = document.documentElement.lang;
const short = (value) => new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 0 }).format(value);
const number = (value) => value.toLocaleString(language);

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, dialog[open]")) return;
  if (event.key === "Escape" && place.dataset.out) { location.href = place.dataset.out; return; }
  const at = buckets.indexOf(document.activeElement);
  if (at < 0) return;
  const wide = getComputedStyle(place).gridTemplateColumns.split(" ").length;
  const next = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - wide, ArrowDown: at + wide, Home: 0, End: buckets.length - 1 }[event.key];
  if (next === undefined || !buckets[next]) return;
  event.preventDefault();
  buckets[next].focus();
});

function show(bucket, now) {
  const known = now.static + now.gateway;
  const taken = now.leased + now.reserved + known + now.declined;
  const whole = now.pool || now.total;
  $("[data-taken]", bucket).textContent = now.pool ? `${number(taken)} / ${number(now.pool)}` : number(taken);
  $("[data-short]", bucket).textContent = taken ? short(taken) : "·";
  const sums = { leased: now.leased, reserved: now.leased + now.reserved, declined: now.leased + now.reserved + now.declined, all: taken };
  for (const [part, sum] of Object.entries(sums)) $(`[data-part=${part}]`, bucket).setAttribute("width", Math.max(part === "leased" && sum ? 3 : 0, Math.min(100, 100 * sum / whole)));
  const values = [now.leased, now.reserved, known, now.declined, now.free];
  bucket.title = [bucket.title.split(" · ")[0], ...bucket.dataset.words.split("|").map((word, n) => `${number(values[n])} ${word}`)].join(" · ");
}

async function recount() {
  const { subnet, from, to } = place.dataset;
  const found = await json(`/api/v1/subnets/${subnet}/grid?from=${from}&to=${to}`);
  if (!found) return;
  const now = new Map(found.buckets.map((one) => [one.first, one]));
  for (const bucket of buckets) if (now.has(bucket.dataset.first)) show(bucket, now.get(bucket.dataset.first));
}

// A count of a whole /8 costs the server time: it is asked for so rarely that a tenth of the time is the most it takes.
let waiting = null;
let pause = 2000;
document.addEventListener("lease-events", () => {
  waiting ??= setTimeout(async () => {
    const began = performance.now();
    await recount();
    pause = Math.max(2000, 10 * (performance.now() - began));
    waiting = null;
  }, pause);
});
