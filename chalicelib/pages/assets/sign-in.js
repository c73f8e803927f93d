// Sign-in for staff (OpenID Connect, authorization code with PKCE). This script makes the secrets of a sign-in and
// keeps them in this tab, so that it can reject the answer to another sign-in. There is no cookie. Closing the tab
// deletes the token.

/** @import { Session } from "#api" */
/** @typedef {{ verifier: string, state: string, nonce: string }} Secrets */

const SECRETS_KEY = "staff.sign-in";
// As in dashboard/api.js, which reads the token.
const TOKEN_KEY = "staff.token";
const TIMEOUT_MS = 20_000;

/** @param {ArrayBuffer | Uint8Array<ArrayBuffer>} bytes */
export const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const randomText = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** @param {string} text */
export const challengeFor = async (text) =>
  base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

/** The message is for the user. */
class RefusedError extends Error {}

/**
 * @param {string} url
 * @param {unknown} body
 */
async function post(url, body) {
  const response = await fetch(url, {
    method: "POST",
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer = await response.json();
  if (!response.ok) throw new RefusedError(answer.detail);
  return answer;
}

/** @param {string} api */
async function begin(api) {
  /** @type {Secrets} */
  const secrets = { verifier: randomText(), state: randomText(), nonce: randomText() };
  sessionStorage.setItem(SECRETS_KEY, JSON.stringify(secrets));
  const { authorization_url: url } = await post(`${api}/sign-in`, {
    code_challenge: await challengeFor(secrets.verifier),
    state: secrets.state,
    nonce: secrets.nonce,
  });
  window.location.assign(url);
}

/**
 * Read and delete the secrets of the attempt that began in this tab: they are valid for one return.
 * @returns {Secrets | null}
 */
function takeSecrets() {
  const stored = sessionStorage.getItem(SECRETS_KEY);
  sessionStorage.removeItem(SECRETS_KEY);
  return JSON.parse(stored ?? "null");
}

/**
 * @param {string} api
 * @param {URLSearchParams} returned
 * @returns {Promise<Session>}
 */
export async function finish(api, returned) {
  const secrets = takeSecrets();
  if (!secrets || returned.get("state") !== secrets.state)
    throw new RefusedError("This sign-in was not started in this tab. Sign in again.");
  if (returned.has("error")) throw new RefusedError("You were not signed in. You can try again.");
  /** @type {Session} */
  const session = await post(`${api}/session`, {
    code: returned.get("code"),
    code_verifier: secrets.verifier,
    nonce: secrets.nonce,
  });
  sessionStorage.setItem(TOKEN_KEY, session.token);
  return session;
}

// If an answer is lost, the same attempt gets the token once more. The link works for no other.
const ATTEMPT = randomText();

/**
 * @param {string} api
 * @param {string} invitation the token of the link
 * @returns {Promise<Session>}
 */
async function accept(api, invitation) {
  const session = await post(`${api}/invitation`, { token: invitation, attempt: ATTEMPT });
  // The link is used up.
  window.history.replaceState(null, "", window.location.pathname);
  sessionStorage.setItem(TOKEN_KEY, session.token);
  return session;
}

/**
 * Show owner and token as name and password, for the browser's password manager, and a button to copy the token.
 * @param {HTMLFormElement} form
 * @param {Session} session
 */
function offerToKeep(form, { owner, token }) {
  const name = /** @type {HTMLInputElement} */ (form.elements.namedItem("owner"));
  const password = /** @type {HTMLInputElement} */ (form.elements.namedItem("token"));
  name.value = owner;
  password.value = token;
  const copy = /** @type {HTMLButtonElement} */ (form.querySelector("[data-copy]"));
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(token);
    copy.textContent = "Copied";
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    window.location.assign(form.dataset.dashboard ?? "");
  });
  form.hidden = false;
}

/** @param {HTMLElement} area */
function enhance(area) {
  /**
   * @template {HTMLElement} Kind
   * @param {string} selector
   */
  const part = (selector) => /** @type {Kind} */ (area.querySelector(selector));
  const button = /** @type {HTMLButtonElement} */ (part("[data-begin]"));
  const message = part("[data-message]");
  const { api = "" } = area.dataset;

  /** @param {() => Promise<void>} act */
  const attempt = async (act) => {
    button.disabled = true;
    try {
      await act();
    } catch (error) {
      const isRefused = error instanceof RefusedError;
      message.textContent = isRefused ? error.message : "We cannot reach the service just now. Please try again.";
      button.disabled = false;
    }
  };
  const returned = new URLSearchParams(window.location.search);
  if ("invited" in area.dataset) {
    button.addEventListener("click", () =>
      attempt(async () => {
        const session = await accept(api, returned.get("token") ?? "");
        message.textContent = `You are signed in as ${session.owner}, in this tab.`;
        button.hidden = true;
        offerToKeep(part("[data-keep]"), session);
      }),
    );
    return;
  }
  button.addEventListener("click", () => attempt(() => begin(api)));

  if (!returned.has("code") && !returned.has("error")) return;
  // The code can be used only once, so the browser's history does not need it.
  window.history.replaceState(null, "", window.location.pathname);
  attempt(async () => {
    const { owner } = await finish(api, returned);
    message.textContent = `You are signed in as ${owner}.`;
    button.hidden = true;
    part("[data-next]").hidden = false;
  });
}

const area = /** @type {HTMLElement | null} */ (document.querySelector("[data-sign-in]"));
if (area) enhance(area);
