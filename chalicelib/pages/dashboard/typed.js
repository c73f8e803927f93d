// Text that is typed but not saved. This tab keeps the text, so that it is still there when the user comes back from
// another page or has to sign in again.

import { askToConfirm, button, h } from "./dom.js";

/**
 * A changed field: `before` is its value before the user's first change. If that is no longer the stored value,
 * somebody else has saved the field since.
 * @typedef {{ before: string, typed: string }} Change
 * @typedef {Record<string, Change>} Changes by the field's name
 * @typedef {HTMLInputElement | HTMLTextAreaElement} TextField
 */

const KEY = "staff.typed";
const NOT_TEXT = ["button", "checkbox", "file", "output", "password", "radio", "submit"];
const LEAVE = "What you typed is not saved. It is kept in this tab until you close it or sign out.";

/** @returns {Record<string, Changes>} by the path of the page */
const storedChanges = () => JSON.parse(sessionStorage.getItem(KEY) ?? "{}");

/**
 * @param {string} path
 * @param {Changes} changes
 */
function storeChanges(path, changes) {
  const { [path]: _, ...others } = storedChanges();
  const pages = Object.keys(changes).length ? { ...others, [path]: changes } : others;
  sessionStorage.setItem(KEY, JSON.stringify(pages));
}

/** The pages that have unsaved text. */
export const unsavedPages = () => Object.keys(storedChanges());

/** @param {string} path */
export const forget = (path) => storeChanges(path, {});

export const forgetAll = () => sessionStorage.removeItem(KEY);

/**
 * @param {HTMLFormElement} form
 * @returns {TextField[]}
 */
const textFields = (form) =>
  /** @type {TextField[]} */ ([...form.elements]).filter(({ name, type }) => name && !NOT_TEXT.includes(type));

/** @param {TextField} input */
const labelOf = (input) => input.labels?.[0]?.textContent ?? input.name;

/** @param {TextField[]} inputs */
const labelsOf = (inputs) => inputs.map((input) => `“${labelOf(input)}”`).join(", ");

/**
 * @param {TextField[]} restored
 * @param {TextField[]} savedByOthers
 * @param {() => void} discard
 */
function notice(restored, savedByOthers, discard) {
  const warning = savedByOthers.length
    ? ` Somebody else has saved ${labelsOf(savedByOthers)} since. If you save, your text replaces theirs.`
    : "";
  return h(
    "div",
    { class: "notice", role: "status" },
    h("p", {}, `Not saved yet: we kept what you typed in ${labelsOf(restored)}.${warning}`),
    h("p", { class: "acts" }, button("Discard what I typed", discard)),
  );
}

/**
 * Keep what is typed into a form, and fill in what was kept before. Call it when the form holds the stored values.
 * @param {HTMLFormElement} form
 * @param {string} path of the page
 * @returns {HTMLElement | null} a notice that text was filled in, or null
 */
export function keepTyped(form, path) {
  const inputs = textFields(form);
  const stored = new Map(inputs.map((input) => [input, input.value]));
  const changes = storedChanges()[path] ?? {};
  const restored = inputs.filter((input) => changes[input.name] && changes[input.name]?.typed !== input.value);
  /** @param {TextField} input */
  const valueBefore = (input) => changes[input.name]?.before ?? stored.get(input) ?? "";
  const keepChanges = () => {
    const changed = inputs.filter((input) => input.value !== stored.get(input));
    storeChanges(
      path,
      Object.fromEntries(changed.map((input) => [input.name, { before: valueBefore(input), typed: input.value }])),
    );
  };
  /**
   * @param {TextField} input
   * @param {string} value
   */
  const fill = (input, value) => {
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const input of restored) fill(input, changes[input.name]?.typed ?? "");
  keepChanges();
  form.addEventListener("input", keepChanges);
  if (!restored.length) return null;
  const visible = restored.filter(({ type }) => type !== "hidden");
  const savedByOthers = visible.filter((input) => changes[input.name]?.before !== stored.get(input));
  const element = notice(visible, savedByOthers, () => {
    // Fill only changed fields: to fill a field of a hidden part of the form shows that part.
    for (const [input, value] of stored) if (input.value !== value) fill(input, value);
    keepChanges();
    element.remove();
  });
  return element;
}

/**
 * Add a form that keeps what is typed until it is sent, and is empty afterwards.
 * @param {HTMLElement} container
 * @param {string} path of the page
 * @param {(reset: () => void) => HTMLFormElement} make
 */
export function addResettingForm(container, path, make) {
  /** @type {HTMLElement[]} */
  let elements = [];
  const draw = () => {
    const form = make(() => {
      forget(path);
      draw();
    });
    const restoredNotice = keepTyped(form, path);
    for (const old of elements) old.remove();
    elements = restoredNotice ? [restoredNotice, form] : [form];
    container.append(...elements);
  };
  draw();
}

/**
 * Ask before a link leaves a page with unsaved text, and let the browser ask before the tab is closed.
 * @param {HTMLElement} place
 * @param {() => string} currentPath the path of the page
 */
export function warnBeforeLeaving(place, currentPath) {
  /** @param {MouseEvent} event */
  const onclick = async (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href^='#']") : null;
    if (event.defaultPrevented || !link || !unsavedPages().includes(currentPath())) return;
    event.preventDefault();
    if (await askToConfirm("Leave without saving?", LEAVE, "Leave this page"))
      location.hash = link.getAttribute("href") ?? "";
  };
  place.addEventListener("click", onclick);
  window.addEventListener("beforeunload", (event) => {
    if (unsavedPages().length) event.preventDefault();
  });
}
