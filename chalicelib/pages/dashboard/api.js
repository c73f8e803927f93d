// Asking the API as whoever sits there. The token is kept for this tab and sent as a header; there is no cookie.

const TOKEN = "staff.token";
const TIMEOUT_MS = 20_000;

export const site = document.querySelector("[data-staff]").dataset.site;
const base = `${site}/api/staff`;
// What was answered before, by address: the API then says 304 in place of the same again.
const known = new Map();

export const token = () => sessionStorage.getItem(TOKEN);
export const signIn = (secret) => sessionStorage.setItem(TOKEN, secret);
export function signOut() {
  sessionStorage.removeItem(TOKEN);
  known.clear();
}

// An answer that is none: `problem` has the words for people, and the fields that are wrong.
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || "The server refused this.");
    this.status = status;
    this.errors = problem.errors ?? [];
  }
}

export class Unreachable extends Error {
  constructor() {
    super("We cannot reach the server just now. Please try again in a moment.");
  }
}

async function answered(url, options) {
  try {
    return await fetch(url, { ...options, credentials: "omit", signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new Unreachable();
  }
}

const problemOf = (answer) => answer.json().catch(() => ({}));

async function checked(answer) {
  if (answer.ok) return answer;
  const problem = await problemOf(answer);
  if (answer.status === 401) window.dispatchEvent(new CustomEvent("signed-out"));
  throw new Refused(answer.status, problem);
}

// When the server said so, by its own clock. A test or a proxy may leave the header out.
const saidAt = (answer) => new Date(answer.headers.get("Date") ?? Date.now());

function headersOf(options) {
  const json = options.body === undefined ? {} : { "Content-Type": "application/json" };
  return { Authorization: `Bearer ${token()}`, Accept: "application/json", ...json, ...options.headers };
}

// {data, etag, at}
export async function ask(path, options = {}) {
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  const answer = await checked(
    await answered(base + path, { method: options.method ?? "GET", headers: headersOf(options), body }),
  );
  const data = answer.status === 204 ? null : await answer.json();
  return { data, etag: answer.headers.get("ETag"), at: saidAt(answer) };
}

export const post = async (path, body) => (await ask(path, { method: "POST", body })).data;

// What is not JSON, such as CSV.
export const askText = async (path) => (await checked(await answered(base + path, { headers: headersOf({}) }))).text();

// The same for what is asked again and again: unchanged costs no body.
export async function watch(path) {
  const before = known.get(path);
  const headers = { ...headersOf({}), ...(before?.etag ? { "If-None-Match": before.etag } : {}) };
  const answer = await answered(base + path, { headers });
  if (answer.status === 304) return { ...before, at: saidAt(answer) };
  const found = { data: await (await checked(answer)).json(), etag: answer.headers.get("ETag"), at: saidAt(answer) };
  known.set(path, found);
  return found;
}
