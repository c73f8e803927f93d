// What a new petition starts with: a template with the charity of an earlier petition, or a copy of another petition.

import { ask, isRefusal } from "./api.js";

/** @import { ManagedPetition, StaffPetition } from "#api" */
/** @typedef {Partial<ManagedPetition>} Start */

// Staff replace the text in square brackets before they open the petition (chalicelib/petitions/transition.py).
/** @type {Start} */
export const TEMPLATE = {
  title: "[Do what] for [whom]",
  summary: "[Who] need [what]. We ask [the Home Secretary] to [do what].",
  text: [
    "[What is wrong, in one or two sentences. Write as you speak.]",
    "[Whom it harms, and how. One true example says more than many numbers.]",
    "We ask [the Home Secretary] to [do what], by [when].",
    "[Why this will help.]",
  ].join("\n\n"),
  sign_wording:
    "I sign this petition. [The charity] may hand my name, postcode and country to [the Home Secretary]. " +
    "I can withdraw my signature at any time.",
  updates_wording: "Email me news about this petition and the work of [the charity]. I can stop it at any time.",
};

const CHARITY_FIELDS = /** @type {const} */ (["charity", "privacy_contact", "privacy_url"]);
const WORDINGS = /** @type {const} */ (["sign_wording", "updates_wording"]);
const COPIED_FIELDS = /** @type {const} */ ([
  "title",
  "summary",
  "text",
  "target",
  "goal",
  "goals",
  "retention_months",
  "language",
  "translations",
  "receipt",
  "time_zone",
  "embed_on",
  "letter",
]);

// The gaps that the field "Addressed to" fills.
const TARGET_GAP = /\[(?:addressed to|the Home Secretary)\]/g;

/**
 * Put the target into the gaps that stand for it. Without a target, return the text as it is.
 * @param {string} text
 * @param {string} target
 */
export const withTarget = (text, target) => (target ? text.replace(TARGET_GAP, () => target) : text);

/**
 * A wording of another petition, with gaps where it names that petition's target. A target of one or two letters stays:
 * it would match parts of words.
 * @param {ManagedPetition} petition
 * @param {string} wording
 */
const withoutTarget = ({ target }, wording) =>
  target.length > 2 ? wording.replaceAll(target, "[addressed to]") : wording;

/**
 * @param {ManagedPetition | null} earlier a petition of the same charity
 * @returns {Start}
 */
export function startFrom(earlier) {
  if (!earlier) return TEMPLATE;
  const charity = Object.fromEntries(CHARITY_FIELDS.map((name) => [name, earlier[name]]));
  const wordings = Object.fromEntries(WORDINGS.map((name) => [name, withoutTarget(earlier, earlier[name])]));
  return { ...TEMPLATE, ...charity, ...wordings };
}

/**
 * A copy has everything but the address, the times, the target's answer and test mode.
 * @param {ManagedPetition} petition
 * @returns {Start}
 */
export function copyOf(petition) {
  const copy = Object.fromEntries(
    [...CHARITY_FIELDS, ...WORDINGS, ...COPIED_FIELDS].map((name) => [name, petition[name]]),
  );
  const { letter } = petition;
  if (!letter) return copy;
  return { ...copy, letter: { ...letter, targets: letter.targets.map((target) => ({ ...target, test_to: null })) } };
}

/**
 * The first petition of the staff's list, or null if there is none, if it no longer exists, or if the token may not
 * read the list.
 * @param {(route: string) => boolean} may
 * @returns {Promise<ManagedPetition | null>}
 */
export async function firstPetition(may) {
  if (!may("GET /api/staff/petitions")) return null;
  /** @type {StaffPetition[]} */
  const petitions = (await ask("/petitions")).data.petitions;
  const [first] = petitions;
  if (!first) return null;
  return ask(`/petitions/${first.slug}`).then(
    ({ data }) => data,
    (error) => {
      if (isRefusal(error, 404)) return null;
      throw error;
    },
  );
}
