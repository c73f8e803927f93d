// The transitions of a petition (changes of its state): what staff read about each, and the dialog that asks for the
// time or the reason.

import { RefusedError } from "./api.js";
import { askToConfirm, CANCEL, h, showDialog } from "./dom.js";
import { plannedTime } from "./format.js";
import { field } from "./forms.js";
import { fromInput, timeField, toInput } from "./petition-form.js";

/** @import { ManagedPetition, TransitionRequest, PetitionState, Transition } from "#api" */
/** @typedef {Pick<TransitionRequest, "state"> & Partial<TransitionRequest>} Wanted */
/** @typedef {{ action: string, effect: string, kind?: string }} TransitionWords */
/** @typedef {{ name: "at" | "reason", input: HTMLInputElement | HTMLTextAreaElement, place: HTMLElement }} Question */

const TEST_ADDRESS =
  "Careful: the letter has a test address. Letters of people who confirm go there, and never to the target.";
const UNSAVED = "What you have typed and not saved stays in the form, and is not public.";

/** @type {Record<PetitionState, TransitionWords>} */
const WORDS = {
  draft: { action: "Make it a draft again", effect: "The petition is no longer public." },
  open: { action: "Open for signatures", effect: "Everybody can sign it from its opening time." },
  paused: {
    action: "Pause",
    effect: "Nobody can sign until you open it again. The closing date moves by the length of the pause.",
  },
  closed: {
    action: "Close the petition",
    effect: "Nobody can sign any more. Those who have signed have one more day to confirm.",
  },
  removed: {
    action: "Remove",
    effect: "Its page says that it was removed, and why. Signatures are kept until you have them erased.",
    kind: "act-stern",
  },
};

// The last typed reason, by slug. The dialog offers it again, so that it is not lost when the token expires.
/** @type {Map<string, string>} */
const reasons = new Map();

/**
 * @param {ManagedPetition} petition
 * @param {PetitionState} state
 * @returns {TransitionWords}
 */
export function wordsFor({ scheduled_opening: opens }, state) {
  if (state !== "draft" || !opens) return WORDS[state];
  const effect = `It would open on ${plannedTime(opens)}. It then stays a draft until you open it.`;
  return { action: "Cancel schedule", effect };
}

/**
 * What the user has to fill in before a transition, if anything.
 * @param {ManagedPetition} petition
 * @param {Transition} transition
 * @param {number} now milliseconds since 1970
 * @returns {Question | null}
 */
function questionFor(petition, { schedules, needs_reason: needsReason }, now) {
  if (needsReason) {
    const value = reasons.get(petition.slug) ?? "";
    const input = h("textarea", { name: "reason", rows: "3", required: true, maxlength: "1000", value });
    input.addEventListener("input", () => reasons.set(petition.slug, input.value));
    return { name: "reason", input, place: field("Reason, as the public reads it", input) };
  }
  // `schedules` names the petition's field that holds the planned time.
  if (!schedules) return null;
  const input = h("input", { name: "at", type: "datetime-local", value: offeredTime(petition[schedules], now) });
  return { name: "at", input, place: timeField("When (UTC)? Leave blank to do it now", input) };
}

/**
 * @param {string | null | undefined} planned
 * @param {number} now milliseconds since 1970
 * @returns {string} the planned time for the input; "" if it is over
 */
export const offeredTime = (planned, now) => (planned && Date.parse(planned) > now ? toInput(planned) : "");

/**
 * What a transition does, and what to be careful about.
 * @param {ManagedPetition} petition
 * @param {PetitionState} state
 * @param {boolean} isUnsaved whether the form holds text that is not saved
 */
export function effectOf(petition, state, isUnsaved) {
  const opens = state === "open";
  const testWarning = opens && petition.letter?.targets.some(({ test_to: test }) => test) ? TEST_ADDRESS : "";
  return [wordsFor(petition, state).effect, isUnsaved ? UNSAVED : "", testWarning].filter(Boolean).join(" ");
}

/**
 * Ask the user for what a transition needs: a reason, a time, or only a confirmation.
 * @param {ManagedPetition} petition
 * @param {Transition} transition
 * @param {boolean} isUnsaved whether the form holds text that is not saved
 * @returns {Promise<Wanted | null>} null if the user cancelled
 */
export async function askForDetails(petition, transition, isUnsaved) {
  const { state } = transition;
  const { action, kind } = wordsFor(petition, state);
  const effect = effectOf(petition, state, isUnsaved);
  const question = questionFor(petition, transition, Date.now());
  if (!question) return (await askToConfirm(action, effect, action)) ? { state } : null;
  const { name, input, place } = question;
  const content = h("div", {}, h("p", {}, effect), place);
  const choice = await showDialog(action, content, [{ value: "yes", text: action, kind }, CANCEL]);
  if (choice !== "yes") return null;
  const value = name === "at" ? fromInput(input.value) : input.value.trim();
  return value ? { state, [name]: value } : { state };
}

/** @param {string} warning */
async function askToKeepBrackets(warning) {
  const keep = { value: "yes", text: "Publish it with this text", kind: "act-stern" };
  const content = h("p", { class: "stern" }, `${warning}.`);
  return (await showDialog("The text is not finished", content, [keep, CANCEL])) === "yes";
}

/**
 * Send a transition or an edit. If the server finds text in [square brackets], warn the user, who may send it a
 * second time.
 * @template {object} T
 * @param {T} body
 * @param {(body: T & { keep_brackets?: boolean }) => Promise<unknown>} send
 * @param {(warning: string) => Promise<boolean>} askAgain
 * @returns {Promise<boolean>} false if the user cancelled
 */
export async function sendTwiceIfBrackets(body, send, askAgain = askToKeepBrackets) {
  try {
    await send(body);
  } catch (error) {
    const refused = error instanceof RefusedError && error.errors.find(({ field: name }) => name === "keep_brackets");
    if (!refused) throw error;
    if (!(await askAgain(refused.message))) return false;
    await send({ ...body, keep_brackets: true });
  }
  return true;
}
