// The sandbox's clock, which runs on here between what the server says, and times in words.
import { h } from "./dom.js";

const DAY = 86_400_000;
const UNITS = [["day", DAY], ["hour", 3_600_000], ["min", 60_000], ["s", 1000]];
const DATE = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" });
const TIME = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hour: "2-digit", minute: "2-digit", second: "2-digit" });

let told = Date.now();
let heard = performance.now();
export let frozen = false;

/** Take over what the server says its clock shows. */
export function set(clock) {
  told = Date.parse(clock.now);
  heard = performance.now();
  frozen = clock.frozen;
  tick();
}

/** Milliseconds since 1970 in the sandbox. */
export function now() {
  return frozen ? told : told + performance.now() - heard;
}

export function date(instant) {
  return DATE.format(new Date(instant));
}

export function clockTime(instant) {
  return TIME.format(new Date(instant));
}

/** Name a span by its two largest units: `3 days 4 hours`, `12 min`. */
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

/** Say when something is, seen from now. */
export function relative(instant) {
  const away = Date.parse(instant) - now();
  if (Math.abs(away) < 1000) return "now";
  return away > 0 ? `in ${span(away)}` : `${span(-away)} ago`;
}

const watched = new Set();
const MOST_MISSING = 5;

/** Keep an element's text up to date as the clock goes. */
export function kept(element, words) {
  watched.add({ element, words });
  element.textContent = words();
  return element;
}

function tick() {
  for (const item of watched) {
    if (!item.element.isConnected) {
      item.missing = (item.missing ?? 0) + 1;
      if (item.missing > MOST_MISSING) watched.delete(item);
      continue;
    }
    item.missing = 0;
    const words = item.words();
    if (item.element.textContent !== words) item.element.textContent = words;
  }
}

setInterval(() => document.hidden || tick(), 1000);

/** An instant in full. */
export function moment(instant) {
  if (!instant) return h("span", { class: "faint" }, "never");
  return h("time", { datetime: instant, title: instant }, `${date(instant)}, ${clockTime(instant)}`);
}

/** An instant as a distance from now, which is kept up to date. */
export function ago(instant) {
  return kept(h("time", { datetime: instant, title: `${date(instant)}, ${clockTime(instant)} UTC` }), () => relative(instant));
}
