// The field for the public key of the person who may read a file.

import { h } from "./dom.js";
import { field } from "./forms.js";

const HINT = "An age key (age1…), which the recipient sends you. Then only the recipient can read the file.";

/** @param {boolean} required */
export const recipientField = (required) =>
  field(
    `Public key of the recipient${required ? "" : " (recommended)"}`,
    h("textarea", { name: "recipient", rows: "3", spellcheck: "false", autocomplete: "off", required }),
    HINT,
  );
