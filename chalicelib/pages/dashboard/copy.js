// Buttons that copy a text: a token, a link or a statement.

import { button, h, showDialog } from "./dom.js";

/**
 * @param {string} label of the button
 * @param {string} text to copy
 */
export function copyButton(label, text) {
  const copy = button(label, async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
  });
  return copy;
}

/**
 * Show a new secret, which cannot be shown again.
 * @param {string} kind such as "token"
 * @param {string} secret
 * @param {string} warning what to do with it
 */
export function showSecretOnce(kind, secret, warning) {
  const content = h(
    "div",
    {},
    h("p", {}, warning),
    h("p", {}, h("code", { [`data-${kind}`]: "" }, secret)),
    h("p", { class: "acts" }, copyButton(`Copy the ${kind}`, secret)),
  );
  return showDialog(`Copy the ${kind} now`, content, [{ value: "", text: "I have copied it" }]);
}
