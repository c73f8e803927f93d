// The updates of a petition: what the campaign tells those who signed. The list, and the form for a new draft.

import { ask, messageOf, post } from "./api.js";
import { h, table } from "./dom.js";
import { dateTime, number, plannedTime } from "./format.js";
import { field, sendingForm, submitButton } from "./forms.js";
import { petitionLink } from "./petition-link.js";
import { keepFresh } from "./polling.js";
import { refill } from "./refill.js";
import { forget, keepTyped } from "./typed.js";

/** @import { ManagedPetition, ManagedUpdate, ManagedUpdates, UpdateText } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @typedef {Pick<ManagedUpdate, "state" | "stopped" | "retrying" | "publish_at">} Schedule */

export const REFRESH_EVERY_MS = 5_000;
const INTRODUCTION =
  "An update is emailed once to each person who confirmed and asked for updates. " +
  "It also appears on the petition’s page.";
const MARKDOWN_HINT =
  "Leave an empty line between paragraphs. You can use # headings, - lists, > quotes, *emphasis*, **strong text** " +
  "and [links](address). There are no images.";
export const languages = new Intl.DisplayNames(["en-GB"], { type: "language" });

/** @type {Record<ManagedUpdate["state"], string>} */
const STATES = {
  draft: "Draft",
  scheduled: "About to be published",
  sending: "Being sent",
  paused: "Paused by itself",
  sent: "Sent",
  cancelled: "Cancelled",
};

/**
 * @param {Schedule} update
 * @param {number} now milliseconds since 1970
 */
export function stateOf({ state, stopped, retrying, publish_at: at }, now) {
  if (stopped) return "Stopped by a fault";
  if (retrying) return "Interrupted. It waits for a retry and continues by itself";
  const isLater = state === "scheduled" && at && Date.parse(at) > now;
  return isLater ? `Will be published on ${plannedTime(at)}` : STATES[state];
}

/**
 * The number is known only when all emails have been requested. Until then, 0 would look as if nobody gets an email.
 * @param {Pick<ManagedUpdate, "state" | "requested">} update
 */
export const requestedOf = ({ state, requested }) =>
  state === "sending" && !requested ? "counting …" : number(requested);

/** @type {import("./dom.js").Column<ManagedUpdate>[]} */
export const RESULT_COLUMNS = [
  { title: "State", cell: (update) => stateOf(update, Date.now()) },
  { title: "Published", cell: (update) => dateTime(update.published_at) },
  { title: "Requested", number: true, cell: requestedOf },
  { title: "Sent", number: true, cell: ({ sent }) => number(sent) },
  { title: "Failed", number: true, cell: ({ failed }) => number(failed) },
  { title: "Skipped", number: true, cell: ({ skipped }) => number(skipped) },
];

/**
 * @param {ManagedPetition} petition an update may be in each of its languages
 * @param {Partial<UpdateText>} [update]
 */
export function textFields({ language: main, translations }, update = {}) {
  const { title: value = "", markdown = "", language, translations: written = {} } = update;
  const codes = [...new Set([main, ...Object.keys(translations), ...(language ? [language] : [])])];
  const options = codes.map((code) =>
    h("option", { value: code, selected: code === (language ?? main) }, languages.of(code)),
  );
  const text = { name: "markdown", rows: "12", required: true, maxlength: "10000", value: markdown };
  return [
    field("Title", h("input", { name: "title", required: true, maxlength: "150", value }), "The subject of the email."),
    field("Text", h("textarea", text), MARKDOWN_HINT),
    field("Language", h("select", { name: "language" }, options)),
    ...(codes.length > 1 ? codes.map((code) => translationFields(code, written[code])) : []),
  ];
}

/**
 * @param {string} code
 * @param {UpdateText["translations"][string]} [words]
 */
function translationFields(code, words) {
  const name = languages.of(code);
  const title = { name: `translations.${code}.title`, maxlength: "150", value: words?.title ?? "" };
  const text = { name: `translations.${code}.markdown`, rows: "6", maxlength: "10000", value: words?.markdown ?? "" };
  return h(
    "details",
    { open: Boolean(words) },
    h("summary", {}, `The same in ${name}`),
    h("p", { class: "hint" }, `For those who signed in ${name}. Leave it empty if this is the language above.`),
    field(`Title in ${name}`, h("input", title)),
    field(`Text in ${name}`, h("textarea", text)),
  );
}

/**
 * @param {HTMLFormElement} form
 * @returns {UpdateText}
 */
export function textFrom(form) {
  /** @type {Record<string, any>} */
  const texts = { translations: {} };
  for (const [name, value] of new FormData(form)) {
    // A name is `title`, or for a translation `translations.cy.title`.
    const [, code = "", part = ""] = name.split(".");
    if (!part) texts[name] = value;
    else if (value) texts.translations[code] = { ...texts.translations[code], [part]: value };
  }
  return /** @type {UpdateText} */ (texts);
}

/**
 * @param {string} path
 * @param {ManagedPetition} petition
 */
function draftForm(path, petition) {
  /** @param {HTMLFormElement} form */
  const save = async (form) => {
    const { id } = await post(path, textFrom(form));
    forget(path);
    location.hash = `#${path}/${id}`;
  };
  return sendingForm(save, [
    h("h2", {}, "Write an update"),
    textFields(petition),
    h("p", { class: "hint" }, "Nobody gets it before you publish it. You can see it and send a test first."),
    submitButton("Save as a draft"),
  ]);
}

/**
 * @param {string} slug
 * @param {ViewContext["may"]} may
 */
const listLink = (slug, may) =>
  may("POST /api/staff/petitions/*/lists")
    ? h("a", { href: `#/petitions/${slug}/lists` }, "Send them from another system")
    : null;

/** @param {ViewContext} context */
export async function showUpdates({ container, slug, may, signal }) {
  const path = `/petitions/${slug}/updates`;
  const message = h("p", { role: "status" });
  const list = h("div");
  /** @type {import("./dom.js").Column<ManagedUpdate>} */
  const title = { title: "Update", cell: (update) => h("a", { href: `#${path}/${update.id}` }, update.title) };
  const refresh = async () => {
    try {
      /** @type {ManagedUpdates} */
      const { updates } = (await ask(path)).data;
      const rows = table("Updates, newest first", [title, ...RESULT_COLUMNS], updates, { keyOf: ({ id }) => id });
      refill(list, updates.length ? rows : h("p", {}, "There is no update yet."));
      message.textContent = "";
    } catch (error) {
      message.textContent = messageOf(error);
    }
  };
  /** @type {ManagedPetition} */
  const petition = (await ask(`/petitions/${slug}`)).data;
  const form = draftForm(path, petition);
  container.append(
    h("h1", {}, "Updates"),
    h("p", { class: "over" }, petitionLink(petition, may), listLink(slug, may)),
    h("p", { class: "lead" }, INTRODUCTION),
    message,
    list,
    form,
  );
  form.before(keepTyped(form, path) ?? "");
  await keepFresh(refresh, signal, REFRESH_EVERY_MS);
}
