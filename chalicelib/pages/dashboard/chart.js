// The curve, drawn by uPlot, which is fetched only here. Without it the numbers are still there, as a table.

import { h } from "./dom.js";
import { moment, number, tickOf } from "./words.js";

const { chartScript, chartStyle } = document.querySelector("[data-staff]").dataset;
const HEIGHT = 260;

function styled() {
  if (document.querySelector("link[data-chart]")) return;
  document.head.append(h("link", { rel: "stylesheet", href: chartStyle, "data-chart": "" }));
}

async function library() {
  styled();
  return (await import(chartScript)).default;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function axes() {
  const ink = colour("--quiet");
  const common = {
    stroke: ink,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line"), width: 1 },
  };
  const font = { font: "14px system-ui, sans-serif" };
  return [
    { ...common, ...font, values: (_, ticks) => ticks.map(tickOf) },
    { ...common, ...font, size: 70, values: (_, values) => values.map(number) },
  ];
}

function options(Chart, width) {
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => Chart.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_, low, high) => [Math.min(0, low), Math.max(1, high * 1.05)] } },
    axes: axes(),
    series: [
      { label: "UTC", value: (_, at) => (at === null ? "–" : moment(at * 1_000)) },
      {
        label: "Confirmed",
        stroke: colour("--sea"),
        fill: `${colour("--sea")}33`,
        width: 2,
        points: { show: false },
        paths: Chart.paths.stepped({ align: 1 }),
        value: (_, value) => (value === null ? "–" : number(value)),
      },
    ],
  };
}

// {element, draw(points)}; points: [{at: seconds, value}]
export function curve() {
  const element = h("div", { class: "curve", role: "img" });
  let chart = null;
  let Chart = null;
  const fit = () => chart?.setSize({ width: element.clientWidth, height: HEIGHT });
  new ResizeObserver(fit).observe(element);
  const draw = async (points, description) => {
    element.setAttribute("aria-label", description);
    const data = [points.map(({ at }) => at), points.map(({ value }) => value)];
    Chart ??= await library().catch(() => null);
    if (!Chart)
      element.replaceChildren(
        h("p", { class: "small" }, "The curve cannot be drawn just now. The table has its numbers."),
      );
    else if (chart) chart.setData(data);
    else chart = new Chart(options(Chart, element.clientWidth), data, element);
  };
  return { element, draw };
}
