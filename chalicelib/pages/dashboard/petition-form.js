// The fields of a petition, and the conversion between what a form holds and what the API takes.

import { afterSigningFields, afterSigningFrom, shareWaysFrom } from "./after-signing.js";
import { h } from "./dom.js";
import { ukTime } from "./format.js";
import { checkbox, field, repeatingField, setField } from "./forms.js";
import { formatGoals, goalsField, goalsFrom } from "./goals.js";
import { letterFields, letterFrom } from "./letter-form.js";
import { languageField, translationFields, translationsFrom } from "./translations.js";

/** @import { ManagedPetition, NewPetition } from "#api" */
/** @import { Attributes } from "./dom.js" */
/** @typedef {Omit<NewPetition, "slug">} PetitionFields */

const TEXTS = /** @type {const} */ ([
  "title",
  "summary",
  "text",
  "target",
  "charity",
  "privacy_contact",
  "privacy_url",
  "sign_wording",
  "updates_wording",
]);

/**
 * @param {string} name
 * @param {Attributes} attributes
 */
const line = (name, attributes = {}) => h("input", { name, required: true, maxlength: "200", ...attributes });

/**
 * @param {string} name
 * @param {number} rows
 * @param {number} maxlength
 */
const prose = (name, rows, maxlength) =>
  h("textarea", { name, rows: String(rows), required: true, maxlength: String(maxlength) });

/**
 * @param {string} name
 * @param {boolean} required
 */
const timeInput = (name, required) => h("input", { name, type: "datetime-local", required });

/**
 * @param {string} legend
 * @param {...Node} fields
 */
const group = (legend, ...fields) => h("fieldset", {}, h("legend", {}, legend), ...fields);

/** @param {Partial<ManagedPetition>} petition */
const textFields = (petition) =>
  group(
    "What you ask for",
    languageField(petition),
    field("Title", line("title"), "What you ask for, in one sentence."),
    field("Addressed to", line("target"), "As in the middle of a sentence: the Home Secretary."),
    field("Summary", prose("summary", 3, 500), "One or two sentences, for lists and for shared links."),
    field(
      "Text",
      prose("text", 12, 20_000),
      "Leave an empty line between paragraphs. You can use # headings, - lists, > quotes, *emphasis*, **strong text** " +
        "and [links](address). If you change the text later, signatures are counted by version.",
    ),
  );

const charityFields = () =>
  group(
    "Who is asking",
    field("Name of the charity", line("charity")),
    field(
      "Email address for questions about personal data",
      line("privacy_contact", { type: "email", maxlength: "254" }),
    ),
    field(
      "Privacy notice (optional)",
      line("privacy_url", { type: "url", required: false, maxlength: "500" }),
      "A web address that starts with https.",
    ),
  );

const consentFields = () =>
  group(
    "What people agree to",
    field("Consent to sign", prose("sign_wording", 4, 1_000)),
    field("Consent to receive updates", prose("updates_wording", 3, 1_000)),
  );

const OPENS_HINT = "The planned time. The petition stays a draft until you open it.";

/**
 * A field for a time in UTC, which repeats it in UK time.
 * @param {string} label
 * @param {HTMLInputElement} input
 * @param {string} [hint]
 */
export const timeField = (label, input, hint = "") => repeatingField(label, input, hint, typedInUkTime);

/**
 * A pasted address ends with a slash; a site does not.
 * @param {string} site
 */
const withoutEnd = (site) => site.replace(/\/+$/, "");

/** @param {string} typed what an input of the type datetime-local holds */
export function typedInUkTime(typed) {
  const at = fromInput(typed);
  return at ? `This is ${ukTime(at)}.` : "";
}

/**
 * A stored petition has a planned time. A new one may leave it out: opening the petition sets it.
 * @param {Partial<ManagedPetition>} petition
 */
const opensField = ({ opened_at: opens }) =>
  timeField(opens ? "Opens at (UTC)" : "Opens at (UTC, optional)", timeInput("opened_at", Boolean(opens)), OPENS_HINT);

const USUAL_RETENTION_MONTHS = 24;
const RETENTION_HINT =
  "After it has closed or was handed in, whichever is later: 1 to 120. The privacy notice on its page says so.";

/** @param {Partial<ManagedPetition>} petition */
const goalFields = (petition) =>
  group(
    "Goal and dates",
    goalsField(),
    opensField(petition),
    timeField("Closes at (UTC, optional)", timeInput("closes_at", false)),
    field(
      "Months until personal data is removed",
      h("input", { name: "retention_months", type: "number", min: "1", max: "120" }),
      RETENTION_HINT,
    ),
  );

