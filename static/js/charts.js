// Charts with uPlot; colours come from the page, so that they follow the theme.
import { $$, json } from "./dom.js";

function colour(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const zone = document.documentElement.dataset.zone;
const language = document.documentElement.lang;

const pad = (n) => String(n).padStart(2, "0");
function times(plot, stamps, _axis, _space, step) {
  return stamps.map((stamp) => {
    const at = uPlot.tzDate(new Date(stamp * 1e3), zone);
    if (step >= 86400 || (!at.getHours() && !at.getMinutes())) return at.toLocaleDateString(language, { day: "numeric", month: "short" });
    return `${pad(at.getHours())}:${pad(at.getMinutes())}${step < 60 ? `:${pad(at.getSeconds())}` : ""}`;
  });
}

const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 2 });
const numbers = (_plot, values) => values.map((value) => value == null ? "" : short.format(value));
const room = (_plot, labels) => Math.max(48, 18 + 6.5 * Math.max(0, ...(labels ?? []).map((label) => label.length)));

const moment = window.uPlot?.fmtDate("{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}");

function options(place, data) {
  const ink = colour("--soft");
  const line = colour("--line");
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "11px Inter, system-ui" };
  const series = data.series.map((one) => ({
    label: one.label, stroke: colour(one.colour), width: 1.6, dash: one.dash ?? [], points: { show: false },
    fill: one.fill ? colour(one.colour).replace(")", " / 14%)").replace("rgb(", "rgb(") : undefined,
    value: (_, value) => value == null ? "–" : `${value.toLocaleString(language, { maximumFractionDigits: 2 })}${data.unit ?? ""}`,
  }));
  return {
    width: place.clientWidth, height: place.clientHeight - 28, cursor: { y: false },
    tzDate: (stamp) => uPlot.tzDate(new Date(stamp * 1e3), zone),
    scales: { x: { range: () => [data.from, data.to] }, y: { range: (_, low, high) => [0, data.most ?? Math.max(1, (high ?? 1) * 1.1)] } },
    axes: [{ ...axis, values: times }, { ...axis, values: numbers, size: room }],
    padding: [8, 12, 0, 0],
    series: [{ label: "", value: (_, stamp) => stamp == null ? "" : moment(uPlot.tzDate(new Date(stamp * 1e3), zone)) }, ...series],
  };
}

/** Give the plot what the legend leaves of the place, whose height never changes. */
function plot(place) {
  const made = new uPlot(options(place, place.shown), [place.shown.x, ...place.shown.series.map((one) => one.y)], place);
  const legend = place.querySelector(".u-legend")?.offsetHeight ?? 28;
  if (legend > 28) made.setSize({ width: place.clientWidth, height: place.clientHeight - legend });
  return made;
}

async function draw(place) {
  const data = await json(place.dataset.chart);
  if (!data || !window.uPlot) return;  // without the library the table below tells the same
  if (!data.x.length) {
    place.replaceChildren(Object.assign(document.createElement("p"), { className: "chart-empty", textContent: data.empty }));
    return;
  }
  place.shown = data;
  if (place.plot && place.plot.series.length === data.series.length + 1) {
    place.plot.setData([data.x, ...data.series.map((one) => one.y)], false);
    place.plot.setScale("x", { min: data.from, max: data.to });
    return;
  }
  place.replaceChildren();
  place.plot = plot(place);
}

function redraw() {
  for (const place of $$("[data-chart]")) {
    if (!place.plot) continue;
    place.plot.destroy();
    place.plot = null;
    place.replaceChildren();
    place.plot = plot(place);
  }
}

for (const place of $$("[data-chart]")) {
  draw(place);
  const seconds = Number(place.dataset.refresh ?? 60);
  setInterval(() => { if (!document.hidden) draw(place); }, seconds * 1000);
}
document.addEventListener("theme", redraw);
let resizing = null;
addEventListener("resize", () => { clearTimeout(resizing); resizing = setTimeout(redraw, 150); });
