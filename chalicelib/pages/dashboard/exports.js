// Export the signatures: request a file, follow its progress, download it.

import { ask, post } from "./api.js";
import { button, h } from "./dom.js";
import { dateTime, number } from "./format.js";
import { checkbox, field, sendingForm, submitButton } from "./forms.js";
import { cancelButton, FILE_STATES, isUnfinished, jobTable, progressBar, stateOf } from "./jobs.js";
import { lockFields, lockIn, openerColumn, showPassphrase } from "./recipient.js";
import { forget, keepTyped } from "./typed.js";

/** @import { Export, ExportColumn, ExportFormat, Exports } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @import { Acts } from "./jobs.js" */

const INTRODUCTION =
  "A file of the signatures that are confirmed now. It never contains email addresses. " +
  "It is deleted after seven days, and each download is recorded.";

/** @type {Record<ExportColumn, string>} */
const COLUMN_NAMES = {
  name: "Name",
  postcode: "Postcode",
  country: "Country",
  confirmed_at: "Time confirmed",
  signed_at: "Time signed",
  source: "Source",
  text_version: "Version of the text",
  consent_version: "Version of the consent",
};

/** @type {Record<ExportFormat, string>} */
const FORMAT_NAMES = { csv: "CSV, for a spreadsheet", ndjson: "NDJSON, for a program" };

/**
 * @param {string} slug
 * @param {Exports} choices
 * @param {() => Promise<void>} done
 */
function requestForm(slug, { columns, default_columns: usual, formats }, done) {
  const options = formats.map((value) => h("option", { value }, FORMAT_NAMES[value]));
  const format = h("select", { name: "format" }, options);
  const checkboxes = columns.map((value) =>
    checkbox(COLUMN_NAMES[value], { name: "columns", value, checked: usual.includes(value) }),
  );
  /** @param {HTMLFormElement} form */
  const request = async (form) => {
    const typed = new FormData(form);
    const path = `/petitions/${slug}/exports`;
    const requested = await post(path, { format: format.value, columns: typed.getAll("columns"), ...lockIn(form) });
    forget(path);
    await showPassphrase(requested);
    await done();
  };
  return sendingForm(request, [
    h("h2", {}, "Request an export"),
    h("fieldset", {}, h("legend", {}, "What it contains"), checkboxes),
    field("Format", format),
    lockFields(true),
    submitButton("Create the file"),
  ]);
}

/** @param {Export} job */
const progress = (job) => {
  const { rows, of } = job;
  return stateOf(job, [`${number(rows)} of ${number(of)} `, progressBar(rows, of)], FILE_STATES);
};

/**
 * @param {Acts} acts
 * @returns {import("./dom.js").Column<Export>[]}
 */
function columnsOf(acts) {
  /** @param {Export} job */
  const actions = (job) => {
    const path = `/exports/${job.id}`;
    if (isUnfinished(job)) return cancelButton("Cancel the export", path, acts);
    if (job.state !== "done") return "–";
    return h(
      "span",
      { class: "acts" },
      button("The file", () => acts.download(`${path}/file`)),
      button("The cover sheet", () => acts.download(`${path}/cover`)),
    );
  };
  return [
    { title: "As of", cell: (job) => dateTime(job.moment) },
    { title: "State", cell: progress },
    { title: "Rows written", number: true, cell: ({ rows }) => number(rows) },
    { title: "Requested by", cell: (job) => job.requested_by },
    openerColumn,
    { title: "Download", cell: actions },
    { title: "Digest (SHA-256)", cell: ({ sha256 }) => (sha256 ? h("code", {}, sha256) : "–") },
  ];
}

/**
 * @param {string} slug
 * @param {ViewContext["may"]} may
 */
function heading(slug, may) {
  const numbers = may("GET /api/staff/petitions/*/counts")
    ? h("a", { href: `#/petitions/${slug}` }, "Its numbers")
    : "";
  const list = h("a", { href: `#/petitions/${slug}/lists` }, "Addresses of those who asked for updates");
  return [
    h("h1", {}, "Export the signatures"),
    h("p", { class: "over" }, h("span", {}, `Petition: ${slug}`), numbers, list),
    h("p", { class: "lead" }, INTRODUCTION),
  ];
}

/** @param {ViewContext} context */
export async function showExports({ container, slug, may, signal }) {
  const path = `/petitions/${slug}/exports`;
  const { parts, announceStart, follow } = jobTable({
    path,
    name: "exports",
    caption: "Exports, newest first",
    emptyText: "No export has been requested yet.",
    columns: columnsOf,
  });
  const form = requestForm(slug, (await ask(path)).data, () => announceStart("Requested. It starts within a minute."));
  container.append(...heading(slug, may), ...parts, form);
  form.before(keepTyped(form, path) ?? "");
  await follow(signal);
}
