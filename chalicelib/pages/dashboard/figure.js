// The fields of a figure: how many signed elsewhere, when they were counted, and the evidence.

import { h } from "./dom.js";
import { field } from "./forms.js";
import { fromInput, timeField } from "./petition-form.js";

/** @import { NewFigure } from "#api" */

const SOURCE = { name: "source", required: true, maxlength: "40", pattern: "[a-z0-9\\-]+", autocapitalize: "none" };
const EVIDENCE = { name: "evidence", rows: "3", required: true, maxlength: "500" };

/**
 * @param {string} label
 * @param {string} hint
 */
export const sourceField = (label, hint) => field(label, h("input", SOURCE), hint);

/** When it was counted, and how. */
export const evidenceFields = () => [
  timeField("Counted at (UTC)", h("input", { name: "as_of", type: "datetime-local", required: true })),
  field("Evidence", h("textarea", EVIDENCE), "How it was counted, or a link. The public sees it: no names of people."),
];

/**
 * @param {FormData} typed
 * @returns {NewFigure} it may lack fields: the API then refuses it
 */
export function figureFrom(typed) {
  /** @param {string} name */
  const value = (name) => String(typed.get(name) ?? "").trim();
  return /** @type {NewFigure} */ ({
    source: value("source"),
    kind: value("kind"),
    count: value("count") ? Number(value("count")) : null,
    as_of: fromInput(value("as_of")),
    evidence: value("evidence"),
  });
}
