// Export the signatures: request a file, follow its progress, download it.

import { ask, messageOf, post } from "./api.js";
import { button, h, table } from "./dom.js";
import { dateTime, number } from "./format.js";
import { checkbox, field, sendingForm, submitButton } from "./forms.js";
import { keepFresh } from "./polling.js";
import { refill } from "./refill.js";
import { forget, keepTyped } from "./typed.js";

/** @import { Export, ExportColumn, ExportFormat, Exports } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @typedef {(text: string) => void} Say */

const EVERY_MS = 5_000;
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

/** @type {Record<Export["state"], string>} */
const STATES = {
  waiting: "Waiting to start",
  running: "In progress",
  done: "Ready",
  failed: "Failed",
  cancelled: "Cancelled",
  expired: "Expired and deleted",
};

/**
 * @param {string} slug
 * @param {Exports} choices
 * @param {() => Promise<void>} done
 */
function requestForm(slug, { columns, default_columns: usual, formats }, done) {
  const recipient = h("textarea", { name: "recipient", rows: "3", spellcheck: "false", autocomplete: "off" });
  const options = formats.map((value) => h("option", { value }, FORMAT_NAMES[value]));
  const format = h("select", { name: "format" }, options);
  const checkboxes = columns.map((value) =>
    checkbox(COLUMN_NAMES[value], { name: "columns", value, checked: usual.includes(value) }),
  );
  /** @param {HTMLFormElement} form */
  const request = async (form) => {
    const chosen = new FormData(form).getAll("columns");
    const key = recipient.value.trim() || null;
    const path = `/petitions/${slug}/exports`;
    await post(path, { format: format.value, columns: chosen, recipient: key });
    forget(path);
    await done();
  };
  const hint = "An age key (age1…) or an OpenPGP key. Then only the recipient can read the file.";
  return sendingForm(request, [
    h("h2", {}, "Request an export"),
    h("fieldset", {}, h("legend", {}, "What it contains"), checkboxes),
    field("Format", format),
    field("Public key of the recipient (recommended)", recipient, hint),
    submitButton("Create the file"),
  ]);
}

/** @param {Export} each */
function progress({ state, rows, of, why }) {
  if (state === "failed" && why) return `${STATES.failed}: ${why}`;
  if (state !== "running") return STATES[state];
  const [max, value] = [String(Math.max(of, 1)), String(Math.min(rows, of))];
  const bar = h("progress", { max, value, "aria-label": "Progress of the file" });
  return h("span", {}, `${STATES.running}: ${number(rows)} of ${number(of)} `, bar);
}

/**
 * A link is valid for minutes, so the page asks for it when the button is pressed.
 * @param {string} id
 * @param {"file" | "cover"} what
 * @param {Say} say
 */
async function fetchFile(id, what, say) {
  try {
    location.assign((await ask(`/exports/${id}/${what}`)).data.url);
  } catch (error) {
    say(messageOf(error));
  }
}

/**
 * @param {Say} say
 * @param {(id: string) => Promise<void>} cancel
 * @returns {import("./dom.js").Column<Export>[]}
 */
function columnsOf(say, cancel) {
  /** @param {string} id */
  const downloads = (id) =>
    h(
      "span",
      { class: "acts" },
      button("The file", () => fetchFile(id, "file", say)),
      button("The cover sheet", () => fetchFile(id, "cover", say)),
    );
  /** @param {Export} each */
  const actions = ({ id, state }) => {
    if (state === "done") return downloads(id);
    return state === "waiting" || state === "running" ? button("Cancel the export", () => cancel(id)) : "–";
  };
  return [
    { title: "As of", cell: (each) => dateTime(each.moment) },
    { title: "State", cell: progress },
    { title: "Rows written", number: true, cell: ({ rows }) => number(rows) },
    { title: "Requested by", cell: (each) => each.requested_by },
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
  return [
    h("h1", {}, "Export the signatures"),
    h("p", { class: "over" }, h("span", {}, `Petition: ${slug}`), numbers),
    h("p", { class: "lead" }, INTRODUCTION),
  ];
}

/** @param {ViewContext} context */
export async function showExports({ container, slug, may, signal }) {
  const path = `/petitions/${slug}/exports`;
  const message = h("p", { role: "status" });
  const list = h("div");
  /** @type {Say} */
  const say = (text) => {
    message.textContent = text;
  };
  /** @param {Exports} data */
  const show = ({ exports }) =>
    refill(
      list,
      exports.length
        ? table("Exports, newest first", columnsOf(say, cancel), exports, { keyOf: ({ id }) => id })
        : h("p", {}, "No export has been requested yet."),
    );
  const refresh = () =>
    ask(path)
      .then(({ data }) => show(data))
      .catch((error) => say(messageOf(error)));
  /** @type {(id: string) => Promise<void>} */
  const cancel = (id) =>
    ask(`/exports/${id}`, { method: "DELETE" })
      .then(refresh)
      .catch((error) => say(messageOf(error)));

  /** @type {Exports} */
  const choices = (await ask(path)).data;
  const form = requestForm(slug, choices, refresh);
  container.append(...heading(slug, may), message, list, form);
  form.before(keepTyped(form, path) ?? "");
  show(choices);
  await keepFresh(refresh, signal, EVERY_MS);
}
