// Elements, made from values that may be hostile: every text becomes a text node, never markup.

/** Make an element; `properties` are attributes, or listeners under names such as `onclick`. */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...nodes(children));
  return element;
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Put other children into an element. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** Text from outside, kept apart from the direction of what stands around it. */
export function bdi(value, properties) {
  return h("bdi", properties, shown(value));
}

/** Text from outside on one line, cut short by the layout; the whole of it is told on hover. */
export function line(value, name = "cut") {
  return bdi(short(shown(value), 300), { class: name, title: short(shown(value), 1000) });
}

const MOST_CODE = 100_000;

/** Code from outside, in a box that scrolls by itself. */
export function code(value, label) {
  const whole = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const more = whole.length - MOST_CODE;
  const text = more > 0 ? `${whole.slice(0, MOST_CODE)}\n\u2026 and ${more.toLocaleString("en")} more characters` : whole;
  return h("pre", { class: "code", tabindex: "0", role: "group", "aria-label": label }, h("code", { dir: "auto" }, readable(text)));
}

export function shown(value) {
  if (value === null || value === undefined) return "";
  return readable(typeof value === "string" ? value : JSON.stringify(value));
}

/** Make what cannot be seen visible: control characters, and marks that turn the direction. */
function readable(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (mark) =>
    mark === "\r" ? "" : mark < " " ? String.fromCharCode(0x2400 + mark.charCodeAt(0)) : "\ufffd");
}

export function short(text, most) {
  return text.length > most ? `${text.slice(0, most)}\u2026` : text;
}

/** Return the address if a browser may follow it, else null. */
export function followable(address) {
  try {
    const url = new URL(String(address));
    return url.protocol === "http:" || url.protocol === "https:" ? url : null;
  } catch {
    return null;
  }
}

const MOST_TOLD = 3;
const SEEN_FOR = 3500;

/** Tell something in passing: seen for a moment, read out politely. */
export function tell(sentence) {
  const place = document.getElementById("told");
  const told = h("p", null, bdi(short(sentence, 300)));
  place.append(told);
  while (place.children.length > MOST_TOLD) place.firstChild.remove();
  setTimeout(() => told.remove(), SEEN_FOR);
}

/** Run what a click asks for; what goes wrong is told. */
export function doing(action) {
  return async (event) => {
    event?.preventDefault();
    try {
      await action(event);
    } catch (error) {
      tell(error.message);
    }
  };
}

/** A button that copies a text. */
export function copyButton(text, label, name = "button small") {
  const copy = doing(async () => {
    await copied(typeof text === "function" ? text() : text);
    tell("Copied.");
  });
  return h("button", { type: "button", class: name, onclick: copy }, label);
}

async function copied(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = h("textarea", { class: "told", value: text }); // pages without TLS have no clipboard
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
