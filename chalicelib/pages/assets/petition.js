// Every page works without this script, and the server renders all error messages. The script adds three things:
// the count refreshes, a double click sends once, and a failed signature is sent again for up to ten minutes.

/** @import { Count, Progress, Signature } from "#api" */
/** @typedef {Pick<Response, "status" | "headers">} Answer */
/** @typedef {(text: string) => void} Say */

const COUNT_EVERY_MS = 10_000;
const LONGEST_COUNT_WAIT_MS = 300_000;
const COUNT_AFTER_CONFIRMATION_MS = 6_000;
const ANNOUNCE_EVERY_MS = 60_000;
const TIMEOUT_MS = 15_000;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;
const SHORTEST_WAIT_MS = 1_000;
const GIVE_UP_MS = 600_000;
const SECOND_PRESS_MS = 5_000;
const AUTOFOCUS_MS = 500;
const PROGRESS_SHOWN_FOR_MS = 3_600_000;

const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
/** @type {Record<string, string>} */
const texts = JSON.parse(document.body.dataset.texts ?? "{}");
const number = new Intl.NumberFormat(`${language}-u-nu-latn`);
/** @param {string} timeZone */
const dateParts = (timeZone) =>
  new Intl.DateTimeFormat(`${language}-u-nu-latn-ca-gregory`, {
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
    timeZone,
  });

/**
 * The timer is not cleared when the answer begins, so that it also ends an answer whose body never arrives. Aborting a
 * finished request does nothing.
 * @param {string} url
 * @param {RequestInit} [options]
 */
function request(url, options = {}) {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), TIMEOUT_MS);
  return fetch(url, { ...options, credentials: "omit", signal: abort.signal });
}

/**
 * The text in the language of the page. templates/_script_texts.html has all texts.
 * @param {string} english
 * @param {Record<string, string>} [values] for what is in braces
 */
const translated = (english, values = {}) =>
  (texts[english] ?? english).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

// ---- the count ----

/**
 * The request has no cache option, so that the browser's cache sends the ETag and turns a 304 into the stored body.
 * @param {string} url
 * @returns {Promise<Count>}
 */
async function readCount(url) {
  const response = await request(url);
  if (!response.ok) throw new Error(`The count answered ${response.status}`);
  return response.json();
}

/**
 * "24 June 2026 at 15:05 BST (14:05 UTC)", as the server writes it.
 * @param {string} iso
 * @param {string} zone
 */
export function dateTime(iso, zone) {
  const parts = dateParts(zone).formatToParts(new Date(iso));
  const part = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  const time = `${part.hour}:${part.minute}`;
  const utc = iso.slice(11, 16);
  const text = translated("{day} {month} {year} at {time} {zone}", { ...part, time, zone: part.timeZoneName ?? zone });
  return time === utc ? text : `${text} (${utc} UTC)`;
}

/**
 * Show the latest count and goal. The goal may be new, because the server shows the next goal when one is reached.
 * @param {HTMLElement} tally
 * @param {Count} latest
 */
function showCount(tally, { count, goal, as_of: asOf, may_need_proof: mayNeedProof }) {
  const bar = /** @type {HTMLProgressElement} */ (tally.querySelector("progress"));
  const elsewhere = Number(tally.dataset.elsewhere ?? 0);
  // The page's goal is of the larger number, the API's goal is of the count here.
  const [shown, shownGoal] = count < elsewhere ? [elsewhere, bar.max] : [count, goal];
  const time = /** @type {HTMLTimeElement | null} */ (document.querySelector("[data-as-of]"));
  /** @type {(name: string, value: number) => void} */
  const show = (name, value) => tally.querySelector(name)?.replaceChildren(number.format(value));
  show("[data-count]", shown);
  show("[data-goal]", shownGoal);
  bar.max = shownGoal;
  bar.value = Math.min(shown, shownGoal);
  tally.hidden = false;
  for (const form of document.querySelectorAll("form[data-sign-url]"))
    form.toggleAttribute("data-may-need-proof", mayNeedProof === true);
  document.dispatchEvent(new CustomEvent("counted", { detail: { count: shown, goal: shownGoal } }));
  const oneOf = /** @type {HTMLElement | null} */ (document.querySelector("[data-one-of]"));
  if (oneOf && shown > 1) {
    const values = { count: number.format(shown) };
    oneOf.textContent = elsewhere
      ? translated("You are one of at least {count} people.", values)
      : translated("You are one of {count} people.", values);
    oneOf.hidden = false;
  }
  if (!time || !asOf) return;
  time.dateTime = asOf;
  time.textContent = dateTime(asOf, time.dataset.asOf || "UTC");
}

