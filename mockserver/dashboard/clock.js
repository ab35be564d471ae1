// The sandbox's clock, which continues here between answers of the server, and times as text.
import { h } from "./dom.js";

const DAY = 86_400_000;
const UNITS = [["day", DAY], ["hour", 3_600_000], ["min", 60_000], ["s", 1000]];
const DATE = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" });
const TIME = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hour: "2-digit", minute: "2-digit", second: "2-digit" });

let serverTime = Date.now();
let receivedAt = performance.now();
export let frozen = false;

/** Set the clock to a time of the server. */
export function set(clock) {
  serverTime = Date.parse(clock.now);
  receivedAt = performance.now();
  frozen = clock.frozen;
  tick();
}

/** Return the time of the sandbox in milliseconds since 1970. */
export function now() {
  return frozen ? serverTime : serverTime + performance.now() - receivedAt;
}

export function date(instant) {
  return DATE.format(new Date(instant));
}

export function clockTime(instant) {
  return TIME.format(new Date(instant));
}

/** Write a duration in its two largest units: `3 days 4 hours`, `12 min`. */
export function span(milliseconds) {
  let rest = Math.max(0, Math.round(milliseconds / 1000) * 1000);
  const parts = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    const several = count > 1 && (unit === "day" || unit === "hour") ? "s" : "";
    if (count && parts.length < 2) parts.push(`${count} ${unit}${several}`);
    else if (parts.length) break;
  }
  return parts.join(" ") || "0 s";
}

/** Write an instant relative to the present time: `in 5 min`, `2 days ago`. */
export function relative(instant) {
  const away = Date.parse(instant) - now();
  if (Math.abs(away) < 1000) return "now";
  return away > 0 ? `in ${span(away)}` : `${span(-away)} ago`;
}

const watched = new Set();
const MAX_MISSING = 5;

/** Update the text of an element every second; `words` returns it. */
export function liveText(element, words) {
  watched.add({ element, words });
  element.textContent = words();
  return element;
}

function tick() {
  for (const item of watched) {
    if (!item.element.isConnected) {
      item.missing = (item.missing ?? 0) + 1;
      if (item.missing > MAX_MISSING) watched.delete(item);
      continue;
    }
    item.missing = 0;
    const words = item.words();
    if (item.element.textContent !== words) item.element.textContent = words;
  }
}

setInterval(() => document.hidden || tick(), 1000);

/** Return an element with an instant in full. */
export function moment(instant) {
  if (!instant) return h("span", { class: "faint" }, "never");
  return h("time", { datetime: instant, title: instant }, `${date(instant)}, ${clockTime(instant)}`);
}

/** Return an element with an instant relative to the present time, updated every second. */
export function ago(instant) {
  return liveText(h("time", { datetime: instant, title: `${date(instant)}, ${clockTime(instant)} UTC` }), () => relative(instant));
}
