// How old a number is, and how the site is: in words, never by colour alone.

import { Refused, watch } from "./api.js";
import { h } from "./dom.js";
import { exactly, lasting, moment, number } from "./words.js";

// While the server is silent the last number stays, with its time: a blank would be read as nought.
export function freshness() {
  const line = h("p", { class: "fresh", role: "status", "data-fresh": "" }, "Asking …");
  let last = null;
  const say = (kind, text) => {
    line.className = `fresh fresh-${kind}`;
    // A status is read out when its words change: the time alone must not do that every 15 seconds.
    line.setAttribute("aria-live", kind === "good" ? "off" : "polite");
    line.textContent = text;
  };
  const during = async (act) => {
    try {
      last = await act();
      say("good", `Live. As of ${exactly(last)}.`);
    } catch (error) {
      if (error instanceof Refused && error.status < 429) throw error;
      say(
        "bad",
        last
          ? `Cannot reach the server. Showing the number of ${exactly(last)}.`
          : "Cannot reach the server yet. Trying again.",
      );
    }
  };
  return { line, during };
}

const LEVELS = { good: "All is well", warning: "Worth a look", bad: "Needs somebody now" };

function mailWords({ waiting, oldest_seconds: oldest, paused_until: paused }) {
  if (paused) return `Confirmation mails wait until ${moment(paused)}.`;
  if (!waiting) return "No confirmation mail is waiting.";
  return `${number(waiting)} confirmation mails are waiting, the oldest for ${lasting(oldest ?? 0)}.`;
}

// [elements]; nothing for a site that does not tell.
export async function healthOf() {
  const found = await watch("/health").catch((error) => {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  });
  if (!found) return [];
  const { level, messages, mail } = found.data;
  const list = messages.map((message) => h("li", {}, message.text));
  return [
    h(
      "section",
      { class: `health health-${level}`, "aria-label": "How the site is" },
      h("h2", {}, LEVELS[level] ?? level),
      h("ul", {}, list),
      h("p", { class: "small" }, mailWords(mail)),
    ),
  ];
}
