// Elements without a framework. Strings become text nodes, so typed text never becomes markup.

import { root } from "./api.js";

/**
 * @typedef {Node | string | null | undefined} Child
 * @typedef {Child | readonly Child[]} Children
 * @typedef {string | boolean | null | undefined | ((event: never) => unknown)} AttributeValue
 * @typedef {{ onsubmit?: (event: SubmitEvent) => unknown } & { [name: string]: AttributeValue }} Attributes
 * @typedef {{ value: string, text: string, kind?: string }} DialogButton `value` is "" for a button that only closes
 * the dialog
 */
/**
 * @template Row
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: Row) => Child} cell
 * @property {boolean} [number] whether it is aligned on the right
 */

/**
 * Create an element. In `attributes`, a function listens for an event (`onclick`: for "click"), a boolean sets or omits
 * the attribute, and `value` sets the value of a field.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...Children} children null and undefined are left out
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else if (name === "value" && "value" in element) Object.assign(element, { value });
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * Create an element of a drawing.
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * A bar with its text.
 * @param {string} text
 * @param {number} value
 * @param {number} max
 */
export function bigBar(text, value, max) {
  const bar = h("progress", { max: String(max) });
  bar.value = Math.max(0, Math.min(value, max));
  return h("label", { class: "big-bar" }, text, bar);
}

/**
 * @param {string} text
 * @param {() => unknown} onclick
 * @param {Attributes} [attributes]
 */
export const button = (text, onclick, attributes = {}) =>
  h("button", { type: "button", class: "act", onclick, ...attributes }, text);

/**
 * @template Row
 * @param {string} caption
 * @param {Column<Row>[]} columns the first one holds the row's heading
 * @param {Row[]} rows
 * @param {{ hideCaption?: boolean, keyOf?: (row: Row) => string }} [options] `hideCaption`: only
 * screen readers get the caption, because a heading says the same. `keyOf`: the identity of a row, if not its heading
 */
export function table(caption, columns, rows, { hideCaption = false, keyOf } = {}) {
  /** @param {Column<Row>} column */
  const alignment = ({ number }) => (number ? { class: "number" } : {});
  const head = columns.map((column) =>
    h("th", { scope: "col", role: "columnheader", ...alignment(column) }, column.title),
  );
  /** @param {Row} row */
  const cells = (row) =>
    columns.map((column, index) =>
      index
        ? h("td", { role: "cell", "data-title": column.title, ...alignment(column) }, column.cell(row))
        : h("th", { scope: "row", role: "rowheader", ...alignment(column) }, column.cell(row)),
    );
  const body = rows.map((row) => {
    const [heading, ...others] = cells(row);
    return h("tr", { role: "row", "data-key": keyOf?.(row) ?? heading?.textContent }, heading, others);
  });
  // The region scrolls sideways on a phone, so the keyboard must be able to reach it.
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      // On a phone, CSS shows a row with many cells as a card, so that no button is cut off. Without the roles, screen
      // readers would then find no table.
      { role: "table", class: columns.length > 3 ? "stacked" : null },
      h("caption", hideCaption ? { class: "unseen" } : {}, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
      h("tbody", { role: "rowgroup" }, body),
    ),
  );
}

/**
 * Show a modal dialog.
 * @param {string} title
 * @param {Child} content
 * @param {DialogButton[]} buttons
 * @returns {Promise<string>} the value of the button pressed; "" when the dialog was closed otherwise
 */
export function showDialog(title, content, buttons) {
  return new Promise((resolve) => {
    const choices = buttons.map(({ value, text, kind }) =>
      h("button", { class: `act ${kind ?? ""}`, value, formnovalidate: !value }, text),
    );
    const form = h(
      "form",
      { method: "dialog", class: "asking" },
      h("h2", { id: "dialog-title" }, title),
      content,
      h("p", { class: "acts" }, choices),
    );
    const box = h("dialog", { "aria-labelledby": "dialog-title", class: "card" }, form);
    box.addEventListener("close", () => {
      box.remove();
      resolve(box.returnValue);
    });
    root().append(box);
    box.showModal();
  });
}

// Not "Close": that is what staff do with a petition.
export const DONE = { value: "", text: "Done" };
export const CANCEL = { value: "", text: "Cancel" };
// Beside a button that cancels something, a second “Cancel” says nothing.
const KEEP = { value: "", text: "Keep it" };

/**
 * @param {string} title
 * @param {string} text
 * @param {string} action the text of the button that confirms
 * @param {string} [kind] the CSS class of that button
 * @returns {Promise<boolean>}
 */
export const askToConfirm = async (title, text, action, kind = "") => {
  const leave = action.startsWith("Cancel") ? KEEP : CANCEL;
  return (await showDialog(title, h("p", {}, text), [{ value: "yes", text: action, kind }, leave])) === "yes";
};
