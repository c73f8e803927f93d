// Text that is typed but not saved. It is kept in this tab, so that no link, no pause and no expired token loses it.

import { button, confirmed, h } from "./dom.js";

/**
 * A field when it was changed first, and now. `before` shows whether somebody else has saved the field since.
 * @typedef {{ before: string, typed: string }} Change
 * @typedef {Record<string, Change>} Changes by the field's name
 * @typedef {HTMLInputElement | HTMLTextAreaElement} TextField
 */

const KEY = "staff.typed";
const NOT_TEXT = ["button", "checkbox", "file", "output", "password", "radio", "submit"];
const LEAVE = "What you typed is not saved. It is kept in this tab until you close it or sign out.";

/** @returns {Record<string, Changes>} by the path of the page */
const all = () => JSON.parse(sessionStorage.getItem(KEY) ?? "{}");

/**
 * @param {string} path
 * @param {Changes} changes
 */
function keep(path, changes) {
  const { [path]: _, ...others } = all();
  const kept = Object.keys(changes).length ? { ...others, [path]: changes } : others;
  sessionStorage.setItem(KEY, JSON.stringify(kept));
}

/** The pages that have unsaved text. */
export const unsavedPages = () => Object.keys(all());

/** @param {string} path */
export const forget = (path) => keep(path, {});

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
const names = (inputs) => inputs.map((input) => `“${labelOf(input)}”`).join(", ");

/**
 * @param {TextField[]} restored
 * @param {TextField[]} overtaken
 * @param {() => void} discard
 */
function notice(restored, overtaken, discard) {
  const others = overtaken.length
    ? ` Somebody else has saved ${names(overtaken)} since. If you save, your text replaces theirs.`
    : "";
  return h(
    "div",
    { class: "notice", role: "status" },
    h("p", {}, `Not saved yet: we kept what you typed in ${names(restored)}.${others}`),
    h("p", { class: "acts" }, button("Discard what I typed", discard)),
  );
}

/**
 * Keep what is typed into a form, and fill in what was kept before. Call it when the form holds what is stored.
 * @param {HTMLFormElement} form
 * @param {string} path of the page
 * @returns {HTMLElement | null} a notice that text was filled in, or null
 */
export function keepTyped(form, path) {
  const inputs = textFields(form);
  const stored = new Map(inputs.map((input) => [input, input.value]));
  const kept = all()[path] ?? {};
  const restored = inputs.filter((input) => kept[input.name] && kept[input.name]?.typed !== input.value);
  /** @param {TextField} input */
  const before = (input) => kept[input.name]?.before ?? stored.get(input) ?? "";
  const note = () => {
    const changed = inputs.filter((input) => input.value !== stored.get(input));
    keep(path, Object.fromEntries(changed.map((input) => [input.name, { before: before(input), typed: input.value }])));
  };
  /**
   * @param {TextField} input
   * @param {string} value
   */
  const fill = (input, value) => {
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const input of restored) fill(input, kept[input.name]?.typed ?? "");
  note();
  form.addEventListener("input", note);
  if (!restored.length) return null;
  const seen = restored.filter(({ type }) => type !== "hidden");
  const overtaken = seen.filter((input) => kept[input.name]?.before !== stored.get(input));
  const shown = notice(seen, overtaken, () => {
    // A field that is told of an input shows the part that it is in.
    for (const [input, value] of stored) if (input.value !== value) fill(input, value);
    note();
    shown.remove();
  });
  return shown;
}

/**
 * Add a form that is empty again after it was sent, and keeps what is typed until then.
 * @param {HTMLElement} container
 * @param {string} path of the page
 * @param {(empty: () => void) => HTMLFormElement} make
 */
export function emptiedForm(container, path, make) {
  /** @type {HTMLElement[]} */
  let drawn = [];
  const draw = () => {
    const form = make(() => {
      forget(path);
      draw();
    });
    const kept = keepTyped(form, path);
    for (const old of drawn) old.remove();
    drawn = kept ? [kept, form] : [form];
    container.append(...drawn);
  };
  draw();
}

/**
 * Ask before a link leaves a page with unsaved text, and let the browser ask before the tab is closed.
 * @param {HTMLElement} place
 * @param {() => string} here the path of the page
 */
export function warnBeforeLeaving(place, here) {
  /** @param {MouseEvent} event */
  const onclick = async (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href^='#']") : null;
    if (!link || !unsavedPages().includes(here())) return;
    event.preventDefault();
    if (await confirmed("Leave without saving?", LEAVE, "Leave this page"))
      location.hash = link.getAttribute("href") ?? "";
  };
  place.addEventListener("click", onclick);
  window.addEventListener("beforeunload", (event) => {
    if (unsavedPages().length) event.preventDefault();
  });
}
