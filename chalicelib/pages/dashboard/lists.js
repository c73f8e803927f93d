// The addresses of those who asked for updates, for charities that send from another system: request and download it.

import { post } from "./api.js";
import { button, h } from "./dom.js";
import { dateTime, number } from "./format.js";
import { sendingForm, submitButton } from "./forms.js";
import { cancelButton, FILE_STATES, isUnfinished, jobTable, stateOf } from "./jobs.js";
import { loadPetitionLink } from "./petition-link.js";
import { lockFields, lockIn, openerColumn, showPassphrase } from "./recipient.js";
import { forget, keepTyped } from "./typed.js";

/** @import { ListRequest, ShownList } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @import { Acts } from "./jobs.js" */

const INTRODUCTION =
  "For charities that send updates from another system: names and email addresses of everybody who confirmed and " +
  "asked for updates. The file is always locked. It is deleted after seven days, and each download is recorded.";
const UNSUBSCRIBED =
  "Before each mailing from the other system, request a new list, and remove there everybody with the status " +
  "“unsubscribed”: people who were on an earlier list and have left since.";

/** @param {ShownList} list */
const progress = (list) => stateOf(list, [`${number(list.subscribed)} people so far`], FILE_STATES);

/**
 * @param {Acts} acts
 * @returns {import("./dom.js").Column<ShownList>[]}
 */
function columnsOf(acts) {
  /** @param {ShownList} list */
  const actions = (list) => {
    const path = `/lists/${list.id}`;
    if (isUnfinished(list)) return cancelButton("Cancel the list", path, acts);
    return list.state === "done" ? button("The file", () => acts.download(`${path}/file`)) : "–";
  };
  return [
    { title: "Requested", cell: (list) => dateTime(list.requested_at) },
    { title: "State", cell: progress },
    { title: "Get updates", number: true, cell: ({ subscribed }) => number(subscribed) },
    { title: "Left since", number: true, cell: ({ unsubscribed }) => number(unsubscribed) },
    { title: "Requested by", cell: (list) => list.requested_by },
    openerColumn,
    { title: "Download", cell: actions },
    { title: "Digest (SHA-256)", cell: ({ sha256 }) => (sha256 ? h("code", {}, sha256) : "–") },
  ];
}

/**
 * @param {string} path
 * @param {() => Promise<void>} done
 */
function requestForm(path, done) {
  /** @param {HTMLFormElement} form */
  const request = async (form) => {
    /** @type {ListRequest} */
    const body = lockIn(form);
    const requested = await post(path, body);
    forget(path);
    await showPassphrase(requested);
    await done();
  };
  return sendingForm(request, [h("h2", {}, "Request a list"), lockFields(false), submitButton("Create the list")]);
}

/** @param {ViewContext} context */
export async function showLists({ container, slug, may, signal }) {
  const petitionLink = await loadPetitionLink(slug, may);
  const path = `/petitions/${slug}/lists`;
  const { parts, announceStart, follow } = jobTable({
    path,
    name: "lists",
    caption: "Lists, newest first",
    emptyText: "No list has been requested yet.",
    columns: columnsOf,
  });
  const form = requestForm(path, () => announceStart("Requested. It starts within a minute."));
  container.append(
    h("h1", {}, "Addresses of those who asked for updates"),
    h("p", { class: "over" }, petitionLink),
    h("p", { class: "lead" }, INTRODUCTION),
    h("p", {}, UNSUBSCRIBED),
    ...parts,
    form,
  );
  form.before(keepTyped(form, path) ?? "");
  await follow(signal);
}
