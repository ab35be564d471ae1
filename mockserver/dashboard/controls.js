// What changes the sandbox from outside: its clock, faults, a fresh start, a snapshot.
import { bus, get, path, plain, send } from "./api.js";
import { ago, frozen, moment } from "./clock.js";
import { bdi, doing, h, tell } from "./dom.js";
import { faults } from "./faults.js";
import { badge, card, heading, live, table } from "./parts.js";
import { here, sandbox, to } from "./route.js";

export const title = "Controls";

const STEPS = [["PT1M", "1 minute"], ["PT1H", "1 hour"], ["P1D", "1 day"], ["P10D", "10 days"], ["P31D", "31 days"]];
const CHANGES = ["clock", "exchange", "message", "state", "reread"];

export async function show({ signal }) {
  const apis = await get("apis");
  const [clock, worlds, wrong] = await Promise.all([
    live(bus, CHANGES, signal, clockCard),
    live(bus, ["sandboxes", "reread"], signal, sandboxList),
    faults(apis, signal),
  ]);
  return [heading(title), clock, h("div", { class: "columns" }, card("Sandboxes", worlds, newSandbox()), card("Start again", startAgain())), card("Faults", wrong)];
}

function button(label, action, kind = "button") {
  return h("button", { type: "button", class: kind, onclick: doing(action) }, label);
}

async function move(change) {
  const shown = await send("POST", "clock", change);
  tell(change.frozen === undefined ? `The clock shows ${shown.now}.` : change.frozen ? "The clock stands still." : "The clock runs.");
}

async function clockCard() {
  const [shown, next, limits] = await Promise.all([get("clock"), nextMessage(), get("limits")]);
  const cooldown = limits.cooldowns[0];
  return card("Clock",
    h("p", { class: "big" }, moment(shown.now), " ", shown.frozen ? badge("stands still", "accent") : null),
    h("div", { class: "actions", role: "group", "aria-label": "Advance" }, h("span", { class: "faint" }, "Advance by"), STEPS.map(([step, label]) => button(label, () => move({ advance: step }))), custom()),
    h("div", { class: "actions" },
      button(shown.frozen ? "Let it run" : "Freeze", () => move({ frozen: !shown.frozen })),
      jump("Go to the next scheduled message", next?.send_at, next ? ["to ", bdi(next.to)] : "none is scheduled"),
      jump("Go to the end of the next cooldown", cooldown?.until, cooldown ? [bdi(cooldown.name), " of ", bdi(cooldown.subject)] : "none runs")));
}

function jump(label, instant, about) {
  return h("span", { class: "jump" },
    h("button", { type: "button", class: "button", disabled: !instant, onclick: doing(() => move({ set: instant })) }, label),
    h("span", { class: "faint" }, about, instant ? [", ", ago(instant)] : null));
}

function custom() {
  const step = h("input", { id: "step", placeholder: "P3DT12H", size: "9", autocomplete: "off", spellcheck: "false", required: true });
  const submit = doing(async () => {
    await move({ advance: step.value.trim().toUpperCase() });
    step.value = "";
  });
  return h("form", { class: "inline", onsubmit: submit }, h("label", { class: "told", for: "step" }, "Another ISO 8601 duration"), step, h("button", { class: "button" }, "Advance"));
}

async function nextMessage() {
  const found = await get("messages", { status: "scheduled", limit: 1000, order: "newest" });
  const shown = Date.parse((await get("clock")).now);
  return found.messages.filter((message) => Date.parse(message.send_at) > shown).sort((one, other) => Date.parse(one.send_at) - Date.parse(other.send_at))[0];
}

async function sandboxList() {
  const worlds = await plain("GET", "sandboxes");
  return table("Sandboxes", ["Name", "Requests", ""], worlds.slice(0, 200).map((world) => [
    h("a", { href: to(here().parts, { sandbox: world.name }), "aria-current": world.name === sandbox() ? "true" : null }, bdi(world.name)),
    h("span", null, world.requests),
    world.name === "default" ? "" : button(["Delete", h("span", { class: "told" }, ` ${world.name}`)], () => remove(world.name), "button small"),
  ]));
}

async function remove(name) {
  await plain("DELETE", path("sandboxes", name));
  tell(`The sandbox ${name} is gone.`);
  if (name === sandbox()) location.hash = to(["controls"], { sandbox: "default" });
  bus.dispatchEvent(new Event("sandboxes"));
}

function newSandbox() {
  const name = h("input", { id: "new-sandbox", required: true, maxlength: "64", pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]*", autocomplete: "off", spellcheck: "false" });
  const submit = doing(async () => {
    await plain("PUT", path("sandboxes", name.value));
    location.hash = to(["controls"], { sandbox: name.value });
  });
  return h("form", { class: "inline", onsubmit: submit }, h("label", { for: "new-sandbox" }, "New sandbox"), name, h("button", { class: "button" }, "Make and open"));
}

function startAgain() {
  const file = h("input", { type: "file", id: "snapshot", accept: "application/json,.json", onchange: doing(upload) });
  return [
    h("p", { class: "actions" }, button("Reset the sandbox", reset, "button danger"), h("span", { class: "faint" }, "as it was at start: no messages, no requests, no faults")),
    h("h3", null, "Snapshot"),
    h("p", { class: "actions" }, button("Download", download), h("span", { class: "faint" }, "clock, settings and all records")),
    h("div", { class: "field" }, h("label", { for: "snapshot" }, "Restore from a file"), file),
  ];
}

async function reset() {
  await send("POST", "reset");
  tell("The sandbox is as it was at start.");
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
  tell("The sandbox is as it was at the snapshot.");
}
