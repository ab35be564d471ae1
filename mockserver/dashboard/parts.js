// Components that several views use.
import { bdi, fill, h, line } from "./dom.js";
import { to } from "./route.js";

/** Return the heading of a view, with more elements next to it. */
export function heading(title, ...more) {
  return h("div", { class: "heading" }, h("h1", { tabindex: "-1" }, title), h("div", { class: "beside" }, more));
}

let cards = 0;

/** Return a section with a title. */
export function card(title, ...content) {
  cards += 1;
  const id = `card-${cards}`;
  return h("section", { class: "card", "aria-labelledby": id }, h("h2", { id }, title), content);
}

/** Return the placeholder of an empty list. */
export function empty(sentence, ...more) {
  return h("div", { class: "empty" }, h("p", null, sentence), more);
}

export function statusBadge(status) {
  const kind = status < 400 ? "good" : status < 500 ? "warn" : "bad";
  return h("span", { class: `badge ${kind}` }, status);
}

export function badge(text, kind = "plain") {
  return h("span", { class: `badge ${kind}` }, bdi(text));
}

export function method(name) {
  return h("span", { class: "method" }, bdi(name));
}

/**
 * Return a table; `rows` are lists of cells, each a node or an untrusted text.
 *
 * On a narrow screen each row is a block and each cell has the name of its column; the roles keep it a table there.
 */
export function table(caption, heads, rows) {
  const cell = (content, column) => h("td", { role: "cell", "data-head": heads[column] || null }, content instanceof Node || Array.isArray(content) ? content : line(content));
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": caption },
    h(
      "table",
      { role: "table" },
      h("caption", { class: "visually-hidden" }, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads.map((head) => h("th", { scope: "col", role: "columnheader" }, head || h("span", { class: "visually-hidden" }, "Action"))))),
      h("tbody", { role: "rowgroup" }, rows.map((cells) => h("tr", { role: "row" }, cells.map(cell)))),
    ),
  );
}

/** Return a list of names and values. */
export function pairs(items) {
  return h("dl", { class: "pairs" }, items.map(([name, value]) => h("div", null, h("dt", null, bdi(name)), h("dd", null, value instanceof Node ? value : bdi(value)))));
}

/** Return links to views, with the present one marked. */
export function tabs(label, items) {
  const links = items.map(({ name, parts, filters, current }) =>
    h("li", null, h("a", { href: to(parts, filters), "aria-current": current ? "page" : null }, bdi(name))));
  return h("nav", { class: "tabs", "aria-label": label }, h("ul", null, links));
}

/** Return a labelled select field. */
export function choice(label, options, value, chosen) {
  const all = options.map(([name, text]) => h("option", { value: name, selected: name === value }, text));
  return h("label", { class: "field" }, h("span", null, label), h("select", { onchange: (event) => chosen(event.target.value) }, all));
}

/** Return a search field. */
export function search(label, value, typed) {
  const input = h("input", { type: "search", value, autocomplete: "off", spellcheck: "false", oninput: (event) => typed(event.target.value) });
  return h("label", { class: "field wide" }, h("span", null, label), input);
}

/** Return a bar that shows the used share of a limit, with a text. */
export function meter(label, used, most, words) {
  const share = most > 0 ? Math.min(1, used / most) : 1;
  const kind = share >= 1 ? "bad" : share >= 0.8 ? "warn" : "good";
  const level = h("span", { class: `level ${kind}` });
  level.style.inlineSize = `${share * 100}%`;
  return h(
    "div",
    { class: "meter" },
    h("div", { class: "meter-words" }, label, h("span", { class: "numbers" }, words)),
    h("div", { class: "bar", role: "meter", "aria-label": label.textContent, "aria-valuenow": Math.min(used, most), "aria-valuemin": 0, "aria-valuemax": most, "aria-valuetext": words }, level),
  );
}

export function stars(rating) {
  const full = Math.max(0, Math.min(5, Math.round(Number(rating) || 0)));
  return h("span", { class: "stars", role: "img", "aria-label": `${full} of 5 stars` }, "\u2605".repeat(full) + "\u2606".repeat(5 - full));
}

/** Return a function that calls `action` at most once in some time, however often it is called. */
export function throttled(action, milliseconds = 150) {
  let waiting = 0;
  return () => {
    if (waiting) return;
    waiting = setTimeout(() => {
      waiting = 0;
      action();
    }, milliseconds);
  };
}

const OFTEN = 300;

/** Return a part of a view that is drawn again at each of `events`. */
export function live(bus, events, signal, draw) {
  const place = h("div", { class: "live" });
  const redraw = async () => {
    const content = await draw();
    if (!signal.aborted) exchange(place, content);
  };
  const soon = throttled(() => redraw().catch(() => {}), OFTEN);
  for (const name of events) bus.addEventListener(name, soon, { signal });
  return redraw().then(() => place);
}

/** Replace the content of an element; focus and typed text are kept. */
function exchange(place, content) {
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  fill(place, content);
  if (!focused) return;
  const successor = (focused.id && document.getElementById(focused.id)) || place.querySelector("h2");
  if (successor?.matches("input:not([type])")) successor.value = focused.value;
  if (successor?.tagName === "H2") successor.tabIndex = -1;
  successor?.focus();
}
