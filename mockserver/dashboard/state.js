// View of the state of an API in the sandbox: limits, cooldowns, credentials, records.
import { bus, get, path, send } from "./api.js";
import { ago, moment, now } from "./clock.js";
import { bdi, code, eventHandler, h, line, notify } from "./dom.js";
import { badge, card, choice, empty, heading, live, meter, table, tabs } from "./parts.js";
import { filter, here } from "./route.js";

export const title = "State";

const CHANGES = ["exchange", "state", "clock", "reread"];
const PAGE = 50;

export async function show({ parts, signal }) {
  const apis = await get("apis");
  const name = parts[0] ?? apis[0]?.name;
  if (!name) return [heading(title), empty("No API is served.")];
  const links = apis.map((api) => ({ name: api.name, parts: ["state", api.name], current: api.name === name }));
  const api = await get(path("apis", name));
  const [limits, tokens, records] = await Promise.all([
    live(bus, CHANGES, signal, () => limitCards(name)),
    live(bus, CHANGES, signal, () => tokenCard(name)),
    live(bus, [...CHANGES, "records"], signal, () => recordCard(api)),
  ]);
  return [heading(title), apis.length > 1 ? tabs("APIs", links) : null, limits, tokens, records];
}

async function limitCards(api) {
  const limits = await get("limits", { api });
  return [
    h("div", { class: "columns" },
      card("Quotas", limits.quotas.length ? limits.quotas.map(quota) : h("p", { class: "faint" }, "This API has no quotas.")),
      card("Rate limits", limits.rate_limits.length ? limits.rate_limits.map(rate) : h("p", { class: "faint" }, "No request was counted yet."))),
    card("Cooldowns", limits.cooldowns.length ? table("Cooldowns", ["Cooldown", "Subject", "Since", "Ends", ""], limits.cooldowns.slice(0, 100).map(cooldown)) : h("p", { class: "faint" }, "No cooldown is active.")),
  ];
}

function label(name, subject) {
  return h("span", null, h("strong", null, bdi(name)), subject ? [" of ", bdi(subject)] : null);
}

function quota(one) {
  const renews = one.renews ? h("p", { class: "faint" }, "renews on ", moment(one.renews), ", ", ago(one.renews)) : null;
  if (one.limit === null) return h("p", null, label(one.name, one.subject), ` ${one.used} used`);
  return h("div", null, meter(label(one.name, one.subject), one.used, one.limit, `${one.left} of ${one.limit} left`), renews);
}

function rate(one) {
  return h("div", null, meter(label(one.name, one.subject), one.limit - one.left, one.limit, `${one.left} of ${one.limit} left`),
    one.left < one.limit ? h("p", { class: "faint" }, "resets ", ago(one.resets_at)) : null);
}

function cooldown(one) {
  const end = eventHandler(async () => {
    await send("POST", "clock", { set: one.until });
    notify(`The clock is set to the end of ${one.name} of ${one.subject}.`);
  });
  return [bdi(one.name), bdi(one.subject), ago(one.since), h("span", null, moment(one.until), h("br"), h("span", { class: "faint" }, ago(one.until))),
    h("button", { type: "button", class: "button small", onclick: end }, "Go to the end", h("span", { class: "visually-hidden" }, ` (${one.name} of ${one.subject})`))];
}

async function tokenCard(api) {
  const found = (await get("tokens")).tokens.filter((token) => token.api === api);
  if (!found.length) return null;
  return card("Credentials and tokens", table("Credentials and tokens", ["Kind", "Value", "Owner", "Lifetime"], found.slice(0, 100).map((token) => [
    bdi(token.kind), h("code", null, line(token.value)), h("span", null, line(token.owner), token.description ? h("span", { class: "faint" }, line(token.description)) : null), life(token)])));
}

function life(token) {
  const hasExpired = token.expires_at && Date.parse(token.expires_at) <= now();
  if (token.is_over) return h("span", null, badge(hasExpired ? "expired" : "used", "bad"), token.expires_at ? [" ", ago(token.expires_at)] : null);
  if (!token.expires_at) return h("span", { class: "faint" }, "does not expire");
  if (!token.created_at) return h("span", null, "expires ", ago(token.expires_at));
  const [from, until] = [Date.parse(token.created_at), Date.parse(token.expires_at)];
  const words = h("span", null, "expires ", ago(token.expires_at));
  return h("div", null, meter(h("span", { class: "visually-hidden" }, "Used part of the lifetime"), Math.max(0, Math.round((now() - from) / 1000)), Math.round((until - from) / 1000), ""), words);
}

async function recordCard(api) {
  const { filters } = here();
  const name = api.collections.includes(filters.get("in")) ? filters.get("in") : api.collections[0];
  const offset = Math.max(0, Number(filters.get("from")) || 0);
  const found = await get(`records/${path(api.name, name)}`, { limit: PAGE, offset });
  const go = (changes) => {
    filter(changes);
    bus.dispatchEvent(new Event("records"));
  };
  const last = Math.min(offset + PAGE, found.total);
  return card("Records",
    h("div", { class: "filters" }, choice("Collection", api.collections.map((one) => [one, one]), name, (value) => go({ in: value, from: "" })), h("span", { class: "faint" }, found.total ? `${offset + 1} to ${last} of ${found.total}` : "none"),
      offset > 0 ? h("button", { type: "button", class: "button small", onclick: () => go({ from: String(Math.max(0, offset - PAGE) || "") }) }, "Earlier") : null,
      last < found.total ? h("button", { type: "button", class: "button small", onclick: () => go({ from: String(last) }) }, "Later") : null),
    found.total ? recordTable(name, found.records) : empty("This collection has no records."));
}

const MAX_COLUMNS = 6;

function recordTable(name, records) {
  const columns = [...new Set(records.flatMap(Object.keys))];
  const shown = columns.slice(0, MAX_COLUMNS);
  const whole = (record) => h("details", { class: "whole" }, h("summary", null, "show all"), code(record, "The whole record"));
  const rows = records.map((record) => [whole(record), ...shown.map((column) => value(record[column]))]);
  return table(`Records of ${name}`, ["Record", ...shown.map((column) => line(column))], rows);
}

function value(content) {
  if (content === undefined || content === null) return h("span", { class: "faint" }, "\u2013");
  return line(content);
}
