// A table with a bar in each row: the bar and the number come from the same value.

import { button, h, table } from "./dom.js";
import { number, percentage } from "./format.js";
import { refill } from "./refill.js";

/** @import { BreakdownRow } from "#api" */
/** @typedef {{ name: string, value: number }} Bar */

const ROWS_SHOWN = 10;

/**
 * @param {number} value negative on a day with more withdrawals than confirmations
 * @param {number} largest
 * @returns {number} in percent
 */
export const barLength = (value, largest) => (largest > 0 ? Math.max(0, (100 * value) / largest) : 0);

/**
 * @param {BreakdownRow[]} breakdown
 * @param {(key: string) => string} nameOf
 * @returns {Bar[]} the largest first
 */
export const largestFirst = (breakdown, nameOf) =>
  breakdown.map(({ key, confirmed }) => ({ name: nameOf(key), value: confirmed })).sort((a, b) => b.value - a.value);

/**
 * @param {number} value
 * @param {number} largest
 */
function bar(value, largest) {
  const inner = h("span", { class: "bar" });
  // Set by script, because the site's policy allows no style attribute.
  inner.style.inlineSize = `${barLength(value, largest)}%`;
  return h("span", { class: "bar-room", "aria-hidden": "true" }, inner);
}

/**
 * @param {string} caption
 * @param {string} firstTitle of the first column
 * @param {Bar[]} rows
 * @param {number} total what the shares are a part of
 */
export function bars(caption, firstTitle, rows, total) {
  const largest = Math.max(...rows.map(({ value }) => value), 0);
  /** @type {import("./dom.js").Column<Bar>[]} */
  const columns = [
    { title: firstTitle, cell: ({ name, value }) => h("span", { class: "bar-name" }, name, bar(value, largest)) },
    { title: "Number", number: true, cell: ({ value }) => number(value) },
    { title: "Share", number: true, cell: ({ value }) => percentage(value, total) },
  ];
  return table(caption, columns, rows, { hideCaption: true });
}

/**
 * A section with the ten largest rows, and a button for the rest. A refresh keeps what the user chose.
 * @param {string} title
 * @param {string} firstTitle of the first column
 * @param {(key: string) => string} nameOf
 */
export function breakdownSection(title, firstTitle, nameOf) {
  let isExpanded = false;
  const content = h("div");
  const section = h("section", { class: "card" }, h("h2", {}, title), content);
  /**
   * @param {BreakdownRow[]} breakdown
   * @param {number} total
   */
  const fill = (breakdown, total) => {
    const rows = largestFirst(breakdown, nameOf);
    const shownRows = isExpanded ? rows : rows.slice(0, ROWS_SHOWN);
    const toggle = button(isExpanded ? "Show the largest only" : `Show all ${rows.length}`, () => {
      isExpanded = !isExpanded;
      fill(breakdown, total);
      content.querySelector("button")?.focus();
    });
    refill(
      content,
      rows.length ? bars(title, firstTitle, shownRows, total) : h("p", { class: "small" }, "Nothing yet."),
      rows.length > ROWS_SHOWN ? toggle : "",
    );
  };
  return { section, fill };
}
