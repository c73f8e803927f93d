// Print the texts that the staff page of a petition shows for the API's responses, which come on standard input.

import { readFileSync } from "node:fs";
import { installBrowser } from "./browser.js";

installBrowser();
const { bigNumber } = await import("../../chalicelib/pages/dashboard/numbers.js");
const { funnel } = await import("../../chalicelib/pages/dashboard/funnel.js");
const { drawingOf } = await import("../../chalicelib/pages/dashboard/timeline.js");

const { counts, stages } = JSON.parse(readFileSync(0, "utf8"));
const big = bigNumber();
big.fill(counts);
const card = funnel();
card.fill(stages, counts);
const numbers = { ...counts.breakdowns, now: Date.parse(counts.as_of) };
const bars = (by) => {
  const { points, labelOf } = drawingOf(numbers, by);
  return points.filter(({ value }) => value).map(labelOf);
};
const rows = [...card.section.all()].filter(({ tag }) => tag === "tr").map((row) => row.textContent.trim());
process.stdout.write(
  JSON.stringify({
    number: big.element.textContent,
    stages: card.section.textContent,
    rows: rows.map((row) => row.replace(/\s+/g, " ")),
    hours: bars("hour"),
  }),
);
