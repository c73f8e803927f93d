// Compare with another platform by hashes of addresses: get its key, send its file, follow the comparison.

import { post, RefusedError } from "./api.js";
import { copyButton } from "./copy.js";
import { button, DONE, h, showDialog } from "./dom.js";
import { evidenceFields, figureFrom, sourceField } from "./figure.js";
import { dateTime, number } from "./format.js";
import { field, sendingForm, showError, submitButton } from "./forms.js";
import { cancelButton, isUnfinished, jobTable, stateOf } from "./jobs.js";
import { loadPetitionLink } from "./petition-link.js";
import { addResettingForm } from "./typed.js";

/** @import { HashKey, ShownComparison } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @import { Acts } from "./jobs.js" */

const HASH = /^[0-9a-f]{32}$/;
const MAX_BYTES = 4 * 1024 * 1024;
const INTRODUCTION =
  "A platform that must not pass names on can send hashes: codes that are computed from its signers’ addresses with " +
  "a secret key. We compute the same codes for our signers, and count the people who signed in both places.";
const SOURCE_HINT =
  "Small letters, digits and hyphens, such as freedom-united. If you have entered a figure of it, use the same name.";
const KEY_WARNING =
  "Give it to them safely, for example by phone or with a password manager, and to nobody else. " +
  "It stays the same: you can show it again.";
const FILE_HINT =
  "The file hashes.txt that the tool has written, up to 4 MB: about 120,000 people. " +
  "Ask your engineer about a larger one.";
const COUNT_HINT = "The number that the tool has shown at its end. Then a file that is not complete is refused.";
const SENT =
  "Sent. The figure counts now. The comparison begins within a minute, makes the total closer, and deletes the hashes.";

/** @param {string} tool the URL of the tool */
export const instructionsFor = (tool) => `Your addresses stay with you. You need Python 3.11 or later.

1. Save the key, which you get separately, in a file key.txt.
2. Save the addresses of your signers in a file signers.csv, in the same folder.
   The heading of their column is Email here: write your own.
3. In a terminal in this folder, run these commands. On Windows, write curl.exe instead of curl:

curl -o hash_addresses.py "${tool}"
python -m pip install email-validator==2.4.0
python hash_addresses.py signers.csv --column Email --key key.txt --out hashes.txt

4. Send us hashes.txt, and the number that the last line on the screen says. Then delete key.txt and hashes.txt.`;

/** @param {HashKey} hashKey */
function showKey({ source, key, tool }) {
  const instructions = instructionsFor(tool);
  const content = h(
    "div",
    {},
    h("p", {}, KEY_WARNING),
    h("p", {}, h("code", { "data-hash-key": "" }, key)),
    h("p", { class: "acts" }, copyButton("Copy the key", key)),
    h("h3", {}, "What they do with it"),
    h("pre", { tabindex: "0" }, instructions),
    h("p", { class: "acts" }, copyButton("Copy the instructions", instructions)),
  );
  return showDialog(`The key for ${source}`, content, [DONE]);
}

/**
 * Read UTF-8, or UTF-16 as Windows PowerShell writes it with >.
 * @param {ArrayBuffer} content
 */
export function textOf(content) {
  const [first, second] = new Uint8Array(content);
  return new TextDecoder(first === 0xff && second === 0xfe ? "utf-16le" : "utf-8").decode(content);
}

/**
 * The hashes in the file. Throw if a line is not a hash: the user may have chosen the file of addresses by mistake, and
 * that file must not be sent.
 * @param {string} text
 * @returns {string[]}
 * @throws {RefusedError}
 */
export function hashesIn(text) {
  const lines = text.trimEnd().split("\n");
  const hashes = lines.map((line) => line.trim());
  const wrongIndex = hashes.findIndex((line) => !HASH.test(line));
  if (wrongIndex < 0) return hashes;
  const message = `Line ${wrongIndex + 1} is not a hash of our tool. Choose the file that the tool has written`;
  throw new RefusedError(422, { detail: "Nothing has been sent.", errors: [{ field: "hashes", message }] });
}

/**
 * @param {Acts} acts
 * @param {string} path
 * @returns {import("./dom.js").Column<ShownComparison>[]}
 */
const columnsOf = (acts, path) => [
  { title: "Requested", cell: (job) => dateTime(job.requested_at) },
  { title: "Platform", cell: ({ source }) => source },
  { title: "State", cell: (job) => stateOf(job, [`${number(job.seen)} of our signatures compared so far`]) },
  { title: "Signed there", number: true, cell: ({ count }) => number(count) },
  { title: "Here too", number: true, cell: ({ here }) => (here === null ? "–" : number(here)) },
  { title: "Requested by", cell: (job) => job.requested_by },
  {
    title: "Action",
    cell: (job) => (isUnfinished(job) ? cancelButton("Cancel", `${path}/${job.id}`, acts) : "–"),
  },
];

/** @param {string} slug */
function keyButton(slug) {
  const errors = h("div");
  const requestKey = async () => {
    errors.replaceChildren();
    const input = /** @type {HTMLInputElement | undefined} */ (errors.closest("form")?.elements.namedItem("source"));
    if (input?.reportValidity()) await showKey(await post(`/petitions/${slug}/hash-keys`, { source: input.value }));
  };
  const show = button("Show its key and what to do", () => requestKey().catch((error) => showError(errors, error)));
  return [errors, h("p", { class: "acts" }, show)];
}

/**
 * @param {string} slug
 * @param {() => Promise<void>} done
 */
function compareForm(slug, done) {
  const file = h("input", { name: "hashes", type: "file", accept: ".txt,text/plain", required: true });
  const count = { name: "count", type: "number", min: "0", max: "1000000" };
  /** @param {HTMLFormElement} form */
  const send = async (form) => {
    const [chosenFile] = file.files ?? [];
    if (!chosenFile) return;
    if (chosenFile.size > MAX_BYTES) throw new Error(FILE_HINT);
    const figure = {
      ...figureFrom(new FormData(form)),
      kind: "hashes",
      hashes: hashesIn(textOf(await chosenFile.arrayBuffer())),
    };
    await post(`/petitions/${slug}/figures`, figure);
    await done();
  };
  return sendingForm(send, [
    h("h2", {}, "1. The platform makes hashes"),
    sourceField("Platform", SOURCE_HINT),
    keyButton(slug),
    h("h2", {}, "2. You compare them"),
    field("File with the hashes", file, FILE_HINT),
    field("How many different addresses (recommended)", h("input", count), COUNT_HINT),
    evidenceFields(),
    submitButton("Compare"),
  ]);
}

/** @param {ViewContext} context */
export async function showHashes({ container, slug, may, signal }) {
  const petitionLink = await loadPetitionLink(slug, may);
  const path = `/petitions/${slug}/comparisons`;
  const { parts, announceStart, follow } = jobTable({
    path,
    name: "comparisons",
    caption: "Comparisons, newest first",
    emptyText: "Nothing has been compared yet.",
    columns: (/** @type {Acts} */ acts) => columnsOf(acts, path),
  });
  container.append(
    h("h1", {}, "Compare with another platform"),
    h(
      "p",
      { class: "over" },
      petitionLink,
      h("a", { href: `#/petitions/${slug}/elsewhere` }, "The total across platforms"),
    ),
    h("p", { class: "lead" }, INTRODUCTION),
    ...parts,
  );
  addResettingForm(container, `/petitions/${slug}/hashes`, (reset) =>
    compareForm(slug, async () => {
      reset();
      await announceStart(SENT);
    }),
  );
  await follow(signal);
}
