// Sign-in for staff (OpenID Connect, authorization code with PKCE). The secrets are made here and stay in this tab:
// what comes back without them is not ours. There is no cookie, and the token is gone when the tab is closed.

const BEGUN = "staff.sign-in";
const TOKEN = "staff.token";
const TIMEOUT_MS = 20_000;

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const secret = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const digest = async (text) => base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

class Refused extends Error {}

// Problems are for people: their detail is what is shown.
async function post(url, body) {
  const answer = await fetch(url, {
    method: "POST",
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Refused(told.detail);
  return told;
}

async function begin(api) {
  const made = { verifier: secret(), state: secret(), nonce: secret() };
  sessionStorage.setItem(BEGUN, JSON.stringify(made));
  const { authorization_url: url } = await post(`${api}/sign-in`, {
    code_challenge: await digest(made.verifier),
    state: made.state,
    nonce: made.nonce,
  });
  window.location.assign(url);
}

// Each attempt is good for one return.
function taken() {
  const made = JSON.parse(sessionStorage.getItem(BEGUN) ?? "null");
  sessionStorage.removeItem(BEGUN);
  return made;
}

async function finish(api, returned) {
  const made = taken();
  if (!made || returned.get("state") !== made.state)
    throw new Refused("This sign-in was not begun in this tab. Sign in again.");
  if (returned.has("error")) throw new Refused("You were not signed in. You can try again.");
  const session = await post(`${api}/session`, {
    code: returned.get("code"),
    code_verifier: made.verifier,
    nonce: made.nonce,
  });
  sessionStorage.setItem(TOKEN, session.token);
  return session;
}

const area = document.querySelector("[data-sign-in]");
const button = area.querySelector("[data-begin]");
const said = area.querySelector("[data-said]");

async function attempt(act) {
  button.disabled = true;
  try {
    await act();
  } catch (error) {
    said.textContent =
      error instanceof Refused ? error.message : "We cannot reach the service just now. Please try again.";
    button.disabled = false;
  }
}

function welcome({ owner }) {
  said.textContent = `You are signed in as ${owner}.`;
  button.hidden = true;
  area.querySelector("[data-onward]").hidden = false;
}

button.addEventListener("click", () => attempt(() => begin(area.dataset.api)));

const returned = new URLSearchParams(window.location.search);
if (returned.has("code") || returned.has("error")) {
  // The code is of no use to anybody any more, and need not stay in the history.
  window.history.replaceState(null, "", window.location.pathname);
  attempt(async () => welcome(await finish(area.dataset.api, returned)));
}
