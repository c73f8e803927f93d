// The bars over time, drawn by uPlot. The library is fetched only here. Without it, the table still has the numbers.

import { root } from "./api.js";
import { h } from "./dom.js";
import { axisLabel, number } from "./format.js";

/** @typedef {{ at: number, value: number }} Point `at`: seconds since 1970 */
/** @typedef {any} UPlot the library has no types */

const HEIGHT = 260;
// Possible steps between two labels of an axis: seconds on the time axis, signatures on the other axis.
const TIME_STEPS = [
  600,
  1_800,
  3_600,
  7_200,
  10_800,
  21_600,
  43_200,
  ...[1, 2, 7, 14, 28, 91, 182, 364].map((days) => days * 86_400),
];
const COUNT_STEPS = Array.from({ length: 9 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();
const NO_CHART = "The chart cannot be drawn at the moment. The table has its numbers.";

/** @returns {Promise<UPlot>} */
async function loadLibrary() {
  const { chartScript = "", chartStyle = "" } = root().dataset;
  if (!document.querySelector("link[data-chart]"))
    document.head.append(h("link", { rel: "stylesheet", href: chartStyle, "data-chart": "" }));
  return (await import(chartScript)).default;
}

/** @param {string} name of a custom property in the style sheet */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function axes() {
  const line = { stroke: colour("--line"), width: 1 };
  const common = { stroke: colour("--quiet"), grid: line, ticks: line, font: "14px system-ui, sans-serif" };
  /** @type {(chart: UPlot, values: number[]) => string[]} */
  const times = (_, values) => values.map(axisLabel);
  /** @type {(chart: UPlot, values: number[]) => string[]} */
  const counts = (_, values) => values.map(number);
  return [
    { ...common, values: times, incrs: TIME_STEPS },
    { ...common, size: 70, values: counts, incrs: COUNT_STEPS },
  ];
}

/**
 * The range of the vertical axis: it always contains 0 and 1.
 * @param {number} low
 * @param {number} high
 * @returns {[number, number]}
 */
export const verticalRange = (low, high) => [Math.min(0, low), Math.max(1, high * 1.05)];

/**
 * The columns of the chart: the times, the values of finished steps, and the value of the unfinished step. A step is
 * the time that one bar covers. `end` is added to the times, so that the last bar has room.
 * @param {Point[]} points in order, a step apart
 * @param {number} end seconds since 1970
 * @param {number} now seconds since 1970
 * @returns {[number[], (number | null)[], (number | null)[]]}
 */
export function columnsOf(points, end, now) {
  const last = points.at(-1);
  const unfinished = last && now < end ? last : undefined;
  const finished = points.map((point) => (point === unfinished ? null : point.value));
  const unfinishedOnly = points.map((point) => (point === unfinished ? point.value : null));
  return [
    [...points.map(({ at }) => at), end],
    [...finished, null],
    [...unfinishedOnly, null],
  ];
}

/** @param {UPlot} Chart */
function series(Chart) {
  const bars = { width: 1, points: { show: false }, paths: Chart.paths.bars({ size: [1, Infinity], align: 1 }) };
  const finished = { ...bars, stroke: colour("--sea"), fill: colour("--sea") };
  const unfinished = { ...bars, width: 2, dash: [5, 4], stroke: colour("--sea"), fill: `${colour("--sea")}33` };
  return [{}, finished, unfinished];
}

/**
 * @param {UPlot} Chart
 * @param {number} width
 * @param {(index: number | null | undefined) => void} onpoint called with the index of the bar under the mouse
 */
function optionsFor(Chart, width, onpoint) {
  /** @type {(chart: UPlot, low: number, high: number) => [number, number]} */
  const range = (_, low, high) => verticalRange(low, high);
  return {
    width,
    height: HEIGHT,
    /** @type {(seconds: number) => Date} */
    tzDate: (seconds) => Chart.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
    cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
    // The library's legend shows "--" without a mouse, and so in print.
    legend: { show: false },
    scales: {
      x: { range: (/** @type {UPlot} */ _, /** @type {number} */ low, /** @type {number} */ high) => [low, high] },
      y: { range },
    },
    axes: axes(),
    series: series(Chart),
    hooks: { setCursor: [(/** @type {UPlot} */ chart) => onpoint(chart.cursor.idx)] },
  };
}

/**
 * `end`: of the last step, in seconds since 1970, like `now`. `description`: for screen readers.
 * @typedef {{ points: Point[], end: number, now: number, description: string, labelOf: LabelOf }} Drawing
 * @typedef {(point: Point) => string} LabelOf
 */

export function barChart() {
  const element = h("div", { class: "curve", role: "img" });
  // The value of the bar under the mouse, or of the last bar.
  const reading = h("p", { class: "small reading", "aria-hidden": "true" });
  /** @type {UPlot} */
  let chart = null;
  /** @type {UPlot} */
  let Chart = null;
  /** @type {Drawing | null} */
  let current = null;
  /** @param {number | null | undefined} index */
  const showValue = (index) => {
    const point = current?.points[index ?? -1] ?? current?.points.at(-1);
    reading.textContent = current && point ? current.labelOf(point) : "";
  };
  new ResizeObserver(() => chart?.setSize({ width: element.clientWidth, height: HEIGHT })).observe(element);
  /** @param {Drawing} drawing */
  const draw = async (drawing) => {
    current = drawing;
    element.setAttribute("aria-label", drawing.description);
    showValue(null);
    const data = columnsOf(drawing.points, drawing.end, drawing.now);
    Chart ??= await loadLibrary().catch(() => null);
    if (!Chart) element.replaceChildren(h("p", { class: "small" }, NO_CHART));
    else if (chart) chart.setData(data);
    else chart = new Chart(optionsFor(Chart, element.clientWidth, showValue), data, element);
  };
  return { element: h("div", {}, element, reading), draw };
}
