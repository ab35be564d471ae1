// The event stream, shared by all views. It reconnects by itself, and then views read everything again.
import { call, emit } from "./api.js";

const FIRST_WAIT = 300;
const LONGEST_WAIT = 5000;

let ending = null;
let wait = FIRST_WAIT;
let missing = false; // true while the sandbox does not exist

/** Open the stream of the present sandbox, and close that of the previous one. */
export function listen() {
  ending?.abort();
  ending = new AbortController();
  wait = FIRST_WAIT;
  missing = false;
  return run(ending.signal);
}

/** A hidden tab closes its connection, because browsers allow only a few to one server. */
document.addEventListener("visibilitychange", () => {
  if (document.hidden) ending?.abort();
  else listen().then(() => emit("reread"));
});

/** Connect; resolves when connected, or when the first attempt has failed. */
async function run(signal) {
  const wasMissing = missing;
  const reader = await connected(signal);
  if (signal.aborted) return;
  if (reader) {
    wait = FIRST_WAIT;
    emit("line", true);
    if (wasMissing) emit("appeared");
    follow(reader, signal);
  } else {
    again(signal);
  }
}

async function connected(signal) {
  try {
    const response = await call("GET", "events", { signal });
    missing = response.status === 404;
    return response.ok ? response.body.pipeThrough(new TextDecoderStream()).getReader() : null;
  } catch {
    return null;
  }
}

function again(signal) {
  emit("line", missing);
  setTimeout(async () => {
    if (signal.aborted) return;
    await run(signal);
    if (!signal.aborted && wait === FIRST_WAIT) emit("reread");
  }, wait);
  wait = Math.min(wait * 2, LONGEST_WAIT);
}

async function follow(reader, signal) {
  let text = "";
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const blocks = (text + part.value).split("\n\n");
      text = blocks.pop();
      blocks.forEach(deliver);
    }
  } catch {
    // a broken connection is treated like one that has ended
  }
  if (!signal.aborted) again(signal);
}

function deliver(block) {
  const fields = new Map();
  for (const line of block.split("\n")) {
    const at = line.indexOf(": ");
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 2));
  }
  if (!fields.has("event")) return;
  const name = fields.get("event");
  if (name === "missed") emit("reread");
  else emit(name, JSON.parse(fields.get("data")));
}
