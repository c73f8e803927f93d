// As a file of this page's own making: it is for whoever sits there, not for a server in between.

import { h } from "./dom.js";

export function save(text, type, name) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
