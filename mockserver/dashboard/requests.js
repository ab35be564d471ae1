// View of the journal: a live list of any length, with its filters in the URL.
import { bus, get } from "./api.js";
import { clockTime } from "./clock.js";
import { fill, h, line } from "./dom.js";
import { exchange } from "./exchange.js";
import { badge, choice, heading, method, search, throttled, statusBadge } from "./parts.js";
import { filter, here, to } from "./route.js";
import { windowed } from "./windowed.js";

export const title = "Requests";

const PAGE = 1000;
const MAX_KEPT = 50_000;
const NAMES = ["q", "api", "status", "reason"];

export async function show({ parts, signal }) {
  const journal = new Journal(parts[0], signal);
  const [, detail] = await Promise.all([journal.read(), parts[0] ? exchange(parts[0], signal) : null]);
  const reading = detail ? h("section", { class: "reading", "aria-label": "Request" }, h("a", { class: "back", href: to(["requests"], presentFilters()) }, "\u2039 All requests"), detail) : null;
  return [heading(title, journal.count), h("div", { class: detail ? "panes wide opened" : "panes single" }, h("div", { class: "pane" }, journal.filters, journal.rows.element, journal.nothing), reading)];
}

function presentFilters() {
  const { filters } = here();
  return Object.fromEntries(NAMES.map((name) => [name, filters.get(name)]));
}

class Journal {
  constructor(open, signal) {
    this.open = open;
    this.signal = signal;
    this.all = []; // the newest first
    this.dropped = 0;
    this.count = h("span", { class: "faint" });
    this.nothing = h("p", { class: "empty", hidden: true }, "No request matches.");
    this.filters = h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() });
    this.rows = windowed("Requests, the newest first", (item) => this.row(item));
    const soon = throttled(() => this.draw(), 100);
    bus.addEventListener("exchange", (event) => {
      if (this.all[0]?.id === event.detail.id) return;
      this.all.unshift(event.detail);
      if (this.all.length > MAX_KEPT) this.all.pop();
      soon();
    }, { signal });
    const again = throttled(() => this.read().catch(() => {}));
    bus.addEventListener("reread", again, { signal });
    bus.addEventListener("state", (event) => ["reset", "requests", "restore", "rewind"].includes(event.detail.changed) && again(), { signal });
  }

  /** Read and show the newest page, then read the older ones. */
  async read() {
    const first = await get("requests", { order: "newest", limit: PAGE }, this.signal);
    this.run = first.run;
    this.all = first.requests;
    this.dropped = first.dropped;
    this.choices();
    this.draw();
    this.readOn(first.total).catch(() => {});
  }

  async readOn(total) {
    const known = new Set(this.all.map((item) => item.id));
    for (let offset = PAGE; offset < total; offset += PAGE) {
      const page = await get("requests", { order: "newest", limit: PAGE, offset }, this.signal);
      this.all = this.all.concat(page.requests.filter((item) => !known.has(item.id)));
      page.requests.forEach((item) => known.add(item.id));
      this.draw();
    }
  }

  choices() {
    const { filters } = here();
    const seen = (name) => [...new Set(this.all.map((item) => item[name]).filter(Boolean).concat(filters.get(name) ?? []))].sort();
    const chosen = (name) => (value) => {
      filter({ [name]: value });
      this.draw();
    };
    if (this.filters.contains(document.activeElement)) return;
    fill(this.filters,
      search("Search", filters.get("q") ?? "", chosen("q")),
      choice("API", [["", "All"], ...seen("api").map((name) => [name, name])], filters.get("api") ?? "", chosen("api")),
      choice("Status", [["", "All"], ["2", "2xx"], ["3", "3xx"], ["4", "4xx"], ["5", "5xx"]], filters.get("status") ?? "", chosen("status")),
      choice("Reason", [["", "All"], ...seen("reason").map((name) => [name, name])], filters.get("reason") ?? "", chosen("reason")));
  }

  draw() {
    const { filters } = here();
    const [q, api, status, reason] = NAMES.map((name) => filters.get(name) ?? "");
    const text = q.toLowerCase();
    const matches = (item) =>
      (!api || item.api === api) && (!status || String(item.status).startsWith(status)) && (!reason || item.reason === reason) &&
      (!text || `${item.id} ${item.method} ${item.path} ${item.operation ?? ""}`.toLowerCase().includes(text));
    const found = this.all.filter(matches);
    const added = this.top ? Math.max(0, found.findIndex((item) => item.id === this.top)) : 0;
    this.top = found[0]?.id;
    this.rows.show(found, added);
    this.nothing.hidden = found.length > 0;
    const gone = this.dropped ? `, ${this.dropped.toLocaleString("en")} older ones were dropped` : "";
    this.count.textContent = (found.length === this.all.length ? `${found.length.toLocaleString("en")}` : `${found.length.toLocaleString("en")} of ${this.all.length.toLocaleString("en")}`) + gone;
  }

  row(item) {
    const name = `${this.run}.${item.id}`; // with its run, so that it never shows a request after a reset
    return h("a", { class: "exchange", href: to(["requests", name], presentFilters()), "aria-current": [name, item.id].includes(this.open) ? "true" : null },
      h("time", { datetime: item.at, class: "faint" }, clockTime(Date.parse(item.at))),
      statusBadge(item.status),
      method(item.method),
      h("span", { class: "path" }, line(item.path)),
      item.reason ? badge(item.reason, "warn") : h("span", { class: "faint api" }, line(item.api ?? "")));
  }
}
