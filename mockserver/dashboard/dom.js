// Elements made from untrusted values: every text becomes a text node, never markup.

/** Create an element; `properties` are attributes, and listeners with names such as `onclick`. */
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

/** Replace the children of an element. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** Return an untrusted text, isolated from the text direction around it. */
export function bdi(value, properties) {
  return h("bdi", properties, shown(value));
}

/** Return an untrusted text on one line that the layout cuts; its tooltip has more of it. */
export function line(value, name = "cut") {
  return bdi(short(shown(value), 300), { class: name, title: short(shown(value), 1000) });
}

const MAX_CODE = 100_000;

/** Return untrusted code in a box that scrolls. */
export function code(value, label) {
  const whole = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const more = whole.length - MAX_CODE;
  const text = more > 0 ? `${whole.slice(0, MAX_CODE)}\n\u2026 and ${more.toLocaleString("en")} more characters` : whole;
  return h("pre", { class: "code", tabindex: "0", role: "group", "aria-label": label }, h("code", { dir: "auto" }, readable(text)));
}

export function shown(value) {
  if (value === null || value === undefined) return "";
  return readable(typeof value === "string" ? value : JSON.stringify(value));
}

/** Replace control characters and direction marks by visible ones. */
function readable(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (mark) =>
    mark === "\r" ? "" : mark < " " ? String.fromCharCode(0x2400 + mark.charCodeAt(0)) : "\ufffd");
}

export function short(text, most) {
  return text.length > most ? `${text.slice(0, most)}\u2026` : text;
}

/** Return the URL if it is one of HTTP, else null. */
export function followable(address) {
  try {
    const url = new URL(String(address));
    return url.protocol === "http:" || url.protocol === "https:" ? url : null;
  } catch {
    return null;
  }
}

const MAX_NOTIFICATIONS = 3;
const NOTIFICATION_TIME = 3500;

/** Show a notification for some seconds; screen readers announce it. */
export function notify(sentence) {
  const place = document.getElementById("notifications");
  const message = h("p", null, bdi(short(sentence, 300)));
  place.append(message);
  while (place.children.length > MAX_NOTIFICATIONS) place.firstChild.remove();
  setTimeout(() => message.remove(), NOTIFICATION_TIME);
}

/** Make an event handler of an action; an error becomes a notification. */
export function eventHandler(action) {
  return async (event) => {
    event?.preventDefault();
    try {
      await action(event);
    } catch (error) {
      notify(error.message);
    }
  };
}

/** Return a button that copies a text. */
export function copyButton(text, label, name = "button small") {
  const copy = eventHandler(async () => {
    await copied(typeof text === "function" ? text() : text);
    notify("Copied.");
  });
  return h("button", { type: "button", class: name, onclick: copy }, label);
}

async function copied(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = h("textarea", { class: "visually-hidden", value: text }); // pages without TLS have no clipboard
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
