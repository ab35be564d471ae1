// One exchange of the journal: request, answer, and the decisions between them.
import { get, path, send } from "./api.js";
import { ago, moment } from "./clock.js";
import { curl } from "./curl.js";
import { bdi, code, copyButton, eventHandler, h, notify } from "./dom.js";
import { method, pairs, statusBadge } from "./parts.js";
import { to } from "./route.js";
import { traceList, verdict } from "./trace.js";

const MOST_CHANGES = 20;
const HIDDEN = "[redacted]";
const LEFT_OUT = ["host", "content-length", "accept-encoding", "connection", "user-agent"];

/** Return an exchange in full. */
export async function exchange(id, signal) {
  let one;
  try {
    one = await get(path("requests", id), {}, signal);
  } catch (error) {
    return h("p", { class: "empty" }, error.message);
  }
  const [command, changed] = await Promise.all([asCurl(one), changes(id, one.changes, signal)]);
  const replay = eventHandler(async () => {
    const again = await send("POST", `${path("requests", id)}/replay`);
    location.hash = to(["requests", `${again.run}.${again.id}`]);
    notify(`Sent again as ${again.id}: ${again.status}.`);
  });
  return h("article", { class: "detail" },
    h("h2", null, method(one.method), " ", bdi(one.path, { class: "path" })),
    h("p", { class: "facts" }, statusBadge(one.status), one.reason ? [" ", bdi(one.reason)] : null, " \u00b7 ", moment(one.at), " (", ago(one.at), ") \u00b7 ", bdi(one.id), one.operation ? [" \u00b7 ", bdi(one.operation)] : null),
    h("p", { class: "actions" }, copyButton(command, "Copy as curl", "button"), h("button", { type: "button", class: "button", onclick: replay }, "Replay"), sent(one)),
    verdict(one.trace),
    h("h3", null, "Decisions"),
    traceList(one.trace),
    h("h3", null, "Changes"),
    changed,
    h("h3", null, "Request"),
    one.request.query ? pairs([["query", one.request.query]]) : null,
    headers(one.request.headers),
    body(one.request.body, "Request body"),
    h("h3", null, "Response"),
    headers(one.response.headers),
    body(one.response.body, "Response body"));
}

/** Return what the request changed in the sandbox, in words. */
async function changes(id, count, signal) {
  if (!count) return h("p", { class: "faint" }, "It changed nothing.");
  const found = await get(`${path("requests", id)}/changes`, { limit: MOST_CHANGES }, signal);
  const more = found.total > MOST_CHANGES ? h("p", { class: "faint" }, `and ${(found.total - MOST_CHANGES).toLocaleString("en")} more`) : null;
  return h("div", null, h("ul", { class: "changes" }, found.changes.map((change) => h("li", null, bdi(change.text)))), more);
}

function headers(items) {
  const count = Object.keys(items).length;
  return h("details", null, h("summary", null, `${count} headers`), pairs(Object.entries(items)));
}

function body(value, label) {
  return value === "" ? h("p", { class: "faint" }, "No body.") : code(value, label);
}

/** Return links to the messages that the request sent. */
function sent(one) {
  return one.trace.filter((decision) => decision.verb === "send" && decision.id).slice(0, 3).map((step) => {
    const parts = step.channel === "sms" ? ["messages", "sms", String(step.to)] : ["messages", "email", step.id];
    return h("a", { class: "button", href: to(parts) }, step.channel === "sms" ? "See the SMS" : "See the e-mail");
  });
}

/** Return the curl command; the API's first demo credential replaces hidden secrets. */
async function asCurl(one) {
  const given = Object.entries(one.request.headers).filter(([name]) => !LEFT_OUT.includes(name));
  const demo = one.api && given.some(([, value]) => value === HIDDEN) ? (await get(path("apis", one.api))).credentials[0] : null;
  const stand = (name, value) => (value === HIDDEN && demo ? (name === "cookie" && demo.where === "cookie" ? `${demo.name}=${demo.presented}` : demo.presented) : value);
  const content = one.request.body;
  return curl({
    method: one.request.method,
    url: location.origin + one.request.path + (one.request.query ? `?${one.request.query}` : ""),
    headers: Object.fromEntries(given.map(([name, value]) => [name, stand(name, value)])),
    body: content === "" ? null : typeof content === "string" ? content : JSON.stringify(content),
  });
}
