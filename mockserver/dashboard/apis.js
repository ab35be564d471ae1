// View of an API: base URL, credentials, sample requests, settings, test values.
import { bus, get, path, send } from "./api.js";
import { curl } from "./curl.js";
import { bdi, code, copyButton, eventHandler, h, notify } from "./dom.js";
import { badge, card, empty, heading, live, method, table, tabs } from "./parts.js";
import { sandbox } from "./route.js";

export const title = "APIs";

export async function show({ parts, signal }) {
  const apis = await get("apis");
  const name = parts[0] ?? apis[0]?.name;
  if (!name) return [heading(title), empty("No API is served.")];
  const api = await get(path("apis", name));
  const links = apis.map((one) => ({ name: one.name, parts: ["apis", one.name], current: one.name === name }));
  const redraw = async () => settings(await get(path("apis", name)));
  return [
    heading(title),
    apis.length > 1 ? tabs("APIs", links) : null,
    h("div", { class: "intro" }, h("h2", null, bdi(api.title), " ", badge(api.version)), h("p", { class: "prose" }, bdi(api.description))),
    addresses(api),
    card("Operations", h("ul", { class: "operations" }, api.operations.map(operation))),
    await live(bus, ["state", "reread"], signal, redraw),
    testValues(api),
    card("Assumptions", h("p", { class: "prose" }, "Where a vendor's documents leave something open, the mock makes an assumption. For a bundled API they are listed in ", h("code", null, bdi(`docs/apis/${api.name}.md`)), " of the project; for your own API, its document is the only source.")),
  ];
}

function addresses(api) {
  const where = sandbox() === "default" ? api.base_url : api.base_url.replace(/^(https?:\/\/[^/]+)/, `$1/~${sandbox()}`);
  const sent = (one) => (one.where === "header" ? `${one.name}: ${one.presented}` : `${one.where} ${one.name}=${one.presented}`);
  const rows = api.credentials.map((one) => [h("code", null, bdi(sent(one))), bdi(one.description), copyButton(String(one.value), "Copy")]);
  return card(
    "Base URL",
    h("p", { class: "address" }, h("code", null, bdi(where)), copyButton(where, "Copy"), h("a", { class: "button small", href: `docs/${encodeURIComponent(api.name)}` }, "Reference")),
    rows.length ? [h("h3", null, "Demo credentials"), table("Demo credentials", ["Header or parameter", "Permissions", ""], rows)] : null,
  );
}

function operation(one) {
  const command = curl(one.sample);
  return h(
    "li",
    { class: "operation" },
    h(
      "details",
      null,
      h("summary", null, method(one.method), h("span", { class: "path" }, bdi(one.path)), h("span", { class: "faint" }, bdi(one.summary), one.deprecated ? " (deprecated)" : "")),
      code(command, `curl for ${one.id}`),
    ),
    copyButton(command, ["Copy curl", h("span", { class: "visually-hidden" }, ` for ${one.id}`)]),
  );
}

function settings(api) {
  if (!api.settings.length) return null;
  return card("Settings", h("p", { class: "faint" }, "For this sandbox only. A change applies from the next request on."), api.settings.map((one) => setting(api.name, one)));
}

function setting(api, one) {
  const change = (value) => eventHandler(async () => {
    await send("PATCH", path("settings", api), { [one.name]: value });
    notify(`${one.name} is ${value}.`);
  })();
  const id = `setting-${one.name}`;
  const isOwn = JSON.stringify(one.value) !== JSON.stringify(one.default);
  return h(
    "div",
    { class: "setting" },
    h("div", null, h("label", { for: id }, h("code", null, bdi(one.name))), h("p", { class: "faint" }, bdi(one.description))),
    h("div", { class: "value" }, control(one, id, change), isOwn ? h("button", { type: "button", class: "button small", onclick: () => change(one.default) }, `Reset to ${one.default}`, h("span", { class: "visually-hidden" }, ` for ${one.name}`)) : null),
  );
}

function control(one, id, change) {
  if (one.type === "boolean") {
    return h("input", { id, type: "checkbox", class: "switch", checked: one.value, onchange: (event) => change(event.target.checked) });
  }
  if (one.enum) {
    const options = one.enum.map((value) => h("option", { selected: value === one.value }, value));
    return h("select", { id, onchange: (event) => change(event.target.value) }, options);
  }
  const isNumber = one.type === "integer" || one.type === "number";
  const read = (text) => (isNumber && text !== "" && !Number.isNaN(Number(text)) ? Number(text) : text);
  return h("input", { id, value: String(one.value), inputmode: isNumber ? "decimal" : null, autocomplete: "off", spellcheck: "false", onchange: (event) => change(read(event.target.value)) });
}

function testValues(api) {
  if (!api.test_values.length) return null;
  const rows = api.test_values.map((one) => [h("code", null, bdi(one.value)), bdi(one.description), h("code", { class: "faint" }, bdi(one.at.replace(/^\{\{\s*|\s*\}\}$/g, ""))), copyButton(one.value, "Copy")]);
  return card("Test values", table("Test values", ["Value", "Effect", "Compared with", ""], rows));
}
