// The fields for the targets of a petition's letter: to whom it goes, and how. Each target has a block of fields.

import { askToConfirm, button, h } from "./dom.js";
import { field } from "./forms.js";

/** @import { LetterTargetOutput, LetterTextOutput, ManagedPetition } from "#api" */
/** @typedef {HTMLInputElement | HTMLSelectElement} Input */
/** @typedef {{ element: HTMLElement, inputs: Input[], showApplicable: () => void }} Block */

const MAX_TARGETS = 20;
const TO_ONE = "one";
const TO_MEMBERS = "members";
const RECIPIENTS = { [TO_ONE]: "One email address", [TO_MEMBERS]: "Everybody’s own MP" };
const MODES = {
  single: "Singly",
  paced: "Singly, at a set pace",
  digest: "First singly, then daily",
};
const MODE_HINT = "Offices read one email a day with the number of letters and some of them, not a thousand alike.";
const TEST_HINT =
  "Letters of people who confirm go to this address of yours, marked as tests, and none to the target. They are not " +
  "counted. Take it out before the petition opens.";
const REMOVE = "When you save, letters to this target that wait are not sent any more.";

/**
 * The API's name of a target's field, so that errors from the API can be shown with the field's label.
 * @param {number} index
 * @param {string} name
 */
const nameOf = (index, name) => `letter.targets.${index}.${name}`;

/**
 * @param {string} name
 * @param {Record<string, string>} options
 * @param {string} chosen
 */
function choice(name, options, chosen) {
  const select = h("select", { name }, ...Object.entries(options).map(([value, text]) => h("option", { value }, text)));
  select.value = chosen;
  return select;
}

/**
 * The values of a block's fields for a target, in the order of the fields.
 * @param {Partial<LetterTargetOutput>} target
 */
function valuesOf({ key = "", name = "", email, members, test_to: test, delivery }) {
  const {
    per_hour: pace = "",
    from_hour: from = 9,
    to_hour: to = 17,
    first = "",
  } = /** @type {Record<string, number | undefined>} */ (/** @type {unknown} */ (delivery ?? {}));
  return {
    key,
    to: members ? TO_MEMBERS : TO_ONE,
    name,
    email: email ?? "",
    mode: delivery?.mode ?? "single",
    pace: String(pace),
    from: String(from),
    until: String(to),
    first: String(first),
    test: test ?? "",
  };
}

/**
 * @param {string} name
 * @param {string} value
 */
const numberInput = (name, value) => h("input", { name, type: "number", min: "0", max: "10000", value });

/**
 * @param {number} index
 * @param {Partial<LetterTargetOutput>} target
 */
function inputsOf(index, target) {
  const values = valuesOf(target);
  /** @param {string} name */
  const fieldName = (name) => nameOf(index, name);
  return {
    key: h("input", { name: fieldName("key"), type: "hidden", value: values.key }),
    to: choice(fieldName("members"), RECIPIENTS, values.to),
    name: h("input", { name: fieldName("name"), maxlength: "200", value: values.name }),
    email: h("input", { name: fieldName("email"), type: "email", maxlength: "254", value: values.email }),
    mode: choice(fieldName("delivery"), MODES, values.mode),
    pace: numberInput(fieldName("delivery.paced.per_hour"), values.pace),
    from: numberInput(fieldName("delivery.paced.from_hour"), values.from),
    until: numberInput(fieldName("delivery.paced.to_hour"), values.until),
    first: numberInput(fieldName("delivery.digest.first"), values.first),
    test: h("input", { name: fieldName("test_to"), type: "email", maxlength: "254", value: values.test }),
  };
}

/**
 * Show or hide fields. Hidden ones are disabled: they are not sent, and their errors do not stop the form.
 * @param {HTMLElement} part a fieldset
 * @param {boolean} isShown
 */
function show(part, isShown) {
  part.toggleAttribute("hidden", !isShown);
  part.toggleAttribute("disabled", !isShown);
}

/** @param {...Node} fields */
const part = (...fields) => h("fieldset", { class: "part", role: "presentation" }, ...fields);

/**
 * @param {number} index
 * @param {Partial<LetterTargetOutput>} target
 * @param {(index: number) => void} remove
 * @returns {Block}
 */
function block(index, target, remove) {
  const number = index + 1;
  const inputs = inputsOf(index, target);
  const { key, to, name, email, mode, pace, from, until, first, test } = inputs;
  const paced = part(
    field(`Most letters in an hour (target ${number})`, pace, "Evenly spread, from Monday to Friday."),
    field(`From (hour in London, target ${number})`, from),
    field(`Until (hour in London, target ${number})`, until),
  );
  const digest = part(field(`How many letters singly (target ${number})`, first));
  const delivery = part(field(`How its letters go (target ${number})`, mode, MODE_HINT), paced, digest);
  const address = part(field(`Email address of target ${number}`, email, "The public never sees it."), delivery);
  const showApplicable = () => {
    show(address, to.value === TO_ONE);
    show(paced, mode.value === "paced");
    show(digest, mode.value === "digest");
  };
  const element = h(
    "fieldset",
    { "data-target": "" },
    h("legend", {}, `Target ${number}`),
    key,
    field(`Letters to target ${number} go to`, to),
    field(`Name of target ${number}`, name, "As in “Dear …”: Home Secretary. For MPs: Your MP."),
    address,
    field(`Test address (target ${number}, optional)`, test, TEST_HINT),
    h(
      "p",
      { class: "acts" },
      button(`Remove target ${number}`, () => remove(index)),
    ),
  );
  showApplicable();
  return { element, inputs: Object.values(inputs), showApplicable };
}

