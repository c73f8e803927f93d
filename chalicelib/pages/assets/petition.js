// Progressive enhancement only: every page works without this file, and the server stays the one that renders errors.
// It does three things: the count refreshes, a double press sends once, and a busy or broken line is waited out.

const POLL_MS = 10_000;
const POLL_LONGEST_MS = 300_000;
const COUNTED_MS = 6_000;
const NEWS_EVERY_MS = 60_000;
const TIMEOUT_MS = 15_000;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;
const GIVE_UP_MS = 600_000;
const SECOND_PRESS_MS = 5_000;

const number = new Intl.NumberFormat("en-GB");
const clock = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZone: "UTC",
});

// The timer is left to run: it also ends a body that never arrives, and aborting a finished request does nothing.
function request(url, options = {}) {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), TIMEOUT_MS);
  return fetch(url, { ...options, credentials: "omit", signal: abort.signal });
}

// ---- the count ---------------------------------------------------------------------------------------------------

// No cache option: the browser's own cache sends the ETag and turns a 304 into the body it has kept.
async function readCount(url) {
  const answer = await request(url);
  if (!answer.ok) throw new Error(`count answered ${answer.status}`);
  return answer.json();
}

// "24 November 2026 at 14:05 UTC", as the server writes it.
function moment(iso) {
  const part = Object.fromEntries(clock.formatToParts(new Date(iso)).map(({ type, value }) => [type, value]));
  return `${part.day} ${part.month} ${part.year} at ${part.hour}:${part.minute} UTC`;
}

// The goal steps up by itself when it is reached.
function showCount(tally, { count, goal, as_of: asOf }) {
  const bar = tally.querySelector("progress");
  const time = document.querySelector("[data-as-of]");
  tally.querySelector("[data-count]").textContent = number.format(count);
  tally.querySelector("[data-goal]").textContent = number.format(goal);
  bar.max = goal;
  bar.value = Math.min(count, goal);
  tally.hidden = false;
  if (!time || !asOf) return;
  time.dateTime = asOf;
  time.textContent = moment(asOf);
}

// A screen reader hears of the count when it has grown by a hundredth of the goal, and at most once a minute.
function newsTeller(goal, heard) {
  const region = document.querySelector("[data-count-news]");
  let last = { count: heard, at: Date.now() };
  return ({ count }) => {
    const small = Math.abs(count - last.count) < Math.max(10, goal / 100);
    if (!region || small || Date.now() - last.at < NEWS_EVERY_MS) return;
    last = { count, at: Date.now() };
    region.textContent = `${number.format(count)} people have signed.`;
  };
}

function watchCount(tally) {
  const bar = tally.querySelector("progress");
  const tell = newsTeller(bar.max, Number(tally.querySelector("[data-count]").dataset.count));
  let failures = 0;
  let timer = 0;

  // Spread over a fifth of the time, so that a crowd which arrived together does not ask together.
  const later = () => {
    const wait = Math.min(POLL_MS * 2 ** failures, POLL_LONGEST_MS) * (0.9 + Math.random() / 5);
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(refresh, wait);
  };
  const refresh = async () => {
    try {
      const news = await readCount(tally.dataset.countUrl);
      failures = 0;
      showCount(tally, news);
      tell(news);
    } catch {
      failures += 1;
    }
    later();
  };
  document.addEventListener("visibilitychange", later);
  // Hidden: just confirmed. A count that is kept for five seconds would not have this signature in it yet.
  if (tally.hidden) timer = setTimeout(refresh, COUNTED_MS);
  else later();
}

// ---- signing -----------------------------------------------------------------------------------------------------

function signature(form) {
  const typed = new FormData(form);
  const text = (name) => String(typed.get(name) ?? "").trim();
  const given = (name) => (text(name) ? { [name]: text(name) } : {});
  return {
    name: text("name"),
    email: text("email"),
    country: text("country"),
    ...given("postcode"),
    ...given("source"),
    consent: { sign: typed.has("consent.sign"), updates: typed.has("consent.updates") },
  };
}

// The answer, or null when there was none: offline, reset, or longer than the timeout.
async function post(url, body) {
  try {
    return await request(url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  } catch {
    return null;
  }
}

// Sending again is always safe: the server keeps one signature per address, however often it arrives.
const worthRetrying = (answer) => !answer || answer.status === 429 || answer.status >= 500;

// Full jitter. Retry-After is a floor below it, so that those who were told the same second do not come back in it.
function waitFor(attempt, answer) {
  const asked = Number(answer?.headers.get("Retry-After")) || 0;
  const spread = Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  return Math.max(1_000, asked * 1_000 + spread);
}

function explanation(answer, wait) {
  const seconds = Math.ceil(wait / 1_000);
  const again = `We will try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}. You do not need to do anything; just keep this page open.`;
  if (answer) return `Many people are signing right now. ${again}`;
  if (navigator.onLine) return `We cannot reach the service just now. ${again}`;
  return "You seem to be offline. What you typed is safe on this page, and we will send it as soon as you are connected again. Keep this page open.";
}

// Being online again cuts a wait short only if the line was the trouble; a busy server is left its time.
function pause(wait, wakeable) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, wait);
    function done() {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    }
    if (wakeable) window.addEventListener("online", done);
  });
}

async function deliver(form, say) {
  const body = JSON.stringify(signature(form));
  const end = Date.now() + GIVE_UP_MS;
  for (let attempt = 0; ; attempt += 1) {
    const answer = await post(form.dataset.signUrl, body);
    if (!worthRetrying(answer)) return answer.status === 202 ? "accepted" : "refused";
    const wait = waitFor(attempt, answer);
    if (Date.now() + wait > end) return "unreachable";
    say(explanation(answer, wait));
    await pause(wait, !answer);
  }
}

// A refusal goes to the server once more as an ordinary form: it renders the messages, so there is one set of them.
function finish(form, outcome, say) {
  if (outcome === "accepted") return window.location.assign(form.dataset.thanksUrl);
  if (outcome === "refused") return form.submit();
  setSending(form, false);
  return say(
    "We still cannot reach the service. What you typed is kept here. Please press the button again in a few minutes; you will be counted once.",
  );
}

function setSending(form, sending) {
  form.toggleAttribute("data-busy", sending);
  form.querySelector("button").setAttribute("aria-disabled", String(sending));
}

function enhanceSigning(form) {
  const region = form.querySelector("[data-sending]");
  const say = (text) => {
    region.textContent = text;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.hasAttribute("data-busy")) return;
    setSending(form, true);
    say("Sending your signature…");
    finish(form, await deliver(form, say), say);
  });
  // Coming back with the back button may revive this page as it was left.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    setSending(form, false);
    say("");
  });
}

// The other forms post natively. A short guard, not a lock: who pressed Stop must be able to press again.
function ignoreSecondPress(form) {
  let pressed = -Infinity;
  form.addEventListener("submit", (event) => {
    if (event.timeStamp - pressed < SECOND_PRESS_MS) event.preventDefault();
    else pressed = event.timeStamp;
  });
}

document.querySelectorAll("form[data-sign-url]").forEach(enhanceSigning);
document.querySelectorAll("form:not([data-sign-url])").forEach(ignoreSecondPress);
document.querySelectorAll("[data-count-url]").forEach(watchCount);
// For browsers that know autofocus on form fields only; the others have done it by then.
setTimeout(() => {
  if (document.activeElement === document.body) document.querySelector("#error-summary, #busy")?.focus();
}, 500);
