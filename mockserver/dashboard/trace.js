// The decisions about a request, as sentences.
import { bdi, h } from "./dom.js";
import { ago, moment } from "./clock.js";

/** Return why a request was refused, or null if it was not. */
export function verdict(trace) {
  const refusing = trace.filter(refuses);
  if (!refusing.length) return null;
  const step = refusing.find((decision) => decision.what !== "Refused");
  const refusal = refusing.at(-1);
  const fault = trace.find((decision) => decision.what === "FaultInjected");
  return h("div", { class: "verdict" }, h("p", null, words(step ?? refusal)), fault ? h("p", null, words(fault)) : null, step ? h("p", null, "Message of the API: ", bdi(refusal.message)) : null);
}

/** Return a trace as a list; consecutive checks that passed are folded together. */
export function traceList(trace) {
  const items = [];
  let held = [];
  const fold = () => {
    if (held.length > 1) items.push(h("li", { class: "quiet" }, h("details", null, h("summary", null, `${held.length} steps passed`), h("ol", null, held.map((decision) => entry(decision, "quiet"))))));
    else items.push(...held.map((decision) => entry(decision, "quiet")));
    held = [];
  };
  for (const decision of trace) {
    if (isQuiet(decision)) {
      held.push(decision);
      continue;
    }
    fold();
    items.push(entry(decision, refuses(decision) ? "refusing" : "plain"));
  }
  fold();
  return h("ol", { class: "trace" }, items);
}

function entry(decision, kind) {
  const where = decision.source ? h("span", { class: "source" }, bdi(decision.source)) : null;
  return h("li", { class: kind }, h("p", null, words(decision)), where);
}

function refuses(decision) {
  return decision.what === "Refused" || decision.outcome === "refused";
}

function isQuiet(decision) {
  return decision.what === "StepTaken" && ["holds", "skipped", "found", "nothing found"].includes(decision.outcome);
}

const SENTENCES = {
  Refused: (decision) => [
    "Refused as ", strong(decision.kind), ": ", bdi(decision.message), ".",
    decision.passes_at ? [" The same request passes from ", moment(decision.passes_at), " on, ", ago(decision.passes_at), "."] : "",
  ],
  RateLimited: (decision) => [
    "Rate limit ", strong(decision.name), `: ${decision.remaining} of ${decision.limit} left; it resets on `, moment(decision.resets_at), ".",
  ],
  StepTaken: (decision) => (STEPS[`${decision.verb} ${decision.outcome}`] ?? plain)(decision),
};

const STEPS = {
  "cooldown refused": (step) => [
    "Refused by cooldown ", strong(step.name), ": ", bdi(step.subject), " was last allowed ", ago(step.since),
    "; allowed again on ", moment(step.until), ", ", ago(step.until), ".",
  ],
  "cooldown started": (step) => ["Cooldown ", strong(step.name), " started for ", bdi(step.subject), "."],
  "cooldown bypassed": (step) => ["Cooldown ", strong(step.name), " was bypassed for ", bdi(step.subject), "; it starts again."],
  "take refused": (step) => [
    "Refused by quota ", strong(step.quota), ": ", bdi(step.subject), ` has ${step.left} of ${step.limit} left`,
    step.renews ? ["; it renews on ", moment(step.renews), ", ", ago(step.renews), "."] : ".",
  ],
  "take taken": (step) => ["Took from quota ", strong(step.quota), " of ", bdi(step.subject), `: ${step.left} of ${step.limit} left.`],
  "take too little left": (step) => ["Too little left of quota ", strong(step.quota), " of ", bdi(step.subject), `: ${step.left} of ${step.limit}; the request continued without it.`],
  "send queued": (step) => [step.channel === "sms" ? "An SMS to " : "An e-mail to ", bdi(step.to), " was queued."],
};

function strong(text) {
  return h("strong", null, bdi(text));
}

function plain(decision) {
  const sentence = decision.sentence ?? "";
  return bdi(sentence.charAt(0).toUpperCase() + sentence.slice(1));
}

function words(decision) {
  return (SENTENCES[decision.what] ?? plain)(decision);
}