/**
 * All blocks exist from the beginning, most of them hidden: typed.js can then keep the text of every field.
 * @param {LetterTargetOutput[]} targets
 */
export function targetsFields(targets) {
  let shownCount = 0;
  /** @param {number} count */
  const showFirst = (count) => {
    shownCount = count;
    for (const [index, { element }] of blocks.entries()) show(element, index < count);
    add.toggleAttribute("hidden", count === MAX_TARGETS);
  };
  /** @param {number} index */
  const remove = async (index) => {
    const words = `Remove target ${index + 1}?`;
    if (!(await askToConfirm(words, REMOVE, "Remove", "act-stern"))) return;
    // Move the later targets up by one block.
    for (let at = index; at < shownCount; at += 1) fill(blocks[at], valuesIn(blocks[at + 1]));
    showFirst(Math.max(1, shownCount - 1));
  };
  const blocks = Array.from({ length: MAX_TARGETS }, (_, index) => block(index, targets[index] ?? {}, remove));
  const add = button("Add a target", () => {
    showFirst(shownCount + 1);
    // inputs[0] is the hidden key.
    blocks[shownCount - 1]?.inputs[1]?.focus();
  });
  for (const [index, { element, showApplicable }] of blocks.entries())
    element.addEventListener("input", () => {
      showApplicable();
      if (index >= shownCount) showFirst(index + 1);
    });
  showFirst(Math.max(1, targets.length));
  return [...blocks.map(({ element }) => element), h("p", { class: "acts" }, add)];
}

/** @param {Block | undefined} block without one, the values of an empty block */
const valuesIn = (block) => block?.inputs.map(({ value }) => value) ?? Object.values(valuesOf({}));

/**
 * @param {Block | undefined} block
 * @param {string[]} values
 */
function fill(block, values) {
  for (const [index, input] of block?.inputs.entries() ?? []) {
    input.value = values[index] ?? "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** @param {Partial<LetterTextOutput> | null | undefined} words */
const namedKeys = (words) => Object.keys(words?.target_names ?? {});

/**
 * The keys that a new target must not get: it would take over letters, counts and names of the earlier target.
 * @param {Partial<ManagedPetition>} before
 */
const reservedKeys = ({ letter, translations = {} }) => [
  ...(letter?.targets ?? []).map(({ key }) => key),
  ...[letter, ...Object.values(translations).map((each) => each.letter)].flatMap(namedKeys),
];

/**
 * @param {FormData} typed
 * @param {Partial<ManagedPetition>} before
 * @param {number} now milliseconds since 1970
 * @returns {Record<string, unknown>[]} up to the last block that is filled in. Fields may be missing: the API then
 * refuses the letter
 */
export function targetsFrom(typed, before, now = Date.now()) {
  const lastIndex = [...Array(MAX_TARGETS).keys()].findLast((index) => isFilledIn(typed, index)) ?? -1;
  const indexes = [...Array(lastIndex + 1).keys()];
  const keys = indexes.map((index) => String(typed.get(nameOf(index, "key")) ?? ""));
  const reserved = reservedKeys(before);
  // The keys of removed targets are not stored, so a stored petition needs an ending that no earlier key has.
  const ending = before.slug ? Math.floor(now / 1000).toString(36) : "";
  for (const index of indexes)
    keys[index] ||= newKey(String(typed.get(nameOf(index, "name")) ?? "").trim(), [...keys, ...reserved], ending);
  return indexes.map((index) => targetFrom(typed, index, keys[index]));
}

/**
 * @param {FormData} typed
 * @param {number} index
 */
const isFilledIn = (typed, index) =>
  ["name", "email", "test_to"].some((name) => String(typed.get(nameOf(index, name)) ?? "").trim()) ||
  typed.get(nameOf(index, "members")) === TO_MEMBERS;

/**
 * @param {FormData} typed
 * @param {number} index
 * @param {string | undefined} key
 */
function targetFrom(typed, index, key) {
  /** @param {string} name */
  const value = (name) => String(typed.get(nameOf(index, name)) ?? "").trim();
  const members = value("members") === TO_MEMBERS;
  return {
    key,
    name: value("name") || undefined,
    members,
    email: members ? null : value("email"),
    test_to: value("test_to") || null,
    delivery: members ? { mode: "single" } : deliveryFrom(value),
  };
}

/** @param {(name: string) => string} value */
function deliveryFrom(value) {
  /** @param {string} name */
  const numberOf = (name) => (value(name) ? Number(value(name)) : undefined);
  const mode = value("delivery") || "single";
  if (mode === "digest") return { mode, first: numberOf("delivery.digest.first") };
  if (mode !== "paced") return { mode };
  const hours = { from_hour: numberOf("delivery.paced.from_hour"), to_hour: numberOf("delivery.paced.to_hour") };
  return { mode, per_hour: numberOf("delivery.paced.per_hour"), ...hours };
}

/**
 * The key of a new target, made from its name. The key stays the same when the name is corrected later.
 * @param {string} name
 * @param {string[]} usedKeys
 * @param {string} [ending] that no earlier key has
 */
export function newKey(name, usedKeys, ending = "") {
  const letters = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const dashed = letters.replace(/[^a-z0-9]+/g, "-").slice(0, 30);
  const plain = dashed.replace(/^-+|-+$/g, "") || "target";
  const start = ending ? `${plain}-${ending}` : plain;
  const keys = [start, ...Array.from({ length: MAX_TARGETS }, (_, number) => `${start}-${number + 2}`)];
  return keys.find((key) => !usedKeys.includes(key)) ?? start;
}
