// The total across platforms: what it is now, and the form for a figure of another platform or a paper collection.

import { askPublic, isRefusal, messageOf, post } from "./api.js";
import { h, table } from "./dom.js";
import { evidenceFields, figureFrom, sourceField } from "./figure.js";
import { countOfPeople, dateTime, number } from "./format.js";
import { field, repeatingField, sendingForm, submitButton } from "./forms.js";
import { loadPetitionLink } from "./petition-link.js";
import { keepFresh } from "./polling.js";
import { refill } from "./refill.js";
import { addResettingForm } from "./typed.js";

/** @import { NewFigure, PublicTotal } from "#api" */
/** @import { ViewContext } from "./app.js" */

const REFRESH_EVERY_MS = 5_000;
const INTRODUCTION =
  "Somebody who signed in two places is one person, and nobody can see who did. So the total has two bounds. " +
  "Say both, or say only the number confirmed here.";
const NOT_PUBLIC = "The public cannot see this petition, so there is no total. You can enter figures already.";
const SOURCE_HINT =
  "Small letters, digits and hyphens, such as freedom-united or paper-leeds. " +
  "To correct a figure, enter it again with the same name and a later time.";

/** @type {Record<NewFigure["kind"], string>} */
const KINDS = {
  partner: "Another platform reports it",
  paper: "Signatures on paper",
};

/** @type {import("./dom.js").Column<PublicTotal["elsewhere"][number]>[]} */
const COLUMNS = [
  { title: "Where", cell: ({ source }) => source },
  { title: "Kind", cell: ({ kind }) => KINDS[kind] },
  { title: "Signatures", number: true, cell: ({ count }) => number(count) },
  { title: "Counted at", cell: (figure) => dateTime(figure.as_of) },
  { title: "Evidence", cell: ({ evidence }) => evidence },
];

/** @param {string} typed */
export const countInWords = (typed) => (/^\d+$/.test(typed) ? `This is ${countOfPeople(Number(typed))}.` : "");

/**
 * @param {string} slug
 * @param {() => Promise<void>} done
 */
function figureForm(slug, done) {
  const options = Object.entries(KINDS).map(([value, text]) => h("option", { value }, text));
  const count = { name: "count", type: "number", min: "0", max: "100000000", required: true };
  /** @param {HTMLFormElement} form */
  const enter = async (form) => {
    await post(`/petitions/${slug}/figures`, figureFrom(new FormData(form)));
    await done();
  };
  return sendingForm(enter, [
    h("h2", {}, "Enter a figure"),
    sourceField("Where", SOURCE_HINT),
    field("Kind", h("select", { name: "kind" }, options)),
    repeatingField("How many signed there", h("input", count), "", countInWords),
    evidenceFields(),
    submitButton("Enter"),
  ]);
}

/**
 * @param {string} slug
 * @returns {Promise<(Node | string)[]>}
 */
async function currentTotal(slug) {
  try {
    /** @type {PublicTotal} */
    const { sentence, elsewhere, as_of: at } = (await askPublic(`/petitions/${slug}/total`)).data;
    const rows = elsewhere.length
      ? table("Current figures", COLUMNS, elsewhere)
      : h("p", {}, "No figure is entered yet.");
    return [
      h("p", { class: "card", "data-total": "" }, sentence),
      h("p", { class: "hint" }, `As of ${dateTime(at)}`),
      rows,
    ];
  } catch (error) {
    return [h("p", {}, isRefusal(error, 404, 410) ? NOT_PUBLIC : messageOf(error))];
  }
}

/** @param {ViewContext} context */
export async function showElsewhere({ container, slug, may, signal }) {
  const petitionLink = await loadPetitionLink(slug, may);
  const path = `/petitions/${slug}/elsewhere`;
  const [total, message] = [h("div"), h("p", { role: "status" })];
  const refresh = async () => refill(total, ...(await currentTotal(slug)));
  container.append(
    h("h1", {}, "Elsewhere"),
    h("p", { class: "over" }, petitionLink),
    h("p", { class: "lead" }, INTRODUCTION),
    total,
    message,
  );
  addResettingForm(container, path, (reset) =>
    figureForm(slug, async () => {
      reset();
      message.textContent = "Entered. The total shows it within seconds.";
      await refresh();
    }),
  );
  await keepFresh(refresh, signal, REFRESH_EVERY_MS);
}
