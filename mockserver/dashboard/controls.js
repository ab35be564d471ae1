// View that controls the sandbox: clock, faults, reset, snapshot.
import { bus, get, path, plain, send } from "./api.js";
import { ago, frozen, moment } from "./clock.js";
import { bdi, eventHandler, h, notify } from "./dom.js";
import { faults } from "./faults.js";
import { badge, card, heading, live, table } from "./parts.js";
import { here, sandbox, to } from "./route.js";

export const title = "Controls";

const STEPS = [["PT1M", "1 minute"], ["PT1H", "1 hour"], ["P1D", "1 day"], ["P10D", "10 days"], ["P31D", "31 days"]];
const CHANGES = ["clock", "exchange", "message", "state", "reread"];

export async function show({ signal }) {
  const apis = await get("apis");
  const [clock, sandboxes, faultList] = await Promise.all([
    live(bus, CHANGES, signal, clockCard),
    live(bus, ["sandboxes", "reread"], signal, sandboxList),
    faults(apis, signal),
  ]);
  return [heading(title), clock, h("div", { class: "columns" }, card("Sandboxes", sandboxes, newSandbox()), card("Reset", resetCard())), card("Faults", faultList)];
}

function button(label, action, kind = "button") {
  return h("button", { type: "button", class: kind, onclick: eventHandler(action) }, label);
}

async function move(change) {
  const shown = await send("POST", "clock", change);
  notify(change.frozen === undefined ? `The time is now ${shown.now}.` : change.frozen ? "The clock is frozen." : "The clock is running.");
}

async function clockCard() {
  const [shown, next, limits] = await Promise.all([get("clock"), nextMessage(), get("limits")]);
  const cooldown = limits.cooldowns[0];
  return card("Clock",
    h("p", { class: "big" }, moment(shown.now), " ", shown.frozen ? badge("frozen", "accent") : null),
    h("div", { class: "actions", role: "group", "aria-label": "Advance" }, h("span", { class: "faint" }, "Advance by"), STEPS.map(([step, label]) => button(label, () => move({ advance: step }))), custom()),
    h("div", { class: "actions" },
      button(shown.frozen ? "Unfreeze" : "Freeze", () => move({ frozen: !shown.frozen })),
      jump("Go to the next scheduled message", next?.send_at, next ? ["to ", bdi(next.to)] : "no message is scheduled"),
      jump("Go to the end of the next cooldown", cooldown?.until, cooldown ? [bdi(cooldown.name), " of ", bdi(cooldown.subject)] : "no cooldown is active")));
}

function jump(label, instant, about) {
  return h("span", { class: "jump" },
    h("button", { type: "button", class: "button", disabled: !instant, onclick: eventHandler(() => move({ set: instant })) }, label),
    h("span", { class: "faint" }, about, instant ? [", ", ago(instant)] : null));
}

function custom() {
  const step = h("input", { id: "step", placeholder: "P3DT12H", size: "9", autocomplete: "off", spellcheck: "false", required: true });
  const submit = eventHandler(async () => {
    await move({ advance: step.value.trim().toUpperCase() });
    step.value = "";
  });
  return h("form", { class: "inline", onsubmit: submit }, h("label", { class: "visually-hidden", for: "step" }, "Other duration (ISO 8601)"), step, h("button", { class: "button" }, "Advance"));
}

async function nextMessage() {
  const found = await get("messages", { status: "scheduled", limit: 1000, order: "newest" });
  const shown = Date.parse((await get("clock")).now);
  return found.messages.filter((message) => Date.parse(message.send_at) > shown).sort((one, other) => Date.parse(one.send_at) - Date.parse(other.send_at))[0];
}

async function sandboxList() {
  const sandboxes = await plain("GET", "sandboxes");
  return table("Sandboxes", ["Name", "Requests", ""], sandboxes.slice(0, 200).map((one) => [
    h("a", { href: to(here().parts, { sandbox: one.name }), "aria-current": one.name === sandbox() ? "true" : null }, bdi(one.name)),
    h("span", null, one.requests),
    one.name === "default" ? "" : button(["Delete", h("span", { class: "visually-hidden" }, ` ${one.name}`)], () => remove(one.name), "button small"),
  ]));
}

async function remove(name) {
  await plain("DELETE", path("sandboxes", name));
  notify(`The sandbox ${name} was deleted.`);
  if (name === sandbox()) location.hash = to(["controls"], { sandbox: "default" });
  bus.dispatchEvent(new Event("sandboxes"));
}

function newSandbox() {
  const name = h("input", { id: "new-sandbox", required: true, maxlength: "64", pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]*", autocomplete: "off", spellcheck: "false" });
  const submit = eventHandler(async () => {
    await plain("PUT", path("sandboxes", name.value));
    location.hash = to(["controls"], { sandbox: name.value });
  });
  return h("form", { class: "inline", onsubmit: submit }, h("label", { for: "new-sandbox" }, "New sandbox"), name, h("button", { class: "button" }, "Create and open"));
}

function resetCard() {
  const file = h("input", { type: "file", id: "snapshot", accept: "application/json,.json", onchange: eventHandler(upload) });
  return [
    h("p", { class: "actions" }, button("Reset the sandbox", reset, "button danger"), h("span", { class: "faint" }, "back to its initial state: no messages, no requests, no faults")),
    h("h3", null, "Snapshot"),
    h("p", { class: "actions" }, button("Download", download), h("span", { class: "faint" }, "clock, settings and all records")),
    h("div", { class: "field" }, h("label", { for: "snapshot" }, "Restore from a file"), file),
  ];
}

async function reset() {
  await send("POST", "reset");
  notify("The sandbox was reset to its initial state.");
}

async function download() {
  const snapshot = await get("state");
  const url = URL.createObjectURL(new Blob([JSON.stringify(snapshot)], { type: "application/json" }));
  h("a", { href: url, download: `mockserver-${sandbox()}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

async function upload(event) {
  const [file] = event.target.files;
  if (!file) return;
  await send("PUT", "state", await file.text());
  event.target.value = "";
  notify("The snapshot was restored.");
}
