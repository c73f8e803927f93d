// Long work, such as exports: its state in words, a table that refreshes itself, buttons to cancel and to download.

import { ask, messageOf } from "./api.js";
import { button, h, table } from "./dom.js";
import { keepFresh } from "./polling.js";
import { refill } from "./refill.js";

/** @import { JobState } from "#api" */
/** @import { Child, Column } from "./dom.js" */
/** @typedef {{ state: JobState, why?: string | null }} Stated */

const EVERY_MS = 3_000;

/** @type {Record<JobState, string>} */
const STATES = {
  waiting: "Waiting to start",
  running: "In progress",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
  expired: "Done",
};
/** Of work whose result is a file. */
export const FILE_STATES = { ...STATES, done: "Ready", expired: "Expired and deleted" };

/** @param {Stated} job */
export const isOpen = ({ state }) => state === "waiting" || state === "running";

/**
 * The state in words. While the work runs, `progress` follows.
 * @param {Stated} job
 * @param {Child[]} progress
 * @param {Record<JobState, string>} [words]
 */
export function stateOf({ state, why }, progress, words = STATES) {
  if (state === "failed" && why) return `${words.failed}: ${why}`;
  if (state !== "running" || !progress.length) return words[state];
  return h("span", {}, `${words.running}: `, progress);
}

/**
 * @param {number} done
 * @param {number} of
 */
export function progressBar(done, of) {
  const [max, value] = [String(Math.max(of, 1)), String(Math.min(done, of))];
  return h("progress", { max, value, "aria-label": "Progress" });
}

/**
 * What rows can do. Each reports a failure above the table.
 * @typedef {object} Acts
 * @property {(path: string, method: string) => Promise<void>} send
 * @property {(path: string) => Promise<void>} download
 */

/**
 * A table of a petition's jobs of one kind, newest first, with a line above it for messages.
 * @template {{ id: string }} Job
 * @param {object} kind
 * @param {string} kind.path of the list in the API
 * @param {string} kind.name of the list in the answer
 * @param {string} kind.caption
 * @param {string} kind.none what to show in place of an empty table
 * @param {(acts: Acts) => Column<Job>[]} kind.columns
 * @param {(jobs: Job[]) => void} [kind.also] what else to show of them
 */
export function jobTable({ path, name, caption, none, columns, also }) {
  const [message, list] = [h("p", { role: "status" }), h("div")];
  /** @param {string} text */
  const say = (text) => {
    message.textContent = text;
  };
  const refresh = async () => {
    /** @type {Job[]} */
    const jobs = (await ask(path)).data[name];
    const rows = table(caption, columns(acts), jobs, { keyOf: ({ id }) => id });
    refill(list, jobs.length ? rows : h("p", {}, none));
    also?.(jobs);
  };
  /** @param {() => Promise<unknown>} act */
  const reporting = async (act) => {
    await act().catch((error) => say(messageOf(error)));
  };
  let isDown = false;
  const watch = async () => {
    try {
      await refresh();
      if (isDown) say("");
      isDown = false;
    } catch (error) {
      isDown = true;
      say(messageOf(error));
    }
  };
  /** @type {Acts} */
  const acts = {
    send: (target, method) => reporting(() => ask(target, { method }).finally(refresh)),
    // A link is valid for minutes, so the page asks for it when the button is pressed.
    download: (target) => reporting(async () => location.assign((await ask(target)).data.url)),
  };
  return {
    parts: [message, list],
    /** @param {string} text what to say about the job that was started */
    started: async (text) => {
      say(text);
      await reporting(refresh);
    },
    /** @param {AbortSignal} signal */
    follow: (signal) => keepFresh(watch, signal, EVERY_MS),
  };
}

/**
 * @param {string} text
 * @param {string} path of the job
 * @param {Acts} acts
 */
export const cancelButton = (text, path, { send }) => button(text, () => send(path, "DELETE"));
