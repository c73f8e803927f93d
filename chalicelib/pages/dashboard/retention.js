// When personal data must be gone: the months, a dry run, the removal, and the report for the trustees.

import { ask } from "./api.js";
import { askToConfirm, h } from "./dom.js";
import { dateTime, number } from "./format.js";
import { field, sendingForm, submitButton } from "./forms.js";
import { cancelButton, isUnfinished, jobTable, progressBar, stateOf } from "./jobs.js";
import { loadPetitionLink } from "./petition-link.js";
import { refill } from "./refill.js";

/** @import { Findings, RetentionReport, RetentionRequest, ShownRetention } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @import { Acts } from "./jobs.js" */

const INTRODUCTION =
  "Some months after a petition has closed or was handed in, whichever is later, its personal data must be gone. " +
  "From that day on, this site treats it as removed. You then remove it here. The count and its breakdowns stay.";
const REMOVAL =
  "Names, addresses, postcodes and letters of everybody who signed, the files of exports and lists, and what ties " +
  "partners’ receipts to people. This cannot be undone, and the petition can never open again.";

/** @type {[keyof Findings, string][]} */
const FINDINGS = [
  ["signatures", "signatures"],
  ["names", "names"],
  ["addresses", "addresses"],
  ["postcodes", "postcodes"],
  ["letters", "letters"],
  ["receipts", "partners’ receipts"],
  ["list_entries", "people on lists"],
  ["files", "files"],
];

/** @param {RetentionReport} report */
function dueText({ months, due_at: due, is_kept: isKept, emptied_at: emptied }) {
  if (emptied) return `The removal was decided on ${dateTime(emptied)}.`;
  if (!months) return "No months are set for this petition. Set them below.";
  if (!due) return `${months} months after it has ended. It has no end yet.`;
  return isKept ? `Due on ${dateTime(due)}.` : `Due since ${dateTime(due)}. Remove it now.`;
}

/** @param {ShownRetention} job */
function foundText({ found, state }) {
  if (state === "waiting") return "–";
  const some = FINDINGS.filter(([name]) => found[name]);
  return some.map(([name, words]) => `${number(found[name])} ${words}`).join(", ") || "Nothing";
}

/**
 * @param {Acts} acts
 * @returns {import("./dom.js").Column<ShownRetention>[]}
 */
const columnsOf = (acts) => [
  { title: "Started", cell: (job) => dateTime(job.requested_at) },
  { title: "By", cell: (job) => job.requested_by },
  { title: "Kind", cell: (job) => (job.dry_run ? "Count only" : "Removal") },
  { title: "State", cell: (job) => stateOf(job, [progressBar(job.done, job.of)]) },
  { title: "Found", cell: foundText },
  { title: "Signatures emptied", number: true, cell: ({ emptied }) => number(emptied) },
  { title: "Ended", cell: (job) => dateTime(job.ended_at) },
  {
    title: "Change",
    cell: (job) => (isUnfinished(job) ? cancelButton("Cancel", `/retention/${job.id}`, acts) : "–"),
  },
];

/**
 * @param {string} path
 * @param {number | null} months
 * @param {(report: RetentionReport) => void} show
 */
function monthsForm(path, months, show) {
  const input = h("input", { name: "months", type: "number", min: "1", max: "120", value: String(months ?? 24) });
  const save = async () => {
    /** @type {RetentionRequest} */
    const body = { months: input.valueAsNumber };
    show((await ask(path, { method: "PUT", body })).data);
  };
  return sendingForm(save, [
    h("h2", {}, "Months until it is due"),
    field("Months after its closing or hand-in (1 to 120)", input, "The privacy notice on its page says so."),
    submitButton("Save"),
  ]);
}

/** @param {ViewContext} context */
export async function showRetention({ container, slug, may, signal }) {
  const path = `/petitions/${slug}/retention`;
  /** @type {[HTMLElement, { data: RetentionReport }]} */
  const [petitionLink, { data: report }] = await Promise.all([loadPetitionLink(slug, may), ask(path)]);
  const due = h("p", { role: "status" });
  /** @param {RetentionReport} shown */
  const show = (shown) => refill(due, h("strong", {}, dueText(shown)));
  show(report);
  const { parts, announceStart, follow } = jobTable({
    path,
    name: "runs",
    caption: "Report: every run, newest first",
    emptyText: "Nothing was counted or removed yet.",
    columns: columnsOf,
  });
  const count = sendingForm(async () => {
    await ask(`${path}/run?dry_run=true`, { method: "POST" });
    await announceStart("Counting has started. Nothing is removed.");
  }, [h("h2", {}, "Count or remove"), submitButton("Count what would be removed")]);
  const remove = sendingForm(async () => {
    if (!(await askToConfirm("Remove the personal data?", REMOVAL, "Remove", "act-stern"))) return;
    await ask(`${path}/run`, { method: "POST" });
    show((await ask(path)).data);
    await announceStart("The removal has started.");
  }, [submitButton("Remove the personal data")]);
  container.append(
    h("h1", {}, "Personal data"),
    h("p", { class: "over" }, petitionLink),
    h("p", { class: "lead" }, INTRODUCTION),
    due,
    ...parts,
    count,
    remove,
    monthsForm(path, report.months, show),
  );
  await follow(signal);
}
