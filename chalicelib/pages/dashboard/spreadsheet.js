// Download the counts as CSV. The file comes from the API, so it always agrees with the page.

import { askText, messageOf } from "./api.js";
import { button, h } from "./dom.js";
import { download } from "./download.js";

/** @import { operations } from "#api" */
/** @typedef {NonNullable<NonNullable<operations["readCounts"]["parameters"]["query"]>["by"]>} Breakdown */

/** @type {Partial<Record<Breakdown, string>>} */
const BREAKDOWNS = {
  day: "By day",
  hour: "By hour",
  country: "By country",
  source: "By source",
  "postcode-area": "By postcode area",
  constituency: "By constituency",
};
const INTRODUCTION =
  "Confirmed signatures as CSV. The rows add up to the number above. Import the first column as text. A row with a " +
  "small number can identify a person: do not publish rows below ten.";

/** @param {string} slug */
export function spreadsheet(slug) {
  const message = h("p", { role: "status" });
  /** @param {string} by */
  const fetchCsv = async (by) => {
    message.textContent = "";
    try {
      const text = await askText(`/petitions/${slug}/counts?by=${by}&format=csv`);
      download(text, "text/csv", `${slug}-by-${by}.csv`);
    } catch (error) {
      message.textContent = messageOf(error);
    }
  };
  const buttons = Object.entries(BREAKDOWNS).map(([by, text]) => button(text, () => fetchCsv(by)));
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Download for a spreadsheet"),
    h("p", {}, INTRODUCTION),
    h("p", { class: "acts" }, buttons),
    message,
  );
}
