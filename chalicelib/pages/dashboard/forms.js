// Labelled fields, and forms that are sent by script.

import { messageOf, RefusedError } from "./api.js";
import { h } from "./dom.js";

/** @import { FieldError } from "#api" */
/** @import { Attributes, Children } from "./dom.js" */

/**
 * @param {string} label
 * @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} input
 * @param {string} [hint]
 */
export function field(label, input, hint = "") {
  const id = input.id || `field-${input.name}`;
  input.id = id;
  const help = hint ? h("p", { class: "hint", id: `${id}-hint` }, hint) : null;
  if (help) input.setAttribute("aria-describedby", help.id);
  // The browser shows the title after its message "Please match the requested format."
  if ("pattern" in input && input.pattern) input.setAttribute("title", hint);
  return h("div", { class: "field" }, h("label", { for: id }, label), help, input);
}

/**
 * A field with a line below it that says the typed value in other words, so that the user notices a mistake.
 * @param {string} label
 * @param {HTMLInputElement | HTMLTextAreaElement} input
 * @param {string} hint
 * @param {(typed: string) => string} inWords
 */
export function repeatingField(label, input, hint, inWords) {
  const element = field(label, input, hint);
  const words = h("output", { class: "hint", for: input.id });
  const showWords = () => {
    words.textContent = inWords(input.value);
  };
  input.addEventListener("input", showWords);
  showWords();
  element.append(words);
  return element;
}

/**
 * @param {string} label
 * @param {Attributes & { name: string, value: string }} attributes
 */
export function checkbox(label, attributes) {
  const id = `tick-${attributes.name}-${attributes.value}`;
  return h(
    "div",
    { class: "tick" },
    h("input", { type: "checkbox", id, ...attributes }),
    h("label", { for: id }, label),
  );
}

/**
 * Fill in a field, and send the event that typing sends, because other code listens for it.
 * @param {HTMLFormElement} form
 * @param {string} name
 * @param {string} value
 */
export function setField(form, name, value) {
  const input = form.elements.namedItem(name);
  if (!(input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement)) return;
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

/**
 * Find a field by its name in an error of the API. "columns.0" is an item of the field "columns".
 * @param {HTMLElement} place
 * @param {string} name
 * @returns {Element | null}
 */
function fieldNamed(place, name) {
  const element = place.closest("form")?.elements.namedItem(name);
  // Several check boxes have one name.
  if (element) return element instanceof RadioNodeList ? /** @type {Element} */ (element[0]) : element;
  const end = name.lastIndexOf(".");
  return end > 0 ? fieldNamed(place, name.slice(0, end)) : null;
}

/**
 * Name a field by its label, because the API's name does not appear on the page.
 * @param {Element | null} element
 */
function labelOf(element) {
  // Check boxes of one name share the legend of their fieldset.
  if (element instanceof HTMLInputElement && element.type === "checkbox")
    return element.closest("fieldset")?.querySelector("legend")?.textContent;
  return element instanceof HTMLElement && "labels" in element ? labelText(element.labels) : null;
}

/** @param {unknown} labels */
const labelText = (labels) => (labels instanceof NodeList ? labels[0]?.textContent : null);

/**
 * Say the error above its field too, as the public forms do.
 * @param {HTMLElement} element
 * @param {string} text
 */
function markField(element, text) {
  const id = `${element.id}-error`;
  element.setAttribute("aria-invalid", "true");
  element.setAttribute("aria-describedby", `${element.getAttribute("aria-describedby") ?? ""} ${id}`.trim());
  element.before(h("p", { class: "error", id, "data-field-error": "" }, text));
}

/** @param {HTMLElement} place */
function clearMarks(place) {
  const form = place.closest("form");
  for (const error of form?.querySelectorAll("[data-field-error]") ?? []) {
    const described = form?.querySelector(`[aria-describedby~="${error.id}"]`);
    const others = described?.getAttribute("aria-describedby")?.replace(error.id, "").trim();
    described?.removeAttribute("aria-invalid");
    if (others) described?.setAttribute("aria-describedby", others);
    else described?.removeAttribute("aria-describedby");
    error.remove();
  }
}

/**
 * A link would change the address, which names the page.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function linkTo(element, text) {
  /** @param {Event} event */
  const onclick = (event) => {
    event.preventDefault();
    element.closest("details")?.toggleAttribute("open", true);
    element.focus();
    element.scrollIntoView({ block: "center" });
  };
  return h("a", { href: location.hash, onclick }, text);
}

/**
 * Show the message and the errors in the element `place`, and move the focus there. It replaces any other message.
 * @param {HTMLElement} place
 * @param {string} message
 * @param {FieldError[]} errors
 */
function showErrors(place, message, errors) {
  const list = errors.map(({ field: name, message: text }) => {
    // The API's "goal" is the first line of the field "goals".
    const element = fieldNamed(place, name === "goal" ? "goals" : name);
    element?.closest("details")?.toggleAttribute("open", true);
    const label = labelOf(element);
    const sentence = label ? `${label}: ${text}` : text;
    if (!(element instanceof HTMLElement) || !label) return h("li", {}, sentence);
    if (element.id && !element.matches("[type=checkbox], [type=radio]")) markField(element, text);
    return h("li", {}, linkTo(element, sentence));
  });
  const heading = h("h2", {}, message);
  const summary = h("div", { class: "error-summary", role: "alert", tabindex: "-1" }, heading, h("ul", {}, list));
  for (const other of document.querySelectorAll(".error-summary, [data-said]")) other.replaceChildren();
  place.replaceChildren(summary);
  summary.focus();
}

/**
 * @param {HTMLElement} place
 * @param {unknown} error
 * @param {string} [message] shown instead of the error's own
 */
export const showError = (place, error, message = messageOf(error)) =>
  showErrors(place, message, error instanceof RefusedError ? error.errors : []);

/**
 * A form that is sent by script. Its button is disabled until `send` has ended. Errors appear at its top.
 * @param {(form: HTMLFormElement) => Promise<unknown>} send
 * @param {Children[]} children
 * @param {(error: unknown) => string} [explain] the message for an error
 */
export function sendingForm(send, children, explain = messageOf) {
  const errors = h("div");
  /** @param {SubmitEvent} event */
  const onsubmit = async (event) => {
    const pressedButton = /** @type {HTMLButtonElement | null} */ (event.submitter);
    event.preventDefault();
    clearMarks(errors);
    errors.replaceChildren();
    pressedButton?.toggleAttribute("disabled", true);
    await send(form).catch((error) => showError(errors, error, explain(error)));
    pressedButton?.toggleAttribute("disabled", false);
  };
  const form = h("form", { class: "card", onsubmit }, errors, ...children);
  return form;
}

/**
 * Links to the sections of a long form, by their legends.
 * @param {HTMLFormElement} form
 */
export function sectionLinks(form) {
  const sections = [...form.querySelectorAll(":scope > fieldset, :scope > details")].map((section) => {
    const title = /** @type {HTMLElement} */ (section.querySelector("legend, summary"));
    if (section.tagName !== "DETAILS") title.tabIndex = -1;
    return h("li", {}, linkTo(title, title.textContent ?? ""));
  });
  return h("nav", { class: "sections", "aria-label": "Sections of this form" }, h("ul", {}, sections));
}

/** @param {string} text */
export const submitButton = (text) => h("p", { class: "send" }, h("button", { class: "button" }, text));
