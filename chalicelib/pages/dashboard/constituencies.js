// The count by constituency, on request: it costs as much as a hundred other refreshes. With the site's layout of
// hexagons (HexJSON), a map too.

import { isRefusal, messageOf, revalidate } from "./api.js";
import { breakdownSection } from "./bars.js";
import { button, h, svg } from "./dom.js";
import { number } from "./format.js";
import { refill } from "./refill.js";

/** @import { BreakdownRow, ConstituencyLayout, Hex, StaffCounts } from "#api" */

const SHADES = 4;
const HEIGHT = Math.sqrt(3);
const NO_TABLE = "This site has no table of constituencies. Your engineers can add one.";

/**
 * The middle of a hexagon whose sides are 1 long. In HexJSON, rows are counted from below.
 * @param {ConstituencyLayout["layout"]} layout "odd-r": the odd rows are half a hexagon to the right
 * @param {Pick<Hex, "q" | "r">} hex
 */
export function middleOf(layout, { q, r }) {
  const shifted = layout.startsWith("odd") ? 1 : 0;
  /** @param {number} index */
  const shift = (index) => (Math.abs(index % 2) === shifted ? 0.5 : 0);
  return layout.endsWith("r") ? [(q + shift(r)) * HEIGHT, -r * 1.5] : [q * 1.5, -(r + shift(q)) * HEIGHT];
}

/**
 * From 0 (nobody) to SHADES: a quarter of the constituencies with signatures has each shade.
 * @param {number} value
 * @param {number[]} values
 */
export function shadeOf(value, values) {
  const positive = values.filter((each) => each > 0);
  const lower = positive.filter((each) => each < value).length;
  return value > 0 ? 1 + Math.floor((lower * SHADES) / positive.length) : 0;
}

/**
 * @param {ConstituencyLayout} layout
 * @param {BreakdownRow[]} breakdown by the key or the name of a hexagon
 */
export function valuesOn({ hexes }, breakdown) {
  const confirmed = new Map(breakdown.map((row) => [row.key, row.confirmed]));
  return hexes.map(({ key, name }) => confirmed.get(key) ?? confirmed.get(name) ?? 0);
}

/**
 * @param {ConstituencyLayout} layout
 * @param {BreakdownRow[]} breakdown
 */
function map(layout, breakdown) {
  const values = valuesOn(layout, breakdown);
  const middles = layout.hexes.map((hex) => middleOf(layout.layout, hex));
  const turn = layout.layout.endsWith("r") ? 30 : 0;
  const hexagons = layout.hexes.map(({ name }, index) => {
    const [x = 0, y = 0] = middles[index] ?? [];
    const corners = [0, 60, 120, 180, 240, 300].map((angle) => {
      const radians = ((angle + turn) * Math.PI) / 180;
      return `${(x + Math.cos(radians)).toFixed(2)},${(y + Math.sin(radians)).toFixed(2)}`;
    });
    const value = values[index] ?? 0;
    const title = svg("title", {}, `${name}: ${number(value)}`);
    return svg("polygon", { points: corners.join(" "), class: `shade-${shadeOf(value, values)}` }, title);
  });
  const [left, top] = [0, 1].map((axis) => Math.min(...middles.map((middle) => middle[axis] ?? 0)) - 1.2);
  const [right, bottom] = [0, 1].map((axis) => Math.max(...middles.map((middle) => middle[axis] ?? 0)) + 1.2);
  const viewBox = [left, top, Number(right) - Number(left), Number(bottom) - Number(top)].join(" ");
  const label = "A map of the constituencies: the darker, the more signatures. The table below has each number.";
  return svg("svg", { class: "hexes", viewBox, role: "img", "aria-label": label }, ...hexagons);
}

/** @param {string} slug */
export function constituencySection(slug) {
  /** @type {Map<string, string>} */
  let names = new Map();
  const { section, fill } = breakdownSection("Constituencies", "Constituency", (key) => names.get(key) ?? key);
  const [place, message] = [h("div"), h("p", { role: "status" })];
  const count = async () => {
    message.textContent = "Counting …";
    try {
      /** @type {[{ data: StaffCounts }, { data: ConstituencyLayout }]} */
      const [{ data }, { data: layout }] = await Promise.all([
        revalidate(`/petitions/${slug}/counts?by=constituency`),
        revalidate("/constituencies"),
      ]);
      names = new Map(layout.hexes.map(({ key, name }) => [key, name]));
      message.textContent = `Counted: ${number(data.confirmed)} in all.`;
      refill(place, layout.hexes.length ? map(layout, data.breakdown ?? []) : "");
      fill(data.breakdown ?? [], data.confirmed);
    } catch (error) {
      message.textContent = isRefusal(error, 422) ? NO_TABLE : messageOf(error);
    }
  };
  section.firstElementChild?.after(h("p", { class: "acts" }, button("Count by constituency", count)), message, place);
  return section;
}
