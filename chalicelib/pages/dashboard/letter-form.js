// The fields for a letter in the petition's form: its words in each language. letter-targets.js has its targets.

import { h } from "./dom.js";
import { checkbox, field } from "./forms.js";
import { targetsFields, targetsFrom } from "./letter-targets.js";

/** @import { LetterOutput, LetterTextOutput, ManagedPetition } from "#api" */
/** @typedef {"subject" | "body" | "send_wording" | "reply_wording"} WordsName */
/** @typedef {{ name: WordsName, label: string, maxlength: number, rows: number, hint?: string }} WordsField */

const MAX_OPENINGS = 10;
const MAX_OPENING_LENGTH = 500;

/** @type {WordsField[]} */
const WORDS = [
  { name: "subject", label: "Subject of the letter", maxlength: 150, rows: 1 },
  {
    name: "body",
    label: "Text of the letter",
    maxlength: 3_000,
    rows: 10,
    hint: "Without greeting and name: the site adds them. Leave an empty line between paragraphs.",
  },
  {
    name: "send_wording",
    label: "Consent to send the letter",
    maxlength: 1_000,
    rows: 4,
    hint: "Say who sends what to whom.",
  },
  { name: "reply_wording", label: "Consent to receive replies", maxlength: 1_000, rows: 4 },
];
const OPENINGS_LABEL = "Suggested openings (optional)";
const OPENINGS_HINT =
  "First paragraphs to choose from. The first one is used unless people choose another: make it true for everybody, " +
  "such as: I write to you because this matters to me. Leave an empty line between two openings.";
const INTRODUCTION =
  "People who sign can also send this letter, in their own name. Leave everything blank if the petition has no letter.";

/** The wordings that a new letter starts with. */
const START = {
  send_wording: "Send this letter in my name and with my postcode to those it is addressed to.",
  reply_wording: "They may reply straight to me: they then see my email address.",
};

/** @param {string[]} openings */
const joinOpenings = (openings) => openings.join("\n\n");

/**
 * The fields of a letter's words in one language.
 * @param {string} path the API's name of the letter, so that errors from the API can be shown with the fields' labels
 * @param {Partial<LetterTextOutput>} words
 * @param {{ title?: string, code?: string | null }} [language] if it is not the petition's own
 */
function wordsFields(path, words, { title = "", code = null } = {}) {
  /** @param {string} label */
  const labelled = (label) => (title ? `${label} (${title})` : label);
  const texts = WORDS.map(({ name, label, maxlength, rows, hint }) => {
    const attributes = { name: `${path}.${name}`, maxlength: String(maxlength), lang: code, value: words[name] ?? "" };
    const input = rows > 1 ? h("textarea", { ...attributes, rows: String(rows) }) : h("input", attributes);
    return field(labelled(label), input, hint);
  });
  const openings = h("textarea", {
    name: `${path}.openings`,
    rows: "5",
    maxlength: String(MAX_OPENINGS * (MAX_OPENING_LENGTH + 2)),
    lang: code,
    value: joinOpenings(words.openings ?? []),
  });
  // After subject and body.
  texts.splice(2, 0, field(labelled(OPENINGS_LABEL), openings, OPENINGS_HINT));
  return texts;
}

/**
 * The fields of the letter's words in another language.
 * @param {string} path
 * @param {{ title: string, code: string }} language
 * @param {LetterOutput | null | undefined} letter
 * @param {Partial<LetterTextOutput>} words
 */
export const translatedLetterFields = (path, language, letter, words) => [
  ...wordsFields(path, words, language),
  ...(letter?.targets ?? []).map(({ key, name }) => {
    const value = words.target_names?.[key] ?? "";
    const input = h("input", { name: `${path}.target_names.${key}`, maxlength: "200", lang: language.code, value });
    return field(`${name}, as in “Dear …” (${language.title}, optional)`, input);
  }),
];

/** @param {Partial<ManagedPetition>} petition */
export function letterFields({ letter }) {
  const details = h(
    "details",
    {},
    h("summary", {}, "The letter that people can send (optional)"),
    h("p", { class: "hint" }, INTRODUCTION),
    wordsFields("letter", letter ?? START),
    checkbox("People may change subject and text, and write an opening of their own", {
      name: "letter.may_edit",
      value: "yes",
      checked: letter?.may_edit ?? true,
    }),
    targetsFields(letter?.targets ?? []),
  );
  // The browser cannot show what is wrong with a field in closed details.
  details.addEventListener("invalid", () => details.toggleAttribute("open", true), true);
  return details;
}

/**
 * @param {string} typed
 * @param {string[]} stored returned if the text is unchanged
 */
const openingsFrom = (typed, stored) =>
  typed === joinOpenings(stored)
    ? stored
    : typed
        .split(/\n\s*\n/)
        .map((opening) => opening.trim())
        .filter(Boolean);

/**
 * The words that are not blank.
 * @param {FormData} typed
 * @param {string} path
 * @param {Partial<LetterTextOutput>} before the stored words: those that the form does not show are kept
 * @returns {Partial<LetterTextOutput>} empty if all are blank
 */
export function wordsFrom(typed, path, before) {
  const prefix = `${path}.target_names.`;
  /** @param {string} name */
  const value = (name) => String(typed.get(name) ?? "").trim();
  const texts = WORDS.map(({ name }) => [name, value(`${path}.${name}`)]).filter(([, text]) => text);
  const openings = openingsFrom(value(`${path}.openings`), before.openings ?? []);
  const names = [...typed.keys()].filter((name) => name.startsWith(prefix));
  const targetNames = Object.fromEntries(names.map((name) => [name.slice(prefix.length), value(name)]));
  if (!texts.length && !openings.length && !Object.values(targetNames).some(Boolean)) return {};
  const allNames = Object.entries({ ...before.target_names, ...targetNames }).filter(([, name]) => name);
  return { ...Object.fromEntries(texts), openings, target_names: Object.fromEntries(allNames) };
}

/**
 * @param {FormData} typed
 * @param {Partial<ManagedPetition>} before
 * @returns {unknown} null without a letter. It may lack fields: the API then refuses it
 */
export function letterFrom(typed, before) {
  const { letter } = before;
  const words = wordsFrom(typed, "letter", letter ?? {});
  const targets = targetsFrom(typed, before);
  // Do not look at the two wordings: a new form already has them.
  const isBlank = !words.subject && !words.body && !words.openings?.length && !targets.length;
  return isBlank ? null : { ...words, may_edit: typed.has("letter.may_edit"), targets };
}
