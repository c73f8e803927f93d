// Import a partner's file: try it, import it, follow it, cancel it, undo it.

import { ask, sendFile } from "./api.js";
import { askToConfirm, button, h, table } from "./dom.js";
import { dateTime, number } from "./format.js";
import { field, sendingForm } from "./forms.js";
import { cancelButton, isUnfinished, jobTable, progressBar, stateOf } from "./jobs.js";
import { loadPetitionLink } from "./petition-link.js";
import { refill } from "./refill.js";

/** @import { FirstRow, ReadImport, ShownImport, ShownPartner } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @import { Acts } from "./jobs.js" */

const MAX_BYTES = 4 * 1024 * 1024;
const INTRODUCTION =
  "A CSV file with the people who signed with a partner. Try it first: that stores nothing, and shows what would " +
  "happen.";
const FILE_HINT = "Up to 4 MB. Ask your engineer about a larger one. The file is deleted when the import ends.";
const SITE_ZONE = "Europe/London";
const ZONE_HINT = "Of times in the file that do not name one. Other names are Europe/Dublin and UTC, for example.";
const UNDO =
  "Signatures that came only with this import are taken back, also from the count. People who signed here too, " +
  "came from somebody else, or confirmed by our email stay.";

/** Our fields, with the words that staff read. */
const FIELDS = {
  email: "Email address",
  name: "Name",
  identifier: "The partner’s own id",
  country: "Country",
  postcode: "Postcode",
  obtained_at: "When they signed",
  updates: "Agreed to updates (yes or no)",
};

/** @param {ShownImport} job */
function kindOf({ dry_run: isDry, undoes }) {
  if (undoes) return "Undo";
  return isDry ? "Try" : "Import";
}

/** @param {ShownImport} job */
export const isUndoable = (job) => !isUnfinished(job) && !job.dry_run && !job.undoes && !job.undone_by;

/** @param {ShownImport} job */
function progress(job) {
  const { rows, processed, undoes } = job;
  return stateOf(job, undoes ? [] : [`${number(processed)} of ${number(rows)} `, progressBar(processed, rows)]);
}

/**
 * @param {string} path
 * @param {ShownImport} job
 * @param {Acts} acts
 */
function action(path, job, acts) {
  if (isUnfinished(job)) return cancelButton("Cancel", `${path}/${job.id}`, acts);
  if (!isUndoable(job)) return "–";
  return button("Undo", async () => {
    if (await askToConfirm("Undo this import?", UNDO, "Undo the import", "act-stern"))
      await acts.send(`${path}/${job.id}/undo`, "POST");
  });
}

/**
 * @param {string} path
 * @param {Acts} acts
 * @returns {import("./dom.js").Column<ShownImport>[]}
 */
const columnsOf = (path, acts) => [
  { title: "Requested", cell: (job) => dateTime(job.requested_at) },
  { title: "What", cell: (job) => `${kindOf(job)}: ${job.partner}` },
  { title: "State", cell: progress },
  { title: "Accepted", number: true, cell: ({ accepted }) => number(accepted) },
  { title: "Existing", number: true, cell: ({ existing }) => number(existing) },
  { title: "Invalid", number: true, cell: ({ invalid }) => number(invalid) },
  { title: "Not taken", number: true, cell: ({ suppressed }) => number(suppressed) },
  { title: "Action", cell: (job) => action(path, job, acts) },
];

/** @type {import("./dom.js").Column<FirstRow>[]} */
const FIRST_ROW_COLUMNS = [
  { title: "Row", cell: ({ row }) => String(row) },
  { title: "Name", cell: ({ name }) => name },
  { title: "Email address", cell: ({ email }) => email },
  { title: "Place", cell: ({ country, postcode }) => [country, postcode].filter(Boolean).join(" ") },
  { title: "Updates", cell: ({ updates }) => (updates ? "Yes" : "No") },
  { title: "Signed", cell: ({ obtained_at: at }) => dateTime(at) },
];

/**
 * How the newest file was read, its first rows as they would be stored, and what is wrong with its rows.
 * @param {ShownImport | undefined} newest
 * @param {FirstRow[]} [firstRows]
 */
export function details(newest, firstRows = []) {
  if (!newest?.shape) return [];
  const columns = Object.entries(newest.shape.columns).map(([name, headings]) =>
    h("li", {}, `${FIELDS[/** @type {keyof typeof FIELDS} */ (name)]}: ${headings.join(" and ")}`),
  );
  const { unused = [] } = newest.shape;
  columns.push(h("li", {}, `Times that name no zone: ${newest.zone}`));
  if (unused.length) columns.push(h("li", {}, `Not used: ${unused.join(", ")}`));
  const sample = newest.sample.map(({ row, result }) => h("li", {}, `Row ${row}: ${result}`));
  const errors = newest.errors.map(({ row, field: name, message }) => h("li", {}, `Row ${row}, ${name}: ${message}`));
  return [
    h("h2", {}, "How the newest file was read"),
    h("ul", {}, columns),
    h("h3", {}, "Its first rows"),
    ...(firstRows.length ? [table("As they would be stored", FIRST_ROW_COLUMNS, firstRows)] : []),
    h("ul", {}, sample),
    ...(errors.length ? [h("h3", {}, "Rows to check (the first hundred)"), h("ul", {}, errors)] : []),
  ];
}

