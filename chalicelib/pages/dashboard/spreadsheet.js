// The count as a file for a spreadsheet: the API's own CSV, so both say the same.

import { askText } from "./api.js";
import { button, h } from "./dom.js";
import { save } from "./save.js";

const BREAKDOWNS = { day: "By day", hour: "By hour", country: "By country", source: "By source" };

export function spreadsheet(slug) {
  const said = h("p", { role: "status" });
  const fetched = (by) => async () => {
    said.textContent = "";
    await askText(`/petitions/${slug}/counts?by=${by}&format=csv`)
      .then((text) => save(text, "text/csv", `${slug}-by-${by}.csv`))
      .catch((error) => {
        said.textContent = error.message;
      });
  };
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "For a spreadsheet"),
    h(
      "p",
      {},
      "Confirmed signatures as a CSV file. Its rows sum to the number above. Import the first column as text.",
    ),
    h(
      "p",
      { class: "acts" },
      Object.entries(BREAKDOWNS).map(([by, text]) => button(text, fetched(by))),
    ),
    said,
  );
}
