// A button that copies a text: a token, a link or a statement.

import { button } from "./dom.js";

/**
 * @param {string} text what the button says
 * @param {string} copied what it copies
 */
export function copyButton(text, copied) {
  const copy = button(text, async () => {
    await navigator.clipboard.writeText(copied);
    copy.textContent = "Copied";
  });
  return copy;
}
