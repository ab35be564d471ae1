// Client of the control API, through which the dashboard does everything.
import { sandbox } from "./route.js";

const BASE = new URL("./", location.href.split("#")[0]);
const TOKEN = "mockserver-control-token";

/** Events for views: those of the event stream, and `line`, `locked`, `reread`. */
export const bus = new EventTarget();

export function emit(name, detail) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

export function unlock(token) {
  sessionStorage.setItem(TOKEN, token);
}

/** Send a request to the control API; `signal` aborts it. */
export function call(method, path, { query = {}, body, signal } = {}) {
  const url = new URL(path, BASE);
  const all = { sandbox: sandbox(), ...query };
  for (const [name, value] of Object.entries(all)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.Authorization = `Bearer ${token}`;
  const content = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const options = { method, headers, body: content, signal, cache: "no-store" };
  return fetch(url, options).then((response) => {
    // a token may have been given since the request was sent
    if (response.status === 401 && token === sessionStorage.getItem(TOKEN)) emit("locked");
    return response;
  });
}

async function answered(response) {
  if (!response.ok) throw new Error((await problem(response)) || `the server answered ${response.status}`);
  return response.status === 204 ? null : response.json();
}

async function problem(response) {
  try {
    return (await response.json()).detail;
  } catch {
    return "";
  }
}

export async function get(path, query, signal) {
  return answered(await call("GET", path, { query, signal }));
}

export async function send(method, path, body, query) {
  return answered(await call(method, path, { body, query }));
}

/** Send a request without the parameter `sandbox`, for calls that do not have it. */
export async function plain(method, path) {
  return answered(await call(method, path, { query: { sandbox: null } }));
}

/** Return a path of segments, with all special characters escaped. */
export function path(...parts) {
  return parts.map(encodeURIComponent).join("/");
}
