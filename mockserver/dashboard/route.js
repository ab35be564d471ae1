// The URL of each view: `#/view/part?filter=value&sandbox=name`.

/** Return path segments and filters of the present URL. */
export function here() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").filter(Boolean).map(decoded);
  return { parts, filters: new URLSearchParams(query ?? "") };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Return the name of the present sandbox. */
export function sandbox() {
  return here().filters.get("sandbox") ?? "default";
}

/** Return the URL of a view in the present sandbox, or in the one that `filters` name. */
export function to(parts, filters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ sandbox: sandbox(), ...filters })) {
    if (value && !(name === "sandbox" && value === "default")) query.set(name, value);
  }
  const path = parts.map(encodeURIComponent).join("/");
  return `#/${path}${query.size ? `?${query}` : ""}`;
}

/** Change the filters of the present view, without an entry in the history. */
export function filter(changes) {
  const { parts, filters } = here();
  const all = { ...Object.fromEntries(filters), ...changes };
  history.replaceState(null, "", to(parts, all));
}
