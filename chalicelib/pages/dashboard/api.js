// Requests to the staff API. The token stays in this tab's session storage and is sent as a header. There is no cookie.

/** @import { FieldError, Problem } from "#api" */
/**
 * @template T
 * @typedef {{ data: T, etag: string | null, at: Date }} Answer `at` is the server's time.
 */

const TOKEN_KEY = "staff.token";
const TIMEOUT_MS = 20_000;
// A file gets more time: enough for a slow connection of 50 KB a second.
const BYTES_A_MS = 50;

/**
 * The last answer for each path: its ETag lets the API reply 304.
 * @type {Map<string, Answer<any>>}
 */
const lastAnswers = new Map();

export const root = () => /** @type {HTMLElement} */ (document.querySelector("[data-staff]"));

/** The prefix of every path of the site: "" or "/site". */
export const site = () => root().dataset.site ?? "";

export const token = () => sessionStorage.getItem(TOKEN_KEY);

/** @param {string} secret */
export const signIn = (secret) => sessionStorage.setItem(TOKEN_KEY, secret);

export function signOut() {
  sessionStorage.removeItem(TOKEN_KEY);
  lastAnswers.clear();
}

/** The API answered with a problem. The message is for people; `errors` names the wrong fields. */
export class RefusedError extends Error {
  /**
   * @param {number} status
   * @param {Partial<Problem>} problem
   */
  constructor(status, problem) {
    super(problem.detail || problem.title || "The server refused this request.");
    this.status = status;
    /** @type {FieldError[]} */
    this.errors = problem.errors ?? [];
  }
}

export class UnreachableError extends Error {
  constructor() {
    super("We cannot reach the server at the moment. Try again in a few minutes.");
  }
}

/**
 * @param {unknown} error
 * @returns {string} for people
 */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * @param {unknown} error
 * @param {...number} statuses
 */
export const isRefusal = (error, ...statuses) => error instanceof RefusedError && statuses.includes(error.status);

/**
 * @param {string} path
 * @param {RequestInit} options
 * @param {string} [base]
 * @throws {UnreachableError}
 */
async function send(path, options, base = "/api/staff") {
  const url = `${site()}${base}${path}`;
  try {
    const timeout = TIMEOUT_MS + Math.ceil(sizeOf(options.body) / BYTES_A_MS);
    return await fetch(url, { ...options, credentials: "omit", signal: AbortSignal.timeout(timeout) });
  } catch {
    throw new UnreachableError();
  }
}

/** @param {RequestInit["body"]} body */
const sizeOf = (body) => (body instanceof Blob ? body.size : String(body ?? "").length);

/**
 * @param {Response} response
 * @throws {RefusedError}
 */
async function requireSuccess(response) {
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401) window.dispatchEvent(new CustomEvent("signed-out"));
  throw new RefusedError(response.status, problem);
}

// A proxy may drop the Date header. Then use the clock of this machine.
/** @param {Response} response */
const serverTime = (response) => new Date(response.headers.get("Date") ?? Date.now());

/**
 * @param {Record<string, string>} extra
 * @returns {Record<string, string>}
 */
const headersWith = (extra) => ({ Authorization: `Bearer ${token()}`, Accept: "application/json", ...extra });

/**
 * @param {Response} response
 * @returns {Promise<Answer<any>>}
 */
async function answerFrom(response) {
  const data = response.status === 204 ? null : await response.json();
  return { data, etag: response.headers.get("ETag"), at: serverTime(response) };
}

/**
 * Send one request. The caller states the type of the answer.
 * @param {string} path below /api/staff
 * @param {{ method?: string, body?: unknown, etag?: string | null }} [options] `etag`: the revision to be changed
 * @returns {Promise<Answer<any>>}
 */
export async function ask(path, { method = "GET", body, etag } = {}) {
  const headers = headersWith({});
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (etag) headers["If-Match"] = etag;
  return answerFrom(await requireSuccess(await send(path, { method, headers, body: JSON.stringify(body) })));
}

/**
 * @param {string} path
 * @param {unknown} body
 */
export const post = async (path, body) => (await ask(path, { method: "POST", body })).data;

/**
 * Send the bytes of a file. The server finds out their encoding.
 * @param {string} path
 * @param {File} file
 */
export async function sendFile(path, file) {
  const headers = headersWith({ "Content-Type": "text/csv" });
  return answerFrom(await requireSuccess(await send(path, { method: "POST", headers, body: file })));
}

/**
 * Ask a public route, without the token. The answer may come from the CDN's cache.
 * @param {string} path below /api
 * @returns {Promise<Answer<any>>}
 */
export const askPublic = async (path) =>
  answerFrom(await requireSuccess(await send(path, { cache: "no-cache" }, "/api")));

/**
 * Ask for an answer that is not JSON, such as CSV.
 * @param {string} path
 */
export const askText = async (path) => (await requireSuccess(await send(path, { headers: headersWith({}) }))).text();

/**
 * For requests that are repeated. If nothing has changed, the API replies 304, and this returns the last answer.
 * @param {string} path
 * @returns {Promise<Answer<any>>}
 */
export async function revalidate(path) {
  const last = lastAnswers.get(path);
  const response = await send(path, { headers: headersWith(last?.etag ? { "If-None-Match": last.etag } : {}) });
  if (last && response.status === 304) return { ...last, at: serverTime(response) };
  const answer = await answerFrom(await requireSuccess(response));
  lastAnswers.set(path, answer);
  return answer;
}
