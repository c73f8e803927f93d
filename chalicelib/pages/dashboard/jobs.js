// Jobs, such as exports: the state in words, a table that refreshes itself, buttons to cancel and to download.

import { ask, messageOf } from "./api.js";
import { button, h, table } from "./dom.js";
import { keepFresh } from "./polling.js";
import { refill } from "./refill.js";

/** @import { JobState } from "#api" */
/** @import { Child, Column } from "./dom.js" */
/** @typedef {{ state: JobState, why?: string | null }} JobStatus `why`: why it failed */

const REFRESH_EVERY_MS = 3_000;

/** @type {Record<JobState, string>} */
const STATES = {
  waiting: "Waiting to start",
  running: "In progress",
  retrying: "Interrupted. It waits for a retry and continues by itself",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
  expired: "Done",
};
/** The words for a job whose result is a file. */
export const FILE_STATES = { ...STATES, done: "Ready", expired: "Expired and deleted" };

/** @param {JobStatus} job */
export const isUnfinished = ({ state }) => ["waiting", "running", "retrying"].includes(state);

/**
 * The state in words, followed by `progress` while the job runs.
 * @param {JobStatus} job
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
 * @param {number} total
 */
export function progressBar(done, total) {
  const [max, value] = [String(Math.max(total, 1)), String(Math.min(done, total))];
  return h("progress", { max, value, "aria-label": "Progress" });
}

/**
 * What the buttons in a row can do. Both functions report a failure above the table.
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
 * @param {string} kind.emptyText what to show in place of an empty table
 * @param {(acts: Acts) => Column<Job>[]} kind.columns
 * @param {(jobs: Job[]) => void | Promise<void>} [kind.onrefresh] called with the new jobs
 */
export function jobTable({ path, name, caption, emptyText, columns, onrefresh }) {
  const [message, list] = [h("p", { role: "status", "data-said": "" }), h("div")];
  /** @param {string} text */
  const say = (text) => {
    message.textContent = text;
  };
  const refresh = async () => {
    /** @type {Job[]} */
    const jobs = (await ask(path)).data[name];
    const rows = table(caption, columns(acts), jobs, { keyOf: ({ id }) => id });
    refill(list, jobs.length ? rows : h("p", {}, emptyText));
    await onrefresh?.(jobs);
  };
  /** @param {() => Promise<unknown>} act */
  const reportFailure = async (act) => {
    await act().catch((error) => say(messageOf(error)));
  };
  let hasFailed = false;
  const tryRefresh = async () => {
    try {
      await refresh();
      if (hasFailed) say("");
      hasFailed = false;
    } catch (error) {
      hasFailed = true;
      say(messageOf(error));
    }
  };
  /** @type {Acts} */
  const acts = {
    send: (target, method) => reportFailure(() => ask(target, { method }).finally(refresh)),
    // A link is valid for minutes, so the page asks for it when the button is pressed.
    download: (target) => reportFailure(async () => location.assign((await ask(target)).data.url)),
  };
  return {
    parts: [message, list],
    /** @param {string} text what to say about the job that was started */
    announceStart: async (text) => {
      say(text);
      await reportFailure(refresh);
    },
    /** @param {AbortSignal} signal */
    follow: (signal) => keepFresh(tryRefresh, signal, REFRESH_EVERY_MS),
  };
}

/**
 * @param {string} text
 * @param {string} path of the job
 * @param {Acts} acts
 */
export const cancelButton = (text, path, { send }) => button(text, () => send(path, "DELETE"));
