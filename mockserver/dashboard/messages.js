// View of the outbox: a conversation for each phone number, and e-mails.
import { bus, get } from "./api.js";
import { ago, clockTime, date, frozen, liveText, moment, now, span } from "./clock.js";
import { bdi, fill, followable, h, line, short } from "./dom.js";
import { badge, choice, empty, heading, search, throttled } from "./parts.js";
import { filter, here, sandbox, to } from "./route.js";

export const title = "Messages";

const PAGE_SIZE = 200;

export async function show({ parts, signal }) {
  const outbox = new Outbox(parts, signal);
  await outbox.read();
  return [heading(title, outbox.count), outbox.element];
}

class Outbox {
  constructor(parts, signal) {
    this.open = parts;
    this.signal = signal;
    this.messages = new Map();
    this.total = 0;
    this.most = PAGE_SIZE;
    this.count = h("span", { class: "faint" });
    this.list = h("ul", { class: "conversations" });
    this.reading = h("section", { class: "reading", "aria-label": "Message" });
    const filters = here().filters;
    this.element = h(
      "div",
      { class: parts.length ? "panes opened" : "panes" },
      h("div", { class: "pane" }, h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
        search("Search", filters.get("q") ?? "", (q) => this.narrow({ q })),
        choice("Kind", [["", "All"], ["sms", "SMS"], ["email", "E-mail"]], filters.get("channel") ?? "", (channel) => this.narrow({ channel })),
        choice("Status", [["", "All"], ["scheduled", "Scheduled"], ["sent", "Sent"], ["delivered", "Delivered"], ["failed", "Failed"]], filters.get("status") ?? "", (status) => this.narrow({ status })),
      ), this.list),
      this.reading,
    );
    const soon = throttled(() => this.draw());
    bus.addEventListener("message", (event) => {
      if (!this.messages.has(event.detail.id)) this.total += 1;
      this.messages.set(event.detail.id, event.detail);
      soon();
    }, { signal });
    const again = throttled(() => this.read().catch(() => {}), 250);
    for (const name of ["clock", "state", "reread"]) bus.addEventListener(name, again, { signal });
    const timer = setInterval(() => frozen || !this.isDue() || again(), 1000);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  async read() {
    const found = await get("messages", { order: "newest", limit: 1000 }, this.signal);
    this.messages = new Map(found.messages.reverse().map((message) => [message.id, message]));
    this.total = found.total;
    this.draw();
  }

  /** Return true if a status is due to change, so that the list must be read again. */
  isDue() {
    const at = now();
    return [...this.messages.values()].some((message) => message.changes_at && Date.parse(message.changes_at) <= at);
  }

  narrow(changes) {
    filter(changes);
    this.draw();
  }

  wanted() {
    const filters = here().filters;
    const [q, channel, status] = ["q", "channel", "status"].map((name) => filters.get(name) ?? "");
    const text = q.toLowerCase();
    return [...this.messages.values()].filter((message) =>
      (!channel || message.channel === channel) && (!status || message.status === status) &&
      (!text || [message.to, message.from, message.subject, message.text, message.api].some((part) => String(part ?? "").toLowerCase().includes(text))));
  }

  draw() {
    const found = this.wanted();
    this.count.textContent = found.length === this.total ? `${this.total}` : `${found.length} of ${this.total}`;
    const threads = conversations(found);
    if (!this.element.classList.contains("opened")) this.open = isWide() ? (threads[0]?.parts.slice(1) ?? []) : [];
    fill(this.list, threads.length ? threads.slice(0, this.most).map((thread) => this.entry(thread)) : h("li", null, nothing(this.total)), threads.length > this.most ? this.more() : null);
    fill(this.reading, this.content());
  }

  more() {
    const show = () => {
      this.most += PAGE_SIZE;
      this.draw();
    };
    return h("li", { class: "more" }, h("button", { type: "button", class: "button", onclick: show }, "Show more"));
  }

  entry(thread) {
    const last = thread.messages.at(-1);
    const isSms = last.channel === "sms";
    return h("li", null, h("a", { class: "conversation", href: to(thread.parts, presentFilters()), "aria-current": thread.parts.slice(1).join() === this.open.join() ? "true" : null },
      h("span", { class: "avatar", "aria-hidden": "true" }, isSms ? "SMS" : "@"),
      h("span", { class: "about" },
        h("span", { class: "who" }, line(last.to), thread.messages.length > 1 ? h("span", { class: "faint" }, ` ${thread.messages.length}`) : null),
        isSms ? null : h("span", { class: "subject" }, line(last.subject ?? "(no subject)")),
        h("span", { class: "preview" }, bdi(short(last.text, 200)))),
      h("span", { class: "when" }, last.status === "scheduled" ? badge("scheduled", "accent") : last.status === "failed" ? badge("failed", "bad") : ago(last.send_at)),
    ));
  }

