// How old a number is, and the health of the site: in words, never by colour alone.

import { isRefusal, RefusedError, revalidate } from "./api.js";
import { h } from "./dom.js";
import { exactTime, number, plannedTime } from "./format.js";

/** @import { StaffHealth } from "#api" */

/**
 * A line that says how old the data on the page is. `track` loads the data. If it fails, the line says so, and how old
 * the last data is.
 * @returns {{ line: HTMLElement, track: (load: () => Promise<Date>) => Promise<void> }} `load` returns the data's time
 */
export function freshness() {
  const line = h("p", { class: "fresh", role: "status", "data-fresh": "" }, "Loading …");
  /** @type {Date | null} */
  let last = null;
  /**
   * @param {"good" | "bad"} kind
   * @param {string} text
   */
  const show = (kind, text) => {
    line.className = `fresh fresh-${kind}`;
    // Screen readers read a status whenever it changes. They should not read the time every 15 seconds.
    line.setAttribute("aria-live", kind === "good" ? "off" : "polite");
    line.textContent = text;
    // What the page shows is then old: the health, too, is grey.
    line.closest(".view")?.classList.toggle("is-unreachable", kind === "bad");
  };
  /** @param {() => Promise<Date>} load */
  const track = async (load) => {
    try {
      last = await load();
      show("good", `Live. As of ${exactTime(last)}.`);
    } catch (error) {
      // Only 429 and 5xx are temporary. Every other refusal ends the polling.
      if (error instanceof RefusedError && error.status < 429) throw error;
      show("bad", failureText(last));
    }
  };
  return { line, track };
}

/** @param {Date | null} last */
const failureText = (last) =>
  last
    ? `Cannot reach the server. Showing the number of ${exactTime(last)}.`
    : "Cannot reach the server yet. Trying again.";

/** @type {Record<StaffHealth["level"], string>} */
const LEVELS = { good: "Everything is working", warning: "Needs attention", bad: "Needs action now" };

/** @param {StaffHealth["mail"]} mail */
export function emailText({ waiting, paused_until: paused }) {
  if (paused) return `All email is paused until ${plannedTime(paused)}.`;
  if (!waiting) return "No email is waiting to be sent.";
  return `About ${number(waiting)} ${waiting === 1 ? "email is" : "emails are"} waiting to be sent.`;
}

/**
 * @returns {Promise<HTMLElement[]>} empty when the site does not report its health
 */
export async function healthSection() {
  const answer = await revalidate("/health").catch((error) => {
    if (isRefusal(error, 404)) return null;
    throw error;
  });
  if (!answer) return [];
  /** @type {StaffHealth} */
  const { level, messages, mail } = answer.data;
  const list = messages.map(({ text, path }) =>
    h("li", {}, text, path ? h("a", { href: `#${path}` }, " Open it") : ""),
  );
  const attributes = { class: `health health-${level}`, "aria-label": "Health of the site" };
  const emails = h("p", { class: "small" }, emailText(mail));
  if (level === "good" && messages.length === 1)
    return [h("p", { ...attributes, role: "group" }, `${LEVELS[level]}. `, emailText(mail))];
  return [h("section", attributes, h("h2", {}, LEVELS[level]), h("ul", {}, list), emails)];
}
