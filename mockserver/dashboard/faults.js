// Faults: failures that are injected on purpose.
import { bus, get, path, send } from "./api.js";
import { bdi, eventHandler, fill, h, notify } from "./dom.js";
import { live, table } from "./parts.js";

/** Effects of faults: name, label, label of the value, proposed values. */
const EFFECTS = [
  ["error", "refuse with an error kind", "Error kind", ["rate_limited", "quota_exhausted", "cooldown", "unauthenticated", "forbidden", "not_found", "conflict", "invalid"]],
  ["status", "answer a status", "Status", ["503", "500", "502", "504", "429", "404"]],
  ["example", "answer a documented example", "Name of the example", []],
  ["delay", "delay the answer", "ISO 8601 duration", ["PT2S", "PT10S", "PT1M"]],
  ["truncate", "cut the answer off", "Bytes that are sent", ["10", "0", "100"]],
  ["disconnect", "break the connection", "Before or after the request takes effect", ["before", "after"]],
];
const NUMBERS = new Set(["status", "truncate", "times", "after", "retry_after", "probability"]);

/** Return the list of faults and a form to add one. */
export async function faults(apis, signal) {
  return [await live(bus, ["state", "exchange", "reread"], signal, list), form(apis)];
}

async function list() {
  const found = await get("faults");
  if (!found.total) return h("p", { class: "faint" }, "No faults: all requests are answered normally.");
  return table("Faults", ["Requests", "Effect", "Hits", "Hits left", ""], found.faults.map((fault) => {
    const { api, operation, method, path: where, ...effect } = fault.definition;
    const target = [api, operation, method, where].filter(Boolean).join(" ") || "every request";
    const words = Object.entries(effect).map(([name, value]) => `${name} ${value}`).join(", ");
    return [bdi(target), bdi(words), h("span", null, fault.hits), h("span", null, fault.remaining ?? "no limit"), button(fault)];
  }));
}

function button(fault) {
  const remove = eventHandler(() => send("DELETE", path("faults", fault.id)));
  return h("button", { type: "button", class: "button small", onclick: remove }, "Remove", h("span", { class: "visually-hidden" }, ` ${fault.id}`));
}

function form(apis) {
  const submit = eventHandler(async (event) => {
    const given = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value !== ""));
    const { effect, value, ...rest } = given;
    await send("POST", "faults", Object.fromEntries(Object.entries({ ...rest, [effect]: value ?? "" }).map(read)));
    notify("The fault applies to the next matching requests.");
  });
  return h("form", { onsubmit: submit },
    h("div", { class: "filters" }, targets(apis), effects(), field("Number of hits", number("times", "1", { value: "1", placeholder: "no limit" })), h("button", { class: "button main" }, "Add fault")),
    h("details", { class: "more-fields" }, h("summary", null, "More"),
      h("div", { class: "filters" },
        field("Skip first", number("after", "0", { placeholder: "0" })),
        field("Share of requests", number("probability", "0", { max: "1", step: "any", placeholder: "1" })),
        field("Retry-After, seconds", number("retry_after", "0", {})))));
}

function read([name, value]) {
  return [name, NUMBERS.has(name) && !Number.isNaN(Number(value)) ? Number(value) : value];
}

function field(label, input) {
  return h("label", { class: "field" }, h("span", null, label), input);
}

function number(name, min, more) {
  return h("input", { name, type: "number", min, inputmode: "numeric", ...more });
}

function option(value, label) {
  return h("option", { value }, label);
}

/** Return the fields that select requests: of all APIs, of one, or of one operation. */
function targets(apis) {
  const operations = h("select", { name: "operation" });
  const shown = field("Operation", operations);
  const choose = eventHandler(async () => {
    const found = api.value ? (await get(path("apis", api.value))).operations : [];
    fill(operations, option("", "every operation"), found.map((one) => option(one.id, `${one.method} ${one.path}`)));
    shown.hidden = !api.value;
  });
  const api = h("select", { name: "api", onchange: choose }, option("", "every API"), apis.map((one) => option(one.name, one.name)));
  shown.hidden = true;
  return [field("Requests to", api), shown];
}

/** Return the fields of the effect and its value. */
function effects() {
  const label = h("span");
  const known = h("datalist", { id: "fault-values" });
  const value = h("input", { name: "value", list: "fault-values", required: true, autocomplete: "off", spellcheck: "false" });
  const choose = () => {
    const [, , asked, values] = EFFECTS.find(([name]) => name === effect.value);
    fill(label, asked);
    fill(known, values.map((one) => option(one)));
    value.value = values[0] ?? "";
  };
  const effect = h("select", { name: "effect", onchange: choose }, EFFECTS.map(([name, words]) => option(name, words)));
  choose();
  return [field("Effect", effect), h("label", { class: "field" }, label, value), known];
}
