// The transitions of a petition: which of them are possible, and what each one needs.

import { CANCEL, confirmed, dialog, h } from "./dom.js";
import { field } from "./forms.js";
import { fromInput, toInput } from "./petition-form.js";

/** @import { ManagedPetition, TransitionRequest, PetitionState, Transition } from "#api" */
/** @typedef {{ action: string, effect: string, kind?: string }} Words */
/** @typedef {{ name: "at" | "reason", label: string, input: HTMLInputElement | HTMLTextAreaElement }} Question */

/** @type {Record<PetitionState, Words>} */
export const WORDS = {
  draft: { action: "Make it a draft again", effect: "The petition is no longer public." },
  open: { action: "Open for signatures", effect: "Everybody can sign it from its opening time." },
  paused: {
    action: "Pause",
    effect: "Nobody can sign until you open it again. The closing date moves by the length of the pause.",
  },
  closed: {
    action: "Close",
    effect: "Nobody can sign any more. Those who signed today still have a day to confirm.",
  },
  removed: {
    action: "Remove",
    effect: "Its page says that it was removed, and why. Signatures are kept until you have them erased.",
    kind: "act-stern",
  },
};

/**
 * What the user has to fill in before a transition, if anything.
 * @param {ManagedPetition} petition
 * @param {Transition} transition
 * @param {number} now milliseconds since 1970
 * @returns {Question | null}
 */
function questionFor(petition, { schedules, needs_reason: needsReason }, now) {
  if (needsReason) {
    const input = h("textarea", { name: "reason", rows: "3", required: true, maxlength: "1000" });
    return { name: "reason", label: "Reason, as the public reads it", input };
  }
  if (!schedules) return null;
  const input = h("input", { name: "at", type: "datetime-local", value: plannedTime(petition[schedules], now) });
  return { name: "at", label: "When (UTC)? Leave blank for now", input };
}

/**
 * @param {string | null | undefined} planned
 * @param {number} now milliseconds since 1970
 * @returns {string} what to offer as the time: the planned one, unless it is over
 */
export const plannedTime = (planned, now) => (planned && Date.parse(planned) > now ? toInput(planned) : "");

/**
 * Ask the user for what a transition needs.
 * @param {ManagedPetition} petition
 * @param {Transition} transition
 * @returns {Promise<TransitionRequest | null>} null if the user cancelled
 */
export async function askFor(petition, transition) {
  const { state } = transition;
  const { action, effect, kind } = WORDS[state];
  const question = questionFor(petition, transition, Date.now());
  if (!question) return (await confirmed(action, effect, action)) ? { state } : null;
  const { name, label, input } = question;
  const content = h("div", {}, h("p", {}, effect), field(label, input));
  const choice = await dialog(action, content, [{ value: "yes", text: action, kind }, CANCEL]);
  if (choice !== "yes") return null;
  const value = name === "at" ? fromInput(input.value) : input.value.trim();
  return value ? { state, [name]: value } : { state };
}
