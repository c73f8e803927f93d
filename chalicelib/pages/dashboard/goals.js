// The goals of a petition, as typed: one on each line, each higher than the one before.

import { RefusedError } from "./api.js";
import { h } from "./dom.js";
import { number } from "./format.js";
import { repeatingField } from "./forms.js";

/** @import { ManagedPetition } from "#api" */
/** @typedef {{ goals: number[], error: string }} TypedGoals `error` is "" when every line is a goal */

// Digits, or groups of three with the same separator: 1000, 1,000 or 1 000. Anything else could mean another number.
const GOAL = /^(\d+|\d{1,3}(,\d{3})+|\d{1,3}( \d{3})+)$/;
const HINT =
  "One goal on each line, such as 1,000. Each is higher than the one before. When one is reached, the next is shown.";
const wordFormat = new Intl.NumberFormat("en-GB", {
  notation: "compact",
  compactDisplay: "long",
  maximumFractionDigits: 6,
});

/**
 * @param {string} typed
 * @returns {TypedGoals}
 */
export function parseGoals(typed) {
  const lines = typed.split("\n").map((line) => line.trim());
  const goals = [];
  for (const [index, line] of lines.entries()) {
    if (!line) continue;
    const goal = Number(line.replace(/[ ,]/g, ""));
    const last = goals.at(-1) ?? 0;
    if (!GOAL.test(line)) return { goals, error: `Line ${index + 1} is not one number. Write 1000, 1,000 or 1 000.` };
    if (goal <= last) return { goals, error: notHigher(goal, last) };
    goals.push(goal);
  }
  return { goals, error: goals.length ? "" : "Enter at least one goal." };
}

/**
 * @param {number} goal
 * @param {number} last
 */
const notHigher = (goal, last) =>
  last
    ? `Each goal must be higher than the one before: ${number(goal)} follows ${number(last)}.`
    : "A goal must be higher than 0.";

/** @param {number} goal */
const inWords = (goal) => (goal < 1_000 ? number(goal) : `${number(goal)} (${wordFormat.format(goal)})`);

/**
 * What the goals mean, in words, so that the user notices a mistake before saving.
 * @param {string} typed
 */
export function goalsInWords(typed) {
  const { goals, error } = parseGoals(typed);
  if (error) return typed.trim() ? error : "";
  const [first = 0, ...more] = goals.map(inWords);
  const next = more.length ? `, then ${more.join(", then ")}` : "";
  const count = goals.length === 1 ? "1 goal" : `${goals.length} goals`;
  return `${count}: first ${first} signatures${next}.`;
}

/** @param {Pick<ManagedPetition, "goal" | "goals">} petition */
export const formatGoals = ({ goal, goals }) => [goal, ...(goals ?? [])].map(number).join("\n");

export const goalsField = () =>
  repeatingField("Goals", h("textarea", { name: "goals", rows: "4", required: true }), HINT, goalsInWords);

/**
 * @param {string} typed
 * @returns {number[]} at least one
 * @throws {RefusedError} naming the field, like an answer of the API
 */
export function goalsFrom(typed) {
  const { goals, error } = parseGoals(typed);
  if (error)
    throw new RefusedError(422, { detail: "Nothing has been saved.", errors: [{ field: "goals", message: error }] });
  return goals;
}
