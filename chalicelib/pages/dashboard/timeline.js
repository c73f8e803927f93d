// A chart and a table of the confirmations in each hour or day. A step is the time that one bar covers.

import { barChart } from "./chart.js";
import { h, table } from "./dom.js";
import { day, hour, number } from "./format.js";
import { refill } from "./refill.js";

/** @import { BreakdownRow } from "#api" */
/** @import { Point } from "./chart.js" */
/** @typedef {"hour" | "day"} Step */
/** @typedef {{ hour: BreakdownRow[], day: BreakdownRow[], now: number }} Counts `now`: milliseconds since 1970. */

const DAYS_BY_HOUR = 7;
const LENGTH_MS = { hour: 3_600_000, day: 86_400_000 };
const FORMAT = { hour, day };
const FEWEST_STEPS = 12;
const VALUE_TITLE = "Confirmed minus withdrawn";

/**
 * The rows of the last seven days.
 * @param {BreakdownRow[]} hours
 * @param {number} now milliseconds since 1970
 */
export function recentHours(hours, now) {
  const firstDay = new Date(now - (DAYS_BY_HOUR - 1) * LENGTH_MS.day).toISOString().slice(0, 10);
  return hours.filter(({ key }) => key >= firstDay);
}

/**
 * One point per step. The server leaves out the steps without confirmations; here they are 0.
 * @param {BreakdownRow[]} breakdown
 * @param {Step} by
 * @param {number} now milliseconds since 1970
 * @returns {Point[]}
 */
export function withoutGaps(breakdown, by, now) {
  if (!breakdown.length) return [];
  const counts = new Map(breakdown.map(({ key, confirmed }) => [Date.parse(key), confirmed]));
  const last = Math.max(now, ...counts.keys());
  /** @type {Point[]} */
  const points = [];
  for (let at = Math.min(...counts.keys()); at <= last; at += LENGTH_MS[by])
    points.push({ at: at / 1_000, value: counts.get(at) ?? 0 });
  return points;
}

/**
 * Add empty steps before the first one, because a single bar as wide as the chart says nothing.
 * @param {Point[]} points
 * @param {Step} by
 * @returns {Point[]}
 */
function withLeadingSteps(points, by) {
  const missing = points.length ? Math.max(0, FEWEST_STEPS - points.length) : 0;
  const [first] = points;
  const emptySteps = Array.from({ length: missing }, (_, index) => ({
    at: (first?.at ?? 0) - ((missing - index) * LENGTH_MS[by]) / 1_000,
    value: 0,
  }));
  return [...emptySteps, ...points];
}

/**
 * "24 November 2026, 13:00 to 14:00 UTC, not over yet"
 * @param {Point} point
 * @param {Step} by
 * @param {number} now milliseconds since 1970
 */
function timeOf({ at }, by, now) {
  const isOver = at * 1_000 + LENGTH_MS[by] <= now;
  return `${FORMAT[by](new Date(at * 1_000).toISOString())}${isOver ? "" : ", not over yet"}`;
}

/**
 * The chart in words, for screen readers.
 * @param {Point[]} points
 * @param {Step} by
 * @param {number} now milliseconds since 1970
 */
export function description(points, by, now) {
  if (!points.length) return "A chart without data.";
  const highest = points.reduce((one, other) => (other.value > one.value ? other : one));
  const highestText = `The highest value is ${number(highest.value)}: ${timeOf(highest, by, now)}.`;
  return `A chart of confirmations by ${by}. ${highestText} The table below has every number.`;
}

/**
 * @param {Point[]} points
 * @param {Step} by
 * @param {number} now milliseconds since 1970
 */
function numbersTable(points, by, now) {
  /** @type {import("./dom.js").Column<Point>[]} */
  const columns = [
    { title: "When", cell: (point) => timeOf(point, by, now) },
    { title: VALUE_TITLE, number: true, cell: ({ value }) => number(value) },
  ];
  return table(`Confirmed by ${by}, latest first (UTC)`, columns, points.filter(({ value }) => value).reverse());
}

/**
 * @param {Step} by
 * @param {string} text
 * @param {boolean} checked
 * @param {() => unknown} onchange
 */
function stepChoice(by, text, checked, onchange) {
  const id = `by-${by}`;
  return [h("input", { type: "radio", name: "by", id, value: by, checked, onchange }), h("label", { for: id }, text)];
}

/** @param {...(Node[])} choices */
const stepChoices = (...choices) =>
  h("fieldset", { class: "choice" }, h("legend", { class: "unseen" }, "Step of the curve"), ...choices);

/**
 * @param {Counts} counts
 * @param {Step} by
 */
export function drawingOf(counts, by) {
  const { now } = counts;
  const points = withLeadingSteps(withoutGaps(counts[by], by, now), by);
  const last = points.at(-1)?.at ?? now / 1_000;
  /** @param {Point} point */
  const labelOf = (point) => `${timeOf(point, by, now)}: ${number(point.value)} ${VALUE_TITLE.toLowerCase()}`;
  const end = last + LENGTH_MS[by] / 1_000;
  return { points, end, now: now / 1_000, description: description(points, by, now), labelOf };
}

export function timeline() {
  const chart = barChart();
  const list = h("div");
  /** @type {{ by: Step, counts: Counts | null }} */
  const state = { by: "hour", counts: null };

  const redraw = async () => {
    const { by, counts } = state;
    if (!counts) return;
    const drawing = drawingOf(counts, by);
    refill(list, numbersTable(drawing.points, by, counts.now));
    await chart.draw(drawing);
  };
  /** @type {(by: Step) => () => Promise<void>} */
  const selectStep = (by) => () => {
    state.by = by;
    return redraw();
  };
  const choices = stepChoices(
    stepChoice("hour", `By hour (${DAYS_BY_HOUR} days)`, true, selectStep("hour")),
    stepChoice("day", "By day (all)", false, selectStep("day")),
  );
  const details = h("details", {}, h("summary", {}, "The numbers as a table"), list);
  return {
    section: h(
      "section",
      { class: "card timeline" },
      h("h2", {}, "When people confirmed"),
      choices,
      chart.element,
      details,
    ),
    /** @param {Counts} counts */
    fill: (counts) => {
      state.counts = { ...counts, hour: recentHours(counts.hour, counts.now) };
      return redraw();
    },
    open: () => {
      details.open = true;
    },
  };
}
