// Who can open a file: the fields of a form that requests one, and the passphrase, which is shown once.

import { showSecretOnce } from "./copy.js";
import { h } from "./dom.js";
import { checkbox, field } from "./forms.js";

/** @typedef {{ recipient: string | null, passphrase: boolean }} Lock as the API names it */

const WAYS = {
  passphrase: "Whoever has the passphrase, which we make and show once",
  recipient: "The owner of a key (age)",
  anybody: "Anybody who has the file",
};
const KEY_HINT = "An age key (age1…), which the recipient sends you. Then only the recipient can open the file.";
const MAKE_A_KEY = [
  ["The recipient installs age (age-encryption.org), and types in a terminal: ", "age-keygen -o my-key.txt"],
  ["The program shows a line that begins with ", "Public key: age1"],
  ["The recipient sends you what begins with ", "age1", ". It is no secret."],
  [
    "The file ",
    "my-key.txt",
    " stays with the recipient, with a copy in a safe place. Without it, nobody can open the file.",
  ],
  ["To open the file: ", "age --decrypt -i my-key.txt -o signatures.csv <file>.csv.age"],
];

/** @param {boolean} mayBeOpen whether the file may be made without a lock */
export function lockFields(mayBeOpen) {
  const ways = Object.entries(WAYS).filter(([way]) => mayBeOpen || way !== "anybody");
  const radios = ways.map(([value, text]) =>
    checkbox(text, { type: "radio", name: "lock", value, checked: value === "passphrase" }),
  );
  const key = h("textarea", { name: "recipient", rows: "3", spellcheck: "false", autocomplete: "off" });
  const help = h(
    "details",
    {},
    h("summary", {}, "How does the recipient make a key?"),
    h("ol", {}, MAKE_A_KEY.map(item)),
  );
  const keyPart = h("div", {}, field("Public key of the recipient", key, KEY_HINT), help);
  const fieldset = h("fieldset", {}, h("legend", {}, "Who can open the file?"), radios, keyPart);
  const show = () => {
    const wanted = wayIn(fieldset) === "recipient";
    keyPart.hidden = !wanted;
    key.required = wanted;
  };
  fieldset.addEventListener("change", show);
  // A key that this tab kept from an earlier visit is filled in (typed.js).
  key.addEventListener("input", () => {
    for (const radio of fieldset.querySelectorAll("input")) radio.checked = radio.value === "recipient";
    show();
  });
  show();
  return fieldset;
}

/** @param {string[]} texts every second one is typed or shown in a terminal */
const item = (texts) =>
  h(
    "li",
    {},
    texts.map((text, index) => (index % 2 ? h("code", {}, text) : text)),
  );

/** @param {HTMLElement} place */
const wayIn = (place) => place.querySelector(`input[name="lock"]:checked`)?.getAttribute("value");

/**
 * @param {HTMLFormElement} form
 * @returns {Lock}
 */
export function lockIn(form) {
  const way = wayIn(form);
  const key = way === "recipient" ? String(new FormData(form).get("recipient")).trim() : null;
  return { recipient: key, passphrase: way === "passphrase" };
}

/** A column of a table of files. */
export const openerColumn = {
  title: "Who can open it",
  /** @param {{ recipient: string | null, has_passphrase: boolean }} file */
  cell: ({ recipient, has_passphrase: hasPassphrase }) => {
    if (hasPassphrase) return "Whoever has the passphrase";
    return recipient ? h("code", {}, recipient) : "Anybody";
  },
};

/** @param {{ id: string, passphrase?: string }} requested the answer to the request of a file */
export async function showPassphrase({ id, passphrase }) {
  if (!passphrase) return;
  const warning =
    `Only this passphrase opens the file ${id}.zip. It is not stored: if it is lost, request another file. ` +
    "Send it to the recipient in another way than the file, for example by phone. " +
    "On a Mac, a double click opens the file. On Windows, use 7-Zip (free).";
  await showSecretOnce("passphrase", passphrase, warning);
}
