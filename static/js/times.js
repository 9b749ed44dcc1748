// "3 min ago" and "in 2 h" stay true while the page is open.
import { $$ } from "./dom.js";

const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });
const steps = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [Infinity, "day", 86400]];

export function relative(moment) {
  const away = (moment - Date.now()) / 1000;
  const [, unit, size] = steps.find(([limit]) => Math.abs(away) < limit);
  return words.format(Math.round(away / size), unit);
}

export function clock(text) {
  const zone = document.documentElement.dataset.zone;
  return new Date(text).toLocaleTimeString("en-GB", { timeZone: zone, hour12: false });
}

export function refresh() {
  for (const time of $$("time.when")) {
    const place = time.querySelector(".ago");
    if (place) place.textContent = relative(new Date(time.dateTime));
  }
}
setInterval(refresh, 5000);