/**
 * Whether screen readers should hear the new count: at most once a minute, and only after a noticeable change.
 * @param {{ count: number, at: number }} last `at`: milliseconds since 1970
 * @param {number} count
 * @param {number} goal
 * @param {number} now
 */
export const isWorthAnnouncing = (last, count, goal, now) =>
  Math.abs(count - last.count) >= Math.max(10, goal / 100) && now - last.at >= ANNOUNCE_EVERY_MS;

/**
 * @param {number} goal
 * @param {number} shownCount on the page
 */
function announcer(goal, shownCount) {
  const region = document.querySelector("[data-count-news]");
  let last = { count: shownCount, at: Date.now() };
  /** @param {Count} latest */
  return ({ count }) => {
    if (!region || count < shownCount || !isWorthAnnouncing(last, count, goal, Date.now())) return;
    last = { count, at: Date.now() };
    region.textContent = translated("{count} people have signed.", { count: number.format(count) });
  };
}

/**
 * Milliseconds until the next request, up to a tenth more or less at random: browsers that opened the page together
 * must not ask together.
 * @param {number} failures in a row
 * @param {number} random from 0 to 1
 * @param {number} [every] milliseconds
 */
export const countWait = (failures, random, every = COUNT_EVERY_MS) =>
  Math.min(every * 2 ** failures, LONGEST_COUNT_WAIT_MS) * (0.9 + random / 5);

/** @param {HTMLElement} tally */
function watchCount(tally) {
  const bar = /** @type {HTMLProgressElement} */ (tally.querySelector("progress"));
  const countElement = /** @type {HTMLElement} */ (tally.querySelector("[data-count]"));
  const announce = announcer(bar.max, Number(countElement.dataset.count));
  const screen = /** @type {HTMLElement | null} */ (tally.closest("[data-every]"));
  const every = Number(screen?.dataset.every ?? COUNT_EVERY_MS);
  let failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const schedule = () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(refresh, countWait(failures, Math.random(), every));
  };
  const refresh = async () => {
    try {
      const latest = await readCount(tally.dataset.countUrl ?? "");
      failures = 0;
      showCount(tally, latest);
      announce(latest);
    } catch {
      failures += 1;
    }
    schedule();
  };
  document.addEventListener("visibilitychange", schedule);
  // The tally is hidden after a confirmation. Show the cached count at once, although it may lack this signature for
  // the seconds that caches keep it. Then show the new one.
  if (tally.hidden)
    refresh().finally(() => {
      clearTimeout(timer);
      timer = setTimeout(refresh, COUNT_AFTER_CONFIRMATION_MS);
    });
  else schedule();
}

/**
 * Replace the numbers in the page, which may be old and hidden. The request also makes the server count again.
 * @param {HTMLElement} section
 */
async function refreshProgress(section) {
  const response = await request(section.dataset.progressUrl ?? "");
  /** @type {Progress} */
  const { today, last_24_hours: lastDay, as_of: at } = await response.json();
  // The server counts nothing again while engineers reduce its load. Then its numbers may be old too.
  if (!at || Date.now() - Date.parse(at) >= PROGRESS_SHOWN_FOR_MS) return;
  section.querySelector("[data-today]")?.replaceChildren(number.format(today));
  section.querySelector("[data-last-day]")?.replaceChildren(number.format(lastDay));
  for (const figure of section.querySelectorAll(".figures [hidden]")) figure.removeAttribute("hidden");
}

// ---- signing ----

/**
 * The letter of a signature, or nothing if its box is not ticked. `opening` is the index of a suggested opening, the
 * person's own text, or "" for none.
 * @param {FormData} typed
 */
