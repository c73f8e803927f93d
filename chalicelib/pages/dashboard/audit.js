// The activity log: what staff did, newest first. It can be read and never changed.

import { ask } from "./api.js";
import { button, h, table } from "./dom.js";
import { exactTime } from "./format.js";
import { field } from "./forms.js";

/** @import { AuditEntry, AuditPage } from "#api" */
/** @import { ViewContext } from "./app.js" */

// The API refuses earlier days.
const FIRST_DAY = "2020-01-01";

/**
 * What was done. If it was refused, also why.
 * @param {AuditEntry} entry
 */
export const whatText = ({ description, refused }) => (refused ? `${description}: refused. ${refused}` : description);

/** @param {AuditEntry["facts"]} facts */
const factList = (facts) =>
  h(
    "ul",
    { class: "log-facts" },
    facts.map(({ name, value }) => h("li", {}, `${name}: ${value}`)),
  );

/** @type {import("./dom.js").Column<AuditEntry>[]} */
const COLUMNS = [
  { title: "When", cell: ({ at }) => exactTime(at) },
  { title: "Who", cell: ({ owner }) => owner },
  { title: "What", cell: whatText },
  { title: "Details", cell: ({ facts }) => factList(facts) },
  { title: "Internet address", cell: (entry) => entry.source_ip || "–" },
];

/**
 * The query without the fields that are empty.
 * @param {Record<string, string>} fields
 */
export const queryOf = (fields) => new URLSearchParams(Object.entries(fields).filter(([, value]) => value));

/** @param {ViewContext} context */
export async function showAudit({ container }) {
  const list = h("div");
  const actor = h("input", { name: "actor" });
  const since = h("input", { name: "from", type: "date", min: FIRST_DAY });
  /** @type {AuditEntry[]} */
  let entries = [];

  /** @param {string} [after] `next` of the previous page; without it, fetch the first page */
  const fetchPage = async (after) => {
    const query = queryOf({ actor: actor.value.trim(), from: since.value, after: after ?? "" });
    /** @type {AuditPage} */
    const page = (await ask(`/audit?${query}`)).data;
    entries = [...(after ? entries : []), ...page.entries];
    list.replaceChildren(
      entries.length
        ? table("Activity, latest first", COLUMNS, entries)
        : h("p", {}, "No activity was recorded in this time."),
      page.next ? button("Show older activity", () => fetchPage(page.next)) : "",
    );
  };
  /** @param {SubmitEvent} event */
  const onsubmit = (event) => {
    event.preventDefault();
    return fetchPage();
  };

  await fetchPage();
  const form = h(
    "form",
    { class: "card", onsubmit },
    field("Only activity of (optional)", actor, "A name as it appears under “Who”."),
    field("Since (optional)", since, "Without a date, the list begins 90 days ago."),
    h("p", { class: "acts" }, h("button", { class: "act" }, "Show")),
  );
  container.append(h("h1", {}, "Activity log"), form, list);
}
