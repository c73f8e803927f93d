// Confirmations by the hour or by the day, with the hours in which nobody came.

import { curve } from "./chart.js";
import { h, table } from "./dom.js";
import { day, hour, number } from "./words.js";

export const HOURS_BACK_DAYS = 7;
const STEP = { hour: 3_600_000, day: 86_400_000 };
const WORDS = { hour, day };

// The server leaves zeros out; a curve that joined what is left would show people where none were.
export function filled(breakdown, by, now) {
  if (!breakdown.length) return [];
  const found = new Map(breakdown.map(({ key, confirmed }) => [Date.parse(key), confirmed]));
  const points = [];
  const last = Math.max(now, Math.max(...found.keys()));
  for (let at = Math.min(...found.keys()); at <= last; at += STEP[by])
    points.push({ at: at / 1_000, value: found.get(at) ?? 0 });
  return points;
}

// A step is drawn from its beginning to the next one's, and the last has none.
const ended = (points, by) => [
  ...points,
  ...points.slice(-1).map(({ at, value }) => ({ at: at + STEP[by] / 1_000, value })),
];

const key = (point) => new Date(point.at * 1_000).toISOString();

function described(points, by) {
  if (!points.length) return "A curve with nothing on it yet.";
  const highest = points.reduce((one, other) => (other.value > one.value ? other : one));
  return `A curve of confirmations by the ${by}. The most were ${number(highest.value)}: ${WORDS[by](key(highest))}. The table below has every number.`;
}

function numbers(points, by) {
  const rows = points.filter(({ value }) => value).reverse();
  return table(
    `Confirmed by the ${by}, latest first (UTC)`,
    [
      { title: by === "hour" ? "Hour" : "Day", cell: (point) => WORDS[by](key(point)) },
      { title: "Confirmed", number: true, cell: ({ value }) => number(value) },
    ],
    rows,
  );
}

export function timeline() {
  const drawn = curve();
  const listed = h("div");
  const shown = { by: "hour", news: null };
  const choice = (by, text) => {
    const id = `by-${by}`;
    const input = h("input", {
      type: "radio",
      name: "by",
      id,
      value: by,
      checked: by === shown.by,
      onchange: () => {
        shown.by = by;
        redraw();
      },
    });
    return [input, h("label", { for: id }, text)];
  };
  const redraw = async () => {
    const { by, news } = shown;
    if (!news) return;
    const points = filled(news[by], by, news.now);
    listed.replaceChildren(numbers(points, by));
    await drawn.draw(ended(points, by), described(points, by));
  };
  const closed = h("details", {}, h("summary", {}, "The numbers as a table"), listed);
  const section = h(
    "section",
    { class: "card timeline" },
    h("h2", {}, "When people confirmed"),
    h(
      "fieldset",
      { class: "choice" },
      h("legend", { class: "unseen" }, "Step of the curve"),
      choice("hour", `By the hour (${HOURS_BACK_DAYS} days)`),
      choice("day", "By the day (all)"),
    ),
    drawn.element,
    closed,
  );
  return {
    section,
    fill: (news) => {
      shown.news = news;
      return redraw();
    },
    open: () => {
      closed.open = true;
    },
  };
}
