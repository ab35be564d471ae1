// Requests as curl commands.

/** Quote a word for a POSIX shell. */
export function quoted(word) {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Return the curl command of a request. */
export function curl({ method, url, headers, body }) {
  const words = ["curl", "-s"];
  const usual = body === null || body === undefined ? "GET" : "POST";
  if (method !== usual) words.push("-X", method);
  words.push(quoted(url));
  let rest = "";
  for (const [name, value] of Object.entries(headers)) {
    const isJson = name === "content-type" && value === "application/json" && body;
    if (!isJson) rest += ` \\\n  -H ${quoted(`${name}: ${value}`)}`;
  }
  if (body) {
    const isJson = headers["content-type"] === "application/json";
    rest += ` \\\n  ${isJson ? "--json" : "--data-raw"} ${quoted(body)}`;
  }
  return words.join(" ") + rest;
}
