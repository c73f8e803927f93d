// A petition's texts in the other languages of the site.

import { afterSigningFrom, afterSigningTexts } from "./after-signing.js";
import { root } from "./api.js";
import { h } from "./dom.js";
import { field } from "./forms.js";
import { translatedLetterFields, wordsFrom } from "./letter-form.js";

/** @import { ManagedPetition } from "#api" */
/** @typedef {NonNullable<ManagedPetition["translations"]>} Translations */
/** @typedef {{ name: keyof Translations[string], label: string, maxlength: number, rows: number }} Text */

/** @type {Text[]} */
const TEXTS = [
  { name: "title", label: "Title", maxlength: 200, rows: 1 },
  { name: "target", label: "Addressed to (optional)", maxlength: 200, rows: 1 },
  { name: "summary", label: "Summary", maxlength: 500, rows: 3 },
  { name: "text", label: "Text", maxlength: 20_000, rows: 12 },
  { name: "charity", label: "Name of the charity (optional)", maxlength: 200, rows: 1 },
  { name: "sign_wording", label: "Consent to sign", maxlength: 1_000, rows: 4 },
  { name: "updates_wording", label: "Consent to receive updates", maxlength: 1_000, rows: 3 },
  { name: "response", label: "What the target answered (optional)", maxlength: 20_000, rows: 5 },
];
const HINT = "Leave everything blank if the petition is not in this language.";

/** @returns {Record<string, string>} the site's languages by code, each with its name in that language */
const languages = () => JSON.parse(root().dataset.languages ?? "{}");

/** @param {string | undefined} main the petition's own language */
const otherLanguages = (main = "en") => Object.entries(languages()).filter(([code]) => code !== main);

/** @param {Partial<ManagedPetition>} petition */
export function languageField({ language = "en" }) {
  const options = Object.entries(languages()).map(([value, title]) => h("option", { value }, title));
  const select = h("select", { name: "language" }, ...options);
  select.value = language;
  return field("Language of these texts", select, "The petition’s main language. Its other languages are at the end.");
}

/**
 * The API's name of the field, so that errors from the API can be shown with the field's label.
 * @param {string} code
 * @param {string} name
 */
const nameOf = (code, name) => `translations.${code}.${name}`;

/**
 * The fields for each other language, closed at first.
 * @param {Partial<ManagedPetition>} petition
 */
export const translationFields = ({ language, letter, translations = {} }) =>
  otherLanguages(language).map(([code, title]) =>
    h(
      "details",
      {},
      h("summary", {}, `The petition in ${title}`),
      h("p", { class: "hint" }, HINT),
      TEXTS.map(({ name, label, maxlength, rows }) => {
        const attributes = { name: nameOf(code, name), maxlength: String(maxlength), lang: code };
        const input = rows > 1 ? h("textarea", { ...attributes, rows: String(rows) }) : h("input", attributes);
        input.value = String(translations[code]?.[name] ?? "");
        return field(`${label} (${title})`, input);
      }),
      afterSigningTexts(nameOf(code, ""), translations[code] ?? {}, { title, code }),
      translatedLetterFields(nameOf(code, "letter"), { title, code }, letter, translations[code]?.letter ?? {}),
    ),
  );

/**
 * @param {FormData} typed
 * @param {Partial<ManagedPetition>} before the stored petition: what the form does not show is kept
 * @returns {Translations} the API rejects a translation that lacks a text
 */
export function translationsFrom(typed, { translations = {} }) {
  const result = { ...translations };
  const titleNames = [...typed.keys()].filter((name) => /^translations\..*\.title$/.test(name));
  for (const code of titleNames.map((name) => name.slice("translations.".length, -".title".length))) {
    const texts = TEXTS.map(({ name }) => [name, String(typed.get(nameOf(code, name)) ?? "").trim()]);
    // JSON leaves out fields that are undefined.
    const newTexts = Object.fromEntries(texts.map(([name, text]) => [name, text || undefined]));
    const words = wordsFrom(typed, nameOf(code, "letter"), result[code]?.letter ?? {});
    const letter = Object.keys(words).length ? words : undefined;
    const after = afterSigningFrom(typed, nameOf(code, ""));
    const hasTexts = texts.some(([, text]) => text) || after.share_text || after.next_step;
    if (letter || hasTexts) result[code] = { ...result[code], ...newTexts, ...after, letter };
    else delete result[code];
  }
  return result;
}
