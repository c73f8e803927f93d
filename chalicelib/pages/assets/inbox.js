// "Check your inbox": shows the typed address, a link to its webmail, and a button that sends the email again.
// petition.js has left the signature in this tab's storage. Without a stored signature, the page shows no address.

/** @typedef {{ url: string, body: { email: string }, at: number }} SentSignature `at`: milliseconds since 1970 */

// The server sends one email a minute to an address (signatures/model.py, MIN_MAIL_INTERVAL).
const PAUSE_MS = 60_000;
const LIFETIME_MS = 3_600_000;

/**
 * @param {string | null} stored
 * @param {number} now milliseconds since 1970
 * @returns {SentSignature | null} null also if it is over an hour old
 */
export function readSignature(stored, now) {
  try {
    const signature = JSON.parse(stored ?? "null");
    return signature?.body?.email && now - signature.at < LIFETIME_MS ? signature : null;
  } catch {
    return null;
  }
}

/**
 * The address without what people copy with it, such as a name. The server does the same (strip_pasted in
 * core/address.py).
 * @param {string} typed that the server accepted
 */
export function unpasted(typed) {
  const text = typed
    .trim()
    .replace(/[.,;]$/, "")
    .trim();
  const address = text.endsWith(">") ? text.slice(text.lastIndexOf("<") + 1, -1).trim() : text;
  return address
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

/** @returns {SentSignature | null} */
function storedSignature() {
  try {
    return readSignature(sessionStorage.getItem("signed"), Date.now());
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
 * @param {SentSignature} signature
 */
function offerResend(inbox, signature) {
  const button = /** @type {HTMLButtonElement} */ (inbox.querySelector("[data-again]"));
  const wait = /** @type {HTMLElement} */ (inbox.querySelector("[data-wait]"));
  let sentAt = signature.at;

  const showMessage = (/** @type {string} */ name) => {
    /** @type {NodeListOf<HTMLElement>} */
    const messages = inbox.querySelectorAll("[data-said]");
    for (const message of messages) message.hidden = message.dataset.said !== name;
  };
  const tick = () => {
    const left = secondsLeft(sentAt, Date.now());
    button.setAttribute("aria-disabled", String(left > 0));
    wait.hidden = left === 0;
    wait.querySelector("[data-seconds]")?.replaceChildren(String(left));
    if (left > 0) setTimeout(tick, 1_000);
  };
  button.addEventListener("click", async () => {
    if (secondsLeft(sentAt, Date.now())) return;
    sentAt = Date.now();
    tick();
    const headers = { "Content-Type": "application/json" };
    const options = { method: "POST", credentials: /** @type {const} */ ("omit"), headers };
    const answer = await fetch(signature.url, { ...options, body: JSON.stringify(signature.body) }).catch(() => null);
    showMessage(answer?.status === 202 ? "sent" : "failed");
    sessionStorage.setItem("signed", JSON.stringify({ ...signature, at: sentAt }));
  });
  tick();
}

for (const inbox of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-inbox]"))) {
  const signature = storedSignature();
  if (!signature) continue;
  inbox.querySelector("[data-address]")?.replaceChildren(unpasted(signature.body.email));
  inbox.hidden = false;
  offerResend(inbox, signature);
  linkWebmail(inbox, unpasted(signature.body.email)).catch(() => {
    // Without the list of mailboxes, there is no link to the webmail.
  });
}
