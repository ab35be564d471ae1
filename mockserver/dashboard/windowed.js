// A list of any length, of which only the visible rows are in the document.
import { h, fill } from "./dom.js";

const SPARE = 8;

/**
 * Return a list whose rows all have the height `--row`.
 * `row(item)` returns a link; the arrow keys move from one to the next.
 */
export function windowed(label, row) {
  const rows = h("div", { class: "rows", role: "list", "aria-label": label });
  const box = h("div", { class: "window" }, rows);
  let items = [];
  let height = 44;
  let current = 0;
  let drawn = "";

  function draw(force) {
    const first = Math.max(0, Math.floor(box.scrollTop / height) - SPARE);
    const last = Math.min(items.length, Math.ceil((box.scrollTop + box.clientHeight) / height) + SPARE);
    const key = `${first}:${last}`;
    if (key === drawn && !force) return;
    drawn = key;
    const focused = rows.contains(document.activeElement) ? current : -1;
    fill(rows, items.slice(first, last).map((item, index) => placed(item, first + index)));
    if (focused >= first && focused < last) rows.children[focused - first].firstChild.focus({ preventScroll: true });
  }

  function placed(item, index) {
    const link = row(item);
    link.tabIndex = index === Math.min(current, items.length - 1) ? 0 : -1;
    const place = h("div", { class: "row", role: "listitem", "aria-setsize": items.length, "aria-posinset": index + 1 }, link);
    place.style.transform = `translateY(${index * height}px)`;
    return place;
  }

  function go(index) {
    current = Math.max(0, Math.min(items.length - 1, index));
    const top = current * height;
    if (top < box.scrollTop) box.scrollTop = top;
    if (top + height > box.scrollTop + box.clientHeight) box.scrollTop = top + height - box.clientHeight;
    draw(true);
    [...rows.children].find((child) => Number(child.ariaPosInSet) === current + 1)?.firstChild.focus({ preventScroll: true });
  }

  const page = () => Math.max(1, Math.floor(box.clientHeight / height) - 1);
  const moves = {
    ArrowDown: () => current + 1,
    ArrowUp: () => current - 1,
    PageDown: () => current + page(),
    PageUp: () => current - page(),
    Home: () => 0,
    End: () => items.length - 1,
  };
  box.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (!move || !rows.contains(event.target)) return;
    event.preventDefault();
    go(move());
  });
  rows.addEventListener("focusin", (event) => {
    const place = event.target.closest(".row");
    if (place) current = Number(place.ariaPosInSet) - 1;
  });
  box.addEventListener("scroll", () => draw(false), { passive: true });
  new ResizeObserver(() => {
    measure();
    draw(true);
  }).observe(box);

  function measure() {
    height = parseFloat(getComputedStyle(rows).getPropertyValue("--row")) || height;
    rows.style.height = `${items.length * height}px`;
  }

  /** Replace the items, of which the first `added` are new; visible rows keep their position. */
  function show(others, added = 0) {
    items = others;
    measure();
    if (added && box.scrollTop > 0) box.scrollTop += added * height;
    if (added && rows.contains(document.activeElement)) current += added;
    draw(true);
  }

  return { element: box, show };
}
