// Confirmations by hour or by day.

import { curve } from "./chart.js";
import { h, table } from "./dom.js";
import { day, hour, number } from "./format.js";

/** @import { BreakdownRow } from "#api" */
/** @import { Point } from "./chart.js" */
/** @typedef {"hour" | "day"} Step */
/** @typedef {{ hour: BreakdownRow[], day: BreakdownRow[], now: number }} News `now`: milliseconds since 1970 */

const HOURS_BACK_DAYS = 7;
const LENGTH_MS = { hour: 3_600_000, day: 86_400_000 };
const FORMAT = { hour, day };

/**
 * The rows of the last seven days.
 * @param {BreakdownRow[]} hours
 * @param {number} now milliseconds since 1970
 */
export function recent(hours, now) {
  const firstDay = new Date(now - (HOURS_BACK_DAYS - 1) * LENGTH_MS.day).toISOString().slice(0, 10);
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
 * The curve holds each value until the next point, so the last value needs a point at its end.
 * @param {Point[]} points
 * @param {Step} by
 * @returns {Point[]}
 */
export const withEnd = (points, by) => [
  ...points,
  ...points.slice(-1).map(({ at, value }) => ({ at: at + LENGTH_MS[by] / 1_000, value })),
];

/**
 * @param {Point} point
 * @param {Step} by
 */
const timeOf = (point, by) => FORMAT[by](new Date(point.at * 1_000).toISOString());

/**
 * The curve in words, for screen readers.
 * @param {Point[]} points
 * @param {Step} by
 */
export function description(points, by) {
  if (!points.length) return "A curve without data.";
  const highest = points.reduce((one, other) => (other.value > one.value ? other : one));
  const most = `The highest value is ${number(highest.value)}: ${timeOf(highest, by)}.`;
  return `A curve of confirmations by ${by}. ${most} The table below has every number.`;
}

/**
 * @param {Point[]} points
 * @param {Step} by
 */
function numbersTable(points, by) {
  /** @type {import("./dom.js").Column<Point>[]} */
  const columns = [
    { title: by === "hour" ? "Hour" : "Day", cell: (point) => timeOf(point, by) },
    { title: "Confirmed", number: true, cell: ({ value }) => number(value) },
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

export function timeline() {
  const drawn = curve();
  const list = h("div");
  /** @type {{ by: Step, news: News | null }} */
  const shown = { by: "hour", news: null };

  const redraw = async () => {
    const { by, news } = shown;
    if (!news) return;
    const points = withoutGaps(news[by], by, news.now);
    list.replaceChildren(numbersTable(points, by));
    await drawn.draw(withEnd(points, by), description(points, by));
  };
  /** @type {(by: Step) => () => Promise<void>} */
  const chosen = (by) => () => {
    shown.by = by;
    return redraw();
  };
  const choices = stepChoices(
    stepChoice("hour", `By hour (${HOURS_BACK_DAYS} days)`, true, chosen("hour")),
    stepChoice("day", "By day (all)", false, chosen("day")),
  );
  const details = h("details", {}, h("summary", {}, "The numbers as a table"), list);
  const heading = h("h2", {}, "When people confirmed");
  return {
    section: h("section", { class: "card timeline" }, heading, choices, drawn.element, details),
    /** @param {News} news */
    fill: (news) => {
      shown.news = { ...news, hour: recent(news.hour, news.now) };
      return redraw();
    },
    open: () => {
      details.open = true;
    },
  };
}
