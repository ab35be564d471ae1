// The frame of all views: navigation, clock, sandbox, notifications, and the choice of the view.
import { bus, get, path, plain, unlock } from "./api.js";
import * as apis from "./apis.js";
import * as clock from "./clock.js";
import * as controls from "./controls.js";
import { fill, h, notify } from "./dom.js";
import * as messages from "./messages.js";
import { empty, heading, throttled } from "./parts.js";
import * as requests from "./requests.js";
import * as reviews from "./reviews.js";
import { here, sandbox, to } from "./route.js";
import * as state from "./state.js";
import { listen } from "./stream.js";

const VIEWS = { apis, messages, reviews, requests, state, controls };
const OLD = 250;

const main = document.getElementById("main");
const unseen = { messages: 0, reviews: 0 };
let leaving = new AbortController();
let present = "";
let world = null;

async function enter() {
  const { parts } = here();
  const address = location.hash;
  const isKnown = Object.hasOwn(VIEWS, parts[0] ?? "");
  const name = isKnown ? parts[0] : "apis";
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  if (sandbox() === world) readAgain();
  else await change();
  if (signal.aborted) return;
  if (name in unseen) unseen[name] = 0;
  navigation(name);
  document.title = `${VIEWS[name].title} \u00b7 mockserver`;
  try {
    const content = await VIEWS[name].show({ parts: isKnown ? parts.slice(1) : [], signal });
    if (signal.aborted) return;
    fill(main, content);
    if (!present) performance.mark("first-view");
  } catch (error) {
    const content = (await isMissing()) ? missing() : empty(error.message);
    if (!signal.aborted) fill(main, heading(VIEWS[name].title), content);
  }
  main.dataset.shown = address;
  if (present && present !== parts.join("/")) arrive(present.split("/")[0] !== name);
  present = parts.join("/") || name;
}

/** Return true if the present sandbox does not exist, because nothing was done in it yet. */
async function isMissing() {
  if (sandbox() === "default") return false;
  try {
    return !(await plain("GET", "sandboxes")).some((one) => one.name === sandbox());
  } catch {
    return false;
  }
}

function missing() {
  const name = sandbox();
  const create = async () => {
    await plain("PUT", path("sandboxes", name));
    listen();
    enter();
  };
  return h("div", { class: "card missing" },
    h("p", null, "There is no sandbox ", h("strong", null, name), ". The first request to an API in it creates it, and then this page shows it."),
    h("p", { class: "actions" }, h("button", { type: "button", class: "button main", onclick: create }, "Create it"), h("a", { class: "button", href: to(here().parts.slice(0, 1), { sandbox: "default" }) }, "Open the sandbox default")));
}

/** Move focus and scroll position to the top of a new view, for screen readers too. */
function arrive(isOther) {
  if (isOther) scrollTo(0, 0);
  const target = main.querySelector(isOther ? "h1" : ".reading h2, .reading .to, h1");
  if (!target) return;
  target.tabIndex = -1;
  target.focus({ preventScroll: !isOther && innerWidth > 900 });
}

/** Update the links in place: a link that is replaced while it is pressed loses the click. */
function navigation(current) {
  const list = document.getElementById("views");
  if (!list.querySelector("a")) {
    fill(list, Object.keys(VIEWS).map((name) => h("li", null, h("a", { class: `view-${name}` }))));
  }
  for (const [name, view] of Object.entries(VIEWS)) {
    const count = unseen[name] ? h("span", { class: "count" }, unseen[name], h("span", { class: "visually-hidden" }, " new")) : null;
    const link = list.querySelector(`.view-${name}`);
    link.setAttribute("href", to([name]));
    if (name === current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    fill(link, view.title, count);
  }
  list.querySelector("[aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Switch to another sandbox. */
async function change() {
  world = sandbox();
  unseen.messages = unseen.reviews = 0;
  await Promise.race([listen(), new Promise((resolve) => setTimeout(resolve, OLD))]);
  readClock().catch(() => {});
  readSandboxes().catch(() => {});
}

async function readClock() {
  clock.set(await get("clock"));
  drawClock();
}

function drawClock() {
  const words = () => `${clock.date(clock.now())}, ${clock.clockTime(clock.now())}`;
  const time = clock.liveText(h("span", { class: "now" }), words);
  const mark = clock.frozen ? h("span", { class: "frozen" }, "frozen") : null;
  fill(document.getElementById("clock"), h("a", { href: to(["controls"]), title: "The sandbox's clock, in UTC" }, h("span", { class: "visually-hidden" }, "Clock: "), time, h("span", { class: "zone" }, " UTC"), mark));
}

async function readSandboxes() {
  const names = (await plain("GET", "sandboxes")).map((one) => one.name);
  const place = document.getElementById("sandbox");
  if (place.contains(document.activeElement) && place.querySelector("select").value === world) return;
  if (!names.includes(world)) names.push(world);
  const options = names.slice(0, 500).map((name) => h("option", { value: name, selected: name === world }, name));
  const go = (event) => (location.hash = to(here().parts.slice(0, 1), { sandbox: event.target.value }));
  fill(place, h("label", null, h("span", { class: "label" }, "Sandbox"), h("select", { onchange: go }, options)));
}

const drawNavigation = throttled(() => navigation(Object.hasOwn(VIEWS, here().parts[0]) ? here().parts[0] : "apis"));
const readAgain = throttled(() => readSandboxes().catch(() => {}));

bus.addEventListener("message", ({ detail }) => {
  const kind = detail.channel === "sms" ? "SMS" : "e-mail";
  notify(`${detail.status === "scheduled" && detail.send_at !== detail.created_at ? "Scheduled" : "New"} ${kind} to ${String(detail.to).slice(0, 60)}`);
  if (here().parts[0] !== "messages") unseen.messages += 1;
  drawNavigation();
});
bus.addEventListener("exchange", ({ detail }) => {
  if (detail.operation !== "leaveReview" || detail.status >= 400) return;
  notify("A review was left.");
  if (here().parts[0] !== "reviews") unseen.reviews += 1;
  drawNavigation();
});
bus.addEventListener("clock", ({ detail }) => {
  clock.set(detail);
  drawClock();
});
bus.addEventListener("state", ({ detail }) => {
  if (["reset", "restore", "rewind"].includes(detail.changed)) readClock().catch(() => {});
});
bus.addEventListener("reread", () => {
  readClock().catch(() => {});
  readAgain();
});
bus.addEventListener("sandboxes", readAgain);
bus.addEventListener("appeared", () => {
  readClock().catch(() => {});
  enter();
});
bus.addEventListener("line", ({ detail }) => {
  const line = document.getElementById("line");
  line.className = detail ? "line" : "line lost";
  line.textContent = detail ? "" : "The server does not answer; trying again\u2026";
});
bus.addEventListener("locked", () => {
  leaving.abort();
  if (main.querySelector(".lock")) return; // someone may be typing
  const input = h("input", { id: "token", type: "password", required: true, autocomplete: "off" });
  const submit = (event) => {
    event.preventDefault();
    unlock(input.value);
    fill(main);
    world = null;
    enter();
  };
  fill(main, h("form", { class: "card lock", onsubmit: submit }, h("h1", null, "This dashboard needs a token"),
    h("p", { class: "prose" }, "Enter the value of ", h("code", null, "--control-token"), " with which the server was started."),
    h("label", { class: "field wide", for: "token" }, "Control token"), input, h("button", { class: "button main" }, "Open")));
});

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", enter);
enter();