const outcomeFields = () =>
  group(
    "After the petition (optional)",
    timeField("Handed in at (UTC)", timeInput("handed_in_at", false), "The page shows the day."),
    field("What the target answered", h("textarea", { name: "response", rows: "5", maxlength: "20000" })),
    timeField("Answered at (UTC)", timeInput("responded_at", false)),
  );

const ZONE_HINT = "Such as Europe/London. Pages and emails also say the time in UTC.";
const SITES_HINT = "One on each line: https and the name, without a path. No other site can show the form in a frame.";

/** @param {Partial<ManagedPetition>} petition */
const sharingFields = ({ receipt = false, time_zone: timeZone = "Europe/London" }) =>
  group(
    "Emails and other sites (optional)",
    checkbox("Send a receipt to everybody who has confirmed. It doubles what emails cost.", {
      name: "receipt",
      value: "yes",
      checked: receipt,
    }),
    field(
      "Time zone of its times",
      h("input", { name: "time_zone", value: timeZone, maxlength: "60", spellcheck: "false" }),
      ZONE_HINT,
    ),
    field(
      "Sites that may show the form and the counter",
      h("textarea", { name: "embed_on", rows: "3", spellcheck: "false" }),
      SITES_HINT,
    ),
  );

/** @param {Partial<ManagedPetition>} [petition] for the fields that fillForm does not fill in */
export const petitionFields = (petition = {}) => [
  textFields(petition),
  charityFields(),
  consentFields(),
  goalFields(petition),
  outcomeFields(),
  sharingFields(petition),
  afterSigningFields(petition),
  letterFields(petition),
  ...translationFields(petition),
];

/**
 * For an input of the type datetime-local, whose time is UTC here.
 * @param {string | null | undefined} iso
 */
export const toInput = (iso) => (iso ? new Date(iso).toISOString().slice(0, 16) : "");

/** @param {string} typed what an input of the type datetime-local holds */
export const fromInput = (typed) => (typed ? `${typed}:00Z` : null);

/**
 * The input has no seconds. If the user did not change its time, return the stored time, which has seconds.
 * @param {string} typed
 * @param {string | null | undefined} stored
 */
export const timeFrom = (typed, stored) => (typed === toInput(stored) ? (stored ?? null) : fromInput(typed));

/**
 * @param {HTMLFormElement} form
 * @param {Partial<ManagedPetition>} petition
 */
export function fillForm(form, petition) {
  /** @type {Record<string, string>} */
  const values = {
    goals: petition.goal ? formatGoals({ goal: petition.goal, goals: petition.goals ?? [] }) : "",
    opened_at: toInput(petition.opened_at),
    closes_at: toInput(petition.closes_at),
    // An old petition has none, until staff set it.
    retention_months: String(petition.retention_months ?? (petition.slug ? "" : USUAL_RETENTION_MONTHS)),
    handed_in_at: toInput(petition.handed_in_at),
    response: petition.response ?? "",
    responded_at: toInput(petition.responded_at),
    embed_on: (petition.embed_on ?? []).join("\n"),
  };
  for (const name of TEXTS) values[name] = petition[name] ?? "";
  for (const [name, value] of Object.entries(values)) setField(form, name, value);
}

/**
 * @param {FormData} typed
 * @param {Partial<ManagedPetition>} before
 * @returns {PetitionFields} it may lack fields: the API then refuses it
 */
export function petitionFrom(typed, before = {}) {
  /** @param {string} name */
  const value = (name) => String(typed.get(name) ?? "").trim();
  const texts = Object.fromEntries(TEXTS.map((name) => [name, value(name)]));
  const [goal, ...goals] = goalsFrom(value("goals"));
  return /** @type {PetitionFields} */ ({
    ...texts,
    privacy_url: texts.privacy_url || null,
    goal,
    goals,
    opened_at: timeFrom(value("opened_at"), before.opened_at) ?? undefined,
    closes_at: timeFrom(value("closes_at"), before.closes_at),
    retention_months: value("retention_months") ? Number(value("retention_months")) : null,
    handed_in_at: timeFrom(value("handed_in_at"), before.handed_in_at),
    response: value("response") || null,
    responded_at: timeFrom(value("responded_at"), before.responded_at),
    receipt: typed.has("receipt"),
    time_zone: value("time_zone") || undefined,
    embed_on: value("embed_on").split(/\s+/).filter(Boolean).map(withoutEnd),
    ...afterSigningFrom(typed, ""),
    share_ways: shareWaysFrom(typed),
    letter: letterFrom(typed, before),
    language: value("language") || (before.language ?? "en"),
    translations: translationsFrom(typed, before),
  });
}
