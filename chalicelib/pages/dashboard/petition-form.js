// The fields of a petition: between what a form holds and what the API takes.

import { field, h } from "./dom.js";

const text = (name, attributes = {}) => h("input", { name, required: true, maxlength: "200", ...attributes });
const prose = (name, rows, attributes = {}) =>
  h("textarea", { name, rows: String(rows), required: true, ...attributes });
const moment = (name, required) => h("input", { name, type: "datetime-local", required });

const TEXTS = [
  "title",
  "summary",
  "text",
  "target",
  "charity",
  "privacy_contact",
  "privacy_url",
  "sign_wording",
  "updates_wording",
];

export function petitionFields() {
  return [
    h(
      "fieldset",
      {},
      h("legend", {}, "What is asked"),
      field("Title", text("title"), "What you ask for, in one sentence."),
      field("To whom?", text("target"), "As it stands in a sentence: the Home Secretary."),
      field(
        "In short",
        prose("summary", 3, { maxlength: "500" }),
        "One or two sentences, for lists and for links that are shared.",
      ),
      field(
        "Text",
        prose("text", 12, { maxlength: "20000" }),
        "Leave an empty line between paragraphs. When you change it after the opening, counts are kept by version.",
      ),
    ),
    h(
      "fieldset",
      {},
      h("legend", {}, "Who asks"),
      field("Name of the charity", text("charity")),
      field(
        "E-mail address for questions about personal data",
        text("privacy_contact", { type: "email", maxlength: "254" }),
      ),
      field(
        "Privacy notice (optional)",
        text("privacy_url", { type: "url", required: false, maxlength: "500" }),
        "An address on the web that starts with https.",
      ),
    ),
    h(
      "fieldset",
      {},
      h("legend", {}, "What people agree to"),
      field("Agreement to sign", prose("sign_wording", 4, { maxlength: "1000" })),
      field("Agreement to be kept informed", prose("updates_wording", 3, { maxlength: "1000" })),
    ),
    h(
      "fieldset",
      {},
      h("legend", {}, "Goal and time"),
      field(
        "Goals",
        text("goals", { inputmode: "numeric", pattern: "[0-9 ,]+" }),
        "Numbers in rising order with commas, such as 1000, 5000, 10000. When one is reached, the next is shown.",
      ),
      field("Opens at (UTC)", moment("opened_at", true), "As planned. Nothing opens before you have opened it."),
      field("Closes at (UTC, optional)", moment("closes_at", false)),
    ),
  ];
}

export const inForm = (iso) => (iso ? new Date(iso).toISOString().slice(0, 16) : "");
export const inApi = (local) => (local ? `${local}:00Z` : null);

export function fillForm(form, petition) {
  for (const name of TEXTS) form.elements[name].value = petition[name] ?? "";
  form.elements.goals.value = [...new Set([petition.goal, ...(petition.goals ?? [])])].join(", ");
  form.elements.opened_at.value = inForm(petition.opened_at);
  form.elements.closes_at.value = inForm(petition.closes_at);
}

// A form knows minutes and the API seconds: what nobody touched goes back as it came.
const timeIn = (typed, name, before) =>
  typed.get(name) === inForm(before[name]) ? (before[name] ?? null) : inApi(typed.get(name));

export function petitionIn(form, before = {}) {
  const typed = new FormData(form);
  const [goal, ...goals] = typed
    .get("goals")
    .split(",")
    .map((text) => Number(text.replaceAll(" ", "")))
    .filter(Boolean);
  const texts = Object.fromEntries(TEXTS.map((name) => [name, typed.get(name).trim()]));
  return {
    ...texts,
    privacy_url: texts.privacy_url || null,
    goal,
    goals,
    opened_at: timeIn(typed, "opened_at", before),
    closes_at: timeIn(typed, "closes_at", before),
  };
}
