import { h } from "./dom.js";

/**
 * Save a text or bytes as a file.
 * @param {BlobPart} text
 * @param {string} type
 * @param {string} name
 */
export function download(text, type, name) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
