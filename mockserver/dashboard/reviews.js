// View of the reviews that were left on simulated review pages.
import { bus, get, path } from "./api.js";
import { ago } from "./clock.js";
import { bdi, h } from "./dom.js";
import { badge, empty, heading, live, stars } from "./parts.js";
import { to } from "./route.js";

export const title = "Reviews";

export async function show({ signal }) {
  const list = await live(bus, ["exchange", "state", "reread"], signal, draw);
  return [heading(title), h("p", { class: "faint" }, "Reviews that were left on the simulated pages to which messages link."), list];
}

async function draw() {
  const found = await get("reviews", { order: "newest", limit: 200 });
  if (!found.total) return empty("No review was left yet.", h("p", { class: "faint" }, "Open the link in a message and leave one. ", h("a", { href: to(["messages"]) }, "See the messages")));
  const more = found.total - found.reviews.length;
  return [h("ul", { class: "reviews" }, found.reviews.map(review)), more > 0 ? h("p", { class: "faint" }, `${more} older ones are not shown.`) : null];
}

function review(one) {
  return h("li", { class: "card review" },
    h("p", { class: "facts" }, stars(one.rating), " ", ago(one.at), " ", badge(one.api)),
    h("h2", null, bdi(one.about ?? one.page)),
    one.text ? h("blockquote", null, bdi(one.text)) : null,
    h("p", { class: "facts" }, one.name ? [bdi(one.name), " \u00b7 "] : null,
      one.message_id ? [h("a", { href: "#", onclick: (event) => openMessage(event, one.message_id) }, "the message"), " \u00b7 "] : null,
      h("a", { href: to(["requests", one.id]) }, "the request")));
}

async function openMessage(event, id) {
  event.preventDefault();
  const message = await get(path("messages", id));
  location.hash = to(message.channel === "sms" ? ["messages", "sms", String(message.to)] : ["messages", "email", id]);
}