  content() {
    const [kind, id] = this.open;
    if (!kind) return empty("Choose a conversation to read it.");
    const found = [...this.messages.values()].filter((message) => (kind === "sms" ? message.channel === "sms" && String(message.to) === id : message.id === id));
    const back = h("a", { class: "back", href: to(["messages"], presentFilters()) }, "\u2039 All messages");
    if (!found.length) return [back, empty("There is no such message in this sandbox.")];
    return [back, kind === "sms" ? phone(found) : mail(found[0])];
  }
}

/** Return true if there is room for a conversation next to the list. */
function isWide() {
  return matchMedia("(min-width: 861px)").matches;
}

function presentFilters() {
  const { filters } = here();
  return Object.fromEntries(["q", "channel", "status"].map((name) => [name, filters.get(name)]));
}

function nothing(total) {
  return total ? empty("No message matches.") : empty("No message was sent yet.", h("p", { class: "faint" }, "Send an invitation and it appears here. ", h("a", { href: to(["apis"]) }, "Copy a request to try")));
}

/** Group SMS by number, keep each e-mail single; the newest comes first. */
function conversations(messages) {
  const found = new Map();
  for (const message of messages) {
    const isSms = message.channel === "sms";
    const parts = isSms ? ["messages", "sms", String(message.to)] : ["messages", "email", message.id];
    const key = parts.join("\n");
    const thread = found.get(key) ?? { parts, messages: [] };
    thread.messages.push(message);
    found.delete(key);
    found.set(key, thread);
  }
  return [...found.values()].reverse();
}

function phone(messages) {
  const first = messages[0];
  let day = "";
  const bubbles = messages.map((message) => {
    const today = date(message.send_at);
    const mark = today === day ? null : h("li", { class: "day" }, today);
    day = today;
    return [mark, h("li", { class: `bubble ${message.status}` }, h("p", { class: "sender" }, line(message.from ?? message.api)), h("p", { class: "words" }, linked(message)), facts(message))];
  });
  return h("div", { class: "phone" }, h("h2", { class: "to" }, h("span", { class: "visually-hidden" }, "SMS to "), bdi(first.to)), h("ol", { class: "thread" }, bubbles));
}

function mail(message) {
  return h("article", { class: "mail" },
    h("h2", null, bdi(message.subject ?? "(no subject)")),
    h("dl", { class: "head" }, [["From", message.from], ["To", message.to]].map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, bdi(value)))),
      h("div", null, h("dt", null, "Date"), h("dd", null, moment(message.send_at)))),
    h("p", { class: "words" }, linked(message)),
    facts(message));
}

/** Return the text of a message, with its link as a link. */
function linked(message) {
  const url = followable(message.link);
  const text = String(message.text);
  if (!url) return bdi(text);
  const at = text.indexOf(message.link);
  const link = h("a", { href: reviewAddress(url), target: "_blank", rel: "noopener noreferrer" }, bdi(message.link));
  if (at < 0) return [bdi(text), " ", link];
  return [bdi(text.slice(0, at)), link, bdi(text.slice(at + message.link.length))];
}

/** Return the URL of a review page in the present sandbox. */
function reviewAddress(url) {
  if (url.origin === location.origin && sandbox() !== "default" && !url.pathname.startsWith("/~")) {
    return `${url.origin}/~${sandbox()}${url.pathname}${url.search}`;
  }
  return url.href;
}

function facts(message) {
  const sms = message.channel === "sms" ? ` \u00b7 ${message.segments} SMS, ${message.encoding === "gsm-7" ? "GSM-7" : "UCS-2"}` : "";
  return h("p", { class: "facts" }, progress(message), sms, " \u00b7 ", bdi(message.api), " \u00b7 ", h("a", { href: to(["requests", message.request_id]) }, "request"));
}

function progress(message) {
  const at = Date.parse(message.send_at);
  if (message.status === "scheduled") {
    return liveText(h("strong", { class: "countdown" }), () => (at - now() >= 1000 ? `will be sent in ${span(at - now())}` : "being sent"));
  }
  return h("span", { class: message.status === "failed" ? "failed" : null }, message.status, " ", h("time", { datetime: message.send_at, title: `${date(at)} UTC` }, clockTime(at).slice(0, 5)));
}
