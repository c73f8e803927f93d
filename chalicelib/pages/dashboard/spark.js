// A spark line: how many confirmed on each of the last days.

import { h, svg } from "./dom.js";
import { number } from "./format.js";

const [WIDTH, HEIGHT] = [112, 28];

/**
 * The points of the line. The lowest value is at the bottom, unless it is above 0: then 0 is.
 * @param {number[]} values
 */
export function sparkPoints(values) {
  const [low, high] = [Math.min(0, ...values), Math.max(1, ...values)];
  return values.map((value, index) => {
    const x = (index * WIDTH) / Math.max(1, values.length - 1);
    return `${x.toFixed(1)},${(HEIGHT - ((value - low) * HEIGHT) / (high - low)).toFixed(1)}`;
  });
}

/** @param {number[]} values the last one is today's, which is not over */
export function spark(values) {
  const most = Math.max(...values);
  const label = `Most in a day: ${number(most)}. Each day, oldest first: ${values.map(number).join("; ")}.`;
  const line = svg("polyline", { points: sparkPoints(values).join(" ") });
  return h(
    "span",
    { class: "spark" },
    svg("svg", { viewBox: `-2 -2 ${WIDTH + 4} ${HEIGHT + 4}`, role: "img", "aria-label": label }, line),
    ` ${number(values.at(-1) ?? 0)} today`,
  );
}