/**
 * @param {FormData} typed
 * @param {boolean} isDry
 */
export function queryFrom(typed, isDry) {
  const headings = Object.keys(FIELDS).map((name) => [name, String(typed.get(`column.${name}`) ?? "").trim()]);
  const mapping = Object.fromEntries(headings.filter(([, heading]) => heading));
  const query = new URLSearchParams({ partner: String(typed.get("partner")), dry_run: String(isDry) });
  query.set("zone", String(typed.get("zone")).trim());
  if (Object.keys(mapping).length) query.set("mapping", JSON.stringify(mapping));
  return query.toString();
}

/**
 * @param {string} path
 * @param {ShownPartner[]} partners
 * @param {() => Promise<void>} done
 */
function importForm(path, partners, done) {
  const options = partners.map(({ source, name }) => h("option", { value: source }, name));
  const file = h("input", { name: "file", type: "file", accept: ".csv,text/csv,text/plain", required: true });
  const columns = Object.entries(FIELDS).map(([name, label]) => field(label, h("input", { name: `column.${name}` })));
  // The pressed button sets this. Its click event comes before the form's submit event.
  let isDry = true;
  /** @param {HTMLFormElement} form */
  const send = async (form) => {
    const [chosenFile] = file.files ?? [];
    if (!chosenFile) return;
    if (chosenFile.size > MAX_BYTES) throw new Error(FILE_HINT);
    const question = "Their signatures are stored. You can undo it.";
    if (!isDry && !(await askToConfirm("Import this file?", question, "Import"))) return;
    await sendFile(`${path}?${queryFrom(new FormData(form), isDry)}`, chosenFile);
    await done();
  };
  /**
   * @param {string} text
   * @param {boolean} dry
   */
  const modeButton = (text, dry) =>
    h(
      "button",
      {
        class: "act",
        onclick: () => {
          isDry = dry;
        },
      },
      text,
    );
  return sendingForm(send, [
    h("h2", {}, "A file"),
    field("Partner", h("select", { name: "partner", required: true }, options)),
    field("File", file, FILE_HINT),
    field("Time zone", h("input", { name: "zone", value: SITE_ZONE, required: true }), ZONE_HINT),
    h(
      "details",
      {},
      h("summary", {}, "Say which column is which"),
      h("p", { class: "hint" }, "Usual headings are found. Otherwise type the heading, as the file has it."),
      columns,
    ),
    h("p", { class: "acts" }, modeButton("Try it", true), modeButton("Import it", false)),
  ]);
}

/** @param {ViewContext} context */
export async function showImports({ container, slug, may, signal }) {
  const petitionLink = await loadPetitionLink(slug, may);
  const path = `/petitions/${slug}/imports`;
  const newestDetails = h("div");
  /** @type {Map<string, FirstRow[]>} */
  const firstRows = new Map();
  /** @param {ShownImport[]} imports */
  const showDetails = async (imports) => {
    const newest = imports.find(({ undoes }) => !undoes);
    if (newest?.dry_run && newest.processed && !firstRows.has(newest.id)) {
      /** @type {ReadImport} */
      const read = (await ask(`${path}/${newest.id}`)).data;
      firstRows.set(newest.id, read.first_rows);
    }
    refill(newestDetails, ...details(newest, newest && firstRows.get(newest.id)));
  };
  /** @type {{ partners: ShownPartner[] }} */
  const { partners } = (await ask("/partners")).data;
  const { parts, announceStart, follow } = jobTable({
    path,
    name: "imports",
    caption: "Imports, newest first",
    emptyText: "Nothing has been imported yet.",
    columns: (/** @type {Acts} */ acts) => columnsOf(path, acts),
    onrefresh: showDetails,
  });
  const form = partners.length
    ? importForm(path, partners, () => announceStart("The file has been sent. It is read within a minute."))
    : h("p", {}, "There is no partner yet. ", h("a", { href: "#/partners" }, "Add one first"));
  container.append(
    h("h1", {}, "Import a partner’s file"),
    h("p", { class: "over" }, petitionLink),
    h("p", { class: "lead" }, INTRODUCTION),
    ...parts,
    newestDetails,
    form,
  );
  await follow(signal);
}
