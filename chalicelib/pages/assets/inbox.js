// "Check your inbox": shows the typed address, a link to its webmail, and a button that sends the email again.
// petition.js left the signature in this tab's storage. Without it the page shows no address.

/** @typedef {{ url: string, body: { email: string }, at: number }} Signed */

// The server sends one email a minute to an address (signatures/model.py, MAIL_PAUSE).
const PAUSE_MS = 60_000;
const KEPT_MS = 3_600_000;

/**
 * @param {string | null} stored
 * @param {number} now milliseconds since 1970
 * @returns {Signed | null} null also if it is over an hour old
 */
export function readSigned(stored, now) {
  try {
    const signed = JSON.parse(stored ?? "null");
    return signed?.body?.email && now - signed.at < KEPT_MS ? signed : null;
  } catch {
    return null;
  }
}

/**
 * The address to which the email goes: without what copying adds, as the server reads it (core/address.py, unpasted).
 * @param {string} typed that the server accepted
 */
export function unpasted(typed) {
  const text = typed
    .trim()
    .replace(/[.,;]$/, "")
    .trim();
  const within = text.endsWith(">") ? text.slice(text.lastIndexOf("<") + 1, -1).trim() : text;
  return within
    .replace(/^mailto:([^?]*).*$/i, "$1")
    .replace(/\s*@\s*/, "@")
    .trim();
}

/**
 * @param {string} email
 * @param {{ webmail: Record<string, string> }} mailboxes
 */
export const webmailOf = (email, mailboxes) => mailboxes.webmail[email.split("@").at(-1)?.toLowerCase() ?? ""] ?? "";

/**
 * Seconds until the email can be sent again.
 * @param {number} sent milliseconds since 1970
 * @param {number} now
 */
export const secondsLeft = (sent, now) => Math.max(0, Math.ceil((sent + PAUSE_MS - now) / 1_000));

/** @returns {Signed | null} */
function signedInThisTab() {
  try {
    return readSigned(sessionStorage.getItem("signed"), Date.now());
  } catch {
    return null; // Storage is switched off.
  }
}

/**
 * @param {HTMLElement} inbox
 * @param {string} email
 */
async function linkWebmail(inbox, email) {
  const link = /** @type {HTMLAnchorElement} */ (inbox.querySelector("[data-webmail]"));
  const mailboxes = await (await fetch(inbox.dataset.inbox ?? "")).json();
  const url = webmailOf(email, mailboxes);
  if (!url) return;
  link.href = url;
  link.querySelector("span")?.replaceChildren(new URL(url).hostname.replace(/^www\./, ""));
  link.hidden = false;
}

/**
 * @param {HTMLElement} inbox
 * @param {Signed} signed
 */
function offerAgain(inbox, signed) {
  const button = /** @type {HTMLButtonElement} */ (inbox.querySelector("[data-again]"));
  const wait = /** @type {HTMLElement} */ (inbox.querySelector("[data-wait]"));
  let sent = signed.at;

  const show = (/** @type {string} */ name) => {
    /** @type {NodeListOf<HTMLElement>} */
    const said = inbox.querySelectorAll("[data-said]");
    for (const each of said) each.hidden = each.dataset.said !== name;
  };
  const tick = () => {
    const left = secondsLeft(sent, Date.now());
    button.setAttribute("aria-disabled", String(left > 0));
    wait.hidden = left === 0;
    wait.querySelector("[data-seconds]")?.replaceChildren(String(left));
    if (left > 0) setTimeout(tick, 1_000);
  };
  button.addEventListener("click", async () => {
    if (secondsLeft(sent, Date.now())) return;
    sent = Date.now();
    tick();
    const headers = { "Content-Type": "application/json" };
    const options = { method: "POST", credentials: /** @type {const} */ ("omit"), headers };
    const answer = await fetch(signed.url, { ...options, body: JSON.stringify(signed.body) }).catch(() => null);
    show(answer?.status === 202 ? "sent" : "failed");
    sessionStorage.setItem("signed", JSON.stringify({ ...signed, at: sent }));
  });
  tick();
}

for (const inbox of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-inbox]"))) {
  const signed = signedInThisTab();
  if (!signed) continue;
  inbox.querySelector("[data-address]")?.replaceChildren(unpasted(signed.body.email));
  inbox.hidden = false;
  offerAgain(inbox, signed);
  linkWebmail(inbox, unpasted(signed.body.email)).catch(() => {
    // Without the list there is no link.
  });
}
