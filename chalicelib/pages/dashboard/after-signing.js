// What people see after signing: the text and the ways to share, and a next step, in each language.

import { h } from "./dom.js";
import { checkbox, field } from "./forms.js";

/** @import { ManagedPetition } from "#api" */
/** @typedef {NonNullable<NonNullable<ManagedPetition["translations"]>[string]>} Translation */
/** @typedef {Pick<Translation, "share_text" | "next_step">} AfterSigning */
/** @typedef {NonNullable<ManagedPetition["share_ways"]>[number]} ShareWay */

const SHARE_HINT = "One paragraph, without the link. Blank: “I have signed …, a petition by … Will you add your name?”";
const STEP_HINT = "To give, to join, or to sign another petition. Leave all four blank for none.";
/** @type {Record<ShareWay, string>} */
const WAYS = {
  device: "The phone’s own menu",
  whatsapp: "WhatsApp",
  facebook: "Facebook",
  bluesky: "Bluesky",
  x: "X",
  email: "Email",
  copy: "Copy the link",
  qr: "QR code",
};
const ALL_WAYS = /** @type {ShareWay[]} */ (Object.keys(WAYS));
/** @type {{ name: keyof NonNullable<AfterSigning["next_step"]>, label: string, maxlength: string, type?: string }[]} */
const STEP = [
  { name: "heading", label: "Next step: heading", maxlength: "80" },
  { name: "sentence", label: "Next step: one sentence", maxlength: "300" },
  { name: "button", label: "Next step: words on the button", maxlength: "40" },
  { name: "url", label: "Next step: web address", maxlength: "500", type: "url" },
];

/**
 * @param {string} path of the API's names before these fields: "" or "translations.cy."
 * @param {AfterSigning} texts
 * @param {{ title?: string, code?: string | null }} [language] if it is not the petition's own
 */
export function afterSigningTexts(path, { share_text: shareText, next_step: step }, { title = "", code = null } = {}) {
  /** @param {string} label */
  const labelled = (label) => (title ? `${label} (${title}, optional)` : `${label} (optional)`);
  const text = h("textarea", { name: `${path}share_text`, rows: "3", maxlength: "240", lang: code });
  text.value = shareText ?? "";
  return [
    field(labelled("What people send when they share"), text, SHARE_HINT),
    ...STEP.map(({ name, label, maxlength, type = "text" }, index) => {
      const value = step?.[name] ?? "";
      const input = h("input", { name: `${path}next_step.${name}`, type, maxlength, value, lang: code });
      return field(labelled(label), input, index ? "" : STEP_HINT);
    }),
  ];
}

/** @param {Partial<ManagedPetition>} petition */
export function afterSigningFields(petition) {
  const ticked = petition.share_ways ?? ALL_WAYS;
  const details = h(
    "details",
    {},
    h("summary", {}, "After signing: sharing and the next step (optional)"),
    afterSigningTexts("", petition),
    h(
      "fieldset",
      {},
      h("legend", {}, "Ways to share"),
      ALL_WAYS.map((value) => checkbox(WAYS[value], { name: "share_ways", value, checked: ticked.includes(value) })),
    ),
  );
  // The browser cannot show what is wrong with a field in closed details.
  details.addEventListener("invalid", () => details.toggleAttribute("open", true), true);
  return details;
}

/**
 * @param {FormData} typed
 * @param {string} path
 * @returns {AfterSigning} the step may lack fields: the API then refuses it
 */
export function afterSigningFrom(typed, path) {
  /** @param {string} name */
  const value = (name) => String(typed.get(`${path}${name}`) ?? "").trim();
  const step = STEP.map(({ name }) => [name, value(`next_step.${name}`)]).filter(([, text]) => text);
  const nextStep = /** @type {AfterSigning["next_step"]} */ (step.length ? Object.fromEntries(step) : null);
  return { share_text: value("share_text") || null, next_step: nextStep };
}

/** @param {FormData} typed */
export const shareWaysFrom = (typed) => /** @type {ShareWay[]} */ (typed.getAll("share_ways").map(String));