function letterFrom(typed) {
  if (!typed.has("letter.send")) return {};
  /** @param {string} name */
  const text = (name) => (typed.get(`letter.${name}`) ? { [name]: String(typed.get(`letter.${name}`)) } : {});
  const choice = String(typed.get("letter.opening") ?? "");
  const ownOpening = choice === "none" ? "" : choice;
  const opening = /^\d+$/.test(choice) ? Number(choice) : ownOpening;
  const texts = { ...text("subject"), ...text("body"), ...(choice ? { opening } : {}) };
  return { letter: { send: true, reply: typed.has("letter.reply"), ...texts } };
}

/**
 * @param {FormData} typed
 * @returns {Signature}
 */
export function signatureFrom(typed) {
  /** @param {string} name */
  const text = (name) => String(typed.get(name) ?? "").trim();
  /** @param {string} name */
  const optional = (name) => (text(name) ? { [name]: text(name) } : {});
  const consent = { sign: typed.has("consent.sign"), updates: typed.has("consent.updates") };
  // The API rejects a signature without consent, so the type's `true` holds for all that it accepts.
  return /** @type {Signature} */ ({
    name: text("name"),
    // The last of two: the box “Did you mean …?” follows the field, and sends its address only when ticked.
    email: String(typed.getAll("email").at(-1) ?? "").trim(),
    country: text("country"),
    ...optional("postcode"),
    ...optional("source"),
    ...optional("language"),
    ...letterFrom(typed),
    consent,
  });
}

/**
 * @param {string} url
 * @param {string} body
 * @returns {Promise<Answer | null>} null when there was no answer: offline, reset, or timed out
 */
async function post(url, body) {
  try {
    return await request(url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  } catch {
    return null;
  }
}

/**
 * Sending again is always safe: the server keeps one signature per address, however often it arrives.
 * @param {Answer | null} answer
 * @returns {boolean}
 */
export const isWorthRetrying = (answer) => !answer || answer.status === 429 || answer.status >= 500;

/**
 * Milliseconds until the next attempt. Full jitter on top of Retry-After, so that browsers that got the same
 * Retry-After do not come back in the same second.
 * @param {number} attempt from 0
 * @param {Answer | null} answer
 * @param {number} random from 0 to 1
 */
export function retryWait(attempt, answer, random) {
  const retryAfter = Number(answer?.headers.get("Retry-After")) || 0;
  const jitter = random * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  return Math.max(SHORTEST_WAIT_MS, retryAfter * 1_000 + jitter);
}

/**
 * What to tell the user before the next attempt.
 * @param {Answer | null} answer
 * @param {number} wait in milliseconds
 * @param {boolean} online
 */
export function explanation(answer, wait, online) {
  const seconds = Math.ceil(wait / 1_000);
  const again = [
    seconds === 1
      ? translated("We will try again in 1 second.")
      : translated("We will try again in {seconds} seconds.", { seconds: String(seconds) }),
    translated("You do not need to do anything; just keep this page open."),
  ];
  const offline = [
    translated("You seem to be offline."),
    translated("What you typed is safe on this page, and we will send it as soon as you are connected again."),
    translated("Keep this page open."),
  ];
  if (answer) return [translated("Many people are signing right now."), ...again].join(" ");
  return (online ? [translated("We cannot reach the service just now."), ...again] : offline).join(" ");
}

/**
 * @param {number} wait in milliseconds
 * @param {boolean} untilOnline end the wait when the browser is online again; a busy server needs its time
 * @returns {Promise<void>}
 */
function pause(wait, untilOnline) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, wait);
    function done() {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    }
    if (untilOnline) window.addEventListener("online", done);
  });
}

/**
 * Send until the server accepts or refuses the signature, for ten minutes at most.
 * @param {string} url
 * @param {string} body
 * @param {Say} say
 * @returns {Promise<"accepted" | "refused" | "unreachable">}
 */
export async function deliver(url, body, say) {
  const end = Date.now() + GIVE_UP_MS;
  for (let attempt = 0; ; attempt += 1) {
    const answer = await post(url, body);
    if (answer && !isWorthRetrying(answer)) return answer.status === 202 ? "accepted" : "refused";
    const wait = retryWait(attempt, answer, Math.random());
    if (Date.now() + wait > end) return "unreachable";
    say(explanation(answer, wait, navigator.onLine));
    await pause(wait, !answer);
  }
}

/**
 * Store the signature for inbox.js, in this tab only. No response may contain the address: a cache could keep it.
 * @param {HTMLFormElement} form
 */
