// The activity log: what staff did, newest first. It can be read and never changed.

import { ask } from "./api.js";
import { button, h, table } from "./dom.js";
import { exactTime, source } from "./format.js";
import { field } from "./forms.js";

/** @import { AuditEntry, AuditPage, StaffPetitions } from "#api" */
/** @import { ViewContext } from "./app.js" */

// The API refuses earlier days.
const FIRST_DAY = "2020-01-01";

/**
 * What was done. If it was refused, also why.
 * @param {AuditEntry} entry
 */
export const whatText = ({ description, refused }) => (refused ? `${description}: refused. ${refused}` : description);

/**
 * A petition by its title and a partner by its name, if the user may know them.
 * @type {Map<string, string>} by slug
 */
const titles = new Map();

/** @param {AuditEntry["facts"][number]} fact */
export function factText({ name, value }) {
  if (name === "Petition") return `${name}: ${titles.get(value) ?? value}`;
  return `${name}: ${name === "Source" || name === "Partner" ? source(value) : value}`;
}

/** @param {AuditEntry["facts"]} facts */
const factList = (facts) =>
  h(
    "ul",
    { class: "log-facts" },
    facts.map((fact) => h("li", {}, factText(fact))),
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
export async function showAudit({ container, may }) {
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

  if (may("GET /api/staff/petitions")) {
    /** @type {StaffPetitions} */
    const { petitions } = (await ask("/petitions")).data;
    for (const { slug, title } of petitions) titles.set(slug, title);
  }
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
