// The curve, drawn by uPlot. The library is fetched only here. Without it, the table still has the numbers.

import { root } from "./api.js";
import { h } from "./dom.js";
import { axisLabel, dateTime, number } from "./format.js";

/** @typedef {{ at: number, value: number }} Point `at`: seconds since 1970 */
/** @typedef {any} UPlot the library has no types */

const HEIGHT = 260;
const NO_CHART = "The curve cannot be drawn at the moment. The table has its numbers.";

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
    { ...common, values: times },
    { ...common, size: 70, values: counts },
  ];
}

/**
 * The range of the vertical axis: it always contains 0 and 1.
 * @param {number} low
 * @param {number} high
 * @returns {[number, number]}
 */
export const verticalRange = (low, high) => [Math.min(0, low), Math.max(1, high * 1.05)];

/** @param {UPlot} Chart */
function series(Chart) {
  /** @type {(chart: UPlot, at: number | null) => string} */
  const timeText = (_, at) => (at === null ? "–" : dateTime(at * 1_000));
  /** @type {(chart: UPlot, value: number | null) => string} */
  const countText = (_, value) => (value === null ? "–" : number(value));
  const confirmed = {
    label: "Confirmed",
    stroke: colour("--sea"),
    fill: `${colour("--sea")}33`,
    width: 2,
    points: { show: false },
    paths: Chart.paths.stepped({ align: 1 }),
    value: countText,
  };
  return [{ label: "UTC", value: timeText }, confirmed];
}

/**
 * @param {UPlot} Chart
 * @param {number} width
 */
function optionsFor(Chart, width) {
  /** @type {(chart: UPlot, low: number, high: number) => [number, number]} */
  const range = (_, low, high) => verticalRange(low, high);
  return {
    width,
    height: HEIGHT,
    /** @type {(seconds: number) => Date} */
    tzDate: (seconds) => Chart.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range } },
    axes: axes(),
    series: series(Chart),
  };
}

export function curve() {
  const element = h("div", { class: "curve", role: "img" });
  /** @type {UPlot} */
  let chart = null;
  /** @type {UPlot} */
  let Chart = null;
  new ResizeObserver(() => chart?.setSize({ width: element.clientWidth, height: HEIGHT })).observe(element);
  /**
   * @param {Point[]} points
   * @param {string} description for screen readers
   */
  const draw = async (points, description) => {
    element.setAttribute("aria-label", description);
    const data = [points.map(({ at }) => at), points.map(({ value }) => value)];
    Chart ??= await loadLibrary().catch(() => null);
    if (!Chart) element.replaceChildren(h("p", { class: "small" }, NO_CHART));
    else if (chart) chart.setData(data);
    else chart = new Chart(optionsFor(Chart, element.clientWidth), data, element);
  };
  return { element, draw };
}