function remember(form) {
  const signature = { url: form.dataset.signUrl, body: signatureFrom(new FormData(form)), at: Date.now() };
  try {
    sessionStorage.setItem("signed", JSON.stringify(signature));
  } catch {
    // Storage is switched off. The page then shows no address.
  }
}

/**
 * A refused signature is sent once more as an ordinary form, because the server renders the messages.
 * @param {HTMLFormElement} form
 * @param {"accepted" | "refused" | "unreachable"} outcome
 * @param {Say} say
 */
function finish(form, outcome, say) {
  if (outcome === "accepted") remember(form);
  if (outcome === "accepted") return window.location.assign(form.dataset.thanksUrl ?? "");
  if (outcome === "refused") return form.submit();
  setSending(form, false);
  const advice = translated(
    "What you typed is kept here. Press the button again in a few minutes; you will be counted once.",
  );
  return say(`${translated("We still cannot reach the service.")} ${advice}`);
}

/**
 * @param {HTMLFormElement} form
 * @param {boolean} sending
 */
function setSending(form, sending) {
  form.toggleAttribute("data-busy", sending);
  form.querySelector("button")?.setAttribute("aria-disabled", String(sending));
}

/**
 * A proof of work, in the rare times when the server may ask for one. The usual page does not load its script. Without
 * a proof, the signature is sent all the same.
 * @param {HTMLFormElement} form
 * @param {string} email
 * @returns {Promise<{ proof?: string }>}
 */
async function proofFor(form, email) {
  if (!form.hasAttribute("data-may-need-proof")) return {};
  try {
    const { proofOfWork } = await import(form.dataset.proof ?? "");
    const url = (form.dataset.signUrl ?? "").replace(/signatures(\?.*)?$/, "challenge");
    return await proofOfWork((/** @type {RequestInit} */ options) => request(url, options), email);
  } catch {
    return {};
  }
}

/** @param {HTMLFormElement} form */
function enhanceSigning(form) {
  const region = form.querySelector("[data-sending]");
  /** @type {Say} */
  const say = (text) => region?.replaceChildren(text);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.hasAttribute("data-busy")) return;
    setSending(form, true);
    say(translated("Sending your signature…"));
    const signature = signatureFrom(new FormData(form));
    const body = JSON.stringify({ ...signature, ...(await proofFor(form, signature.email)) });
    finish(form, await deliver(form.dataset.signUrl ?? "", body, say), say);
  });
  // The back button may show this page as it was left: with its button disabled.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    setSending(form, false);
    say("");
  });
}

/**
 * Ignore a second press on the button of a form that the browser itself sends. Ignore it only for seconds, because a
 * user who has stopped the request must be able to press again.
 * @param {HTMLFormElement} form
 */
function ignoreSecondPress(form) {
  let lastPress = Number.NEGATIVE_INFINITY;
  form.addEventListener("submit", (event) => {
    if (event.timeStamp - lastPress < SECOND_PRESS_MS) event.preventDefault();
    else lastPress = event.timeStamp;
  });
}

/**
 * @template {HTMLElement} Kind
 * @param {string} selector
 * @param {(element: Kind) => void} enhance
 */
function enhanceAll(selector, enhance) {
  for (const element of document.querySelectorAll(selector)) enhance(/** @type {Kind} */ (element));
}

enhanceAll("form[data-sign-url]", enhanceSigning);
enhanceAll("form:not([data-sign-url])", ignoreSecondPress);
enhanceAll("[data-count-url]", watchCount);
// A link into a closed section opens it. Older browsers would stay where they are.
enhanceAll("a[href^='#']", (/** @type {HTMLAnchorElement} */ link) =>
  link.addEventListener("click", () => document.querySelector(link.hash)?.closest("details")?.setAttribute("open", "")),
);
// On failure the page keeps the numbers that it has.
enhanceAll("[data-progress-url]", (section) => void refreshProgress(section).catch(() => {}));
// Some browsers honour autofocus only on form fields. The other browsers have set the focus by now.
setTimeout(() => {
  if (document.activeElement !== document.body) return;
  /** @type {HTMLElement | null} */ (document.querySelector("#error-summary, #busy"))?.focus();
}, AUTOFOCUS_MS);
