// Every petition with its number, and the health of the site.

import { revalidate } from "./api.js";
import { h, table } from "./dom.js";
import { number, plannedTime } from "./format.js";
import { field } from "./forms.js";
import { keepFresh } from "./polling.js";
import { refill } from "./refill.js";
import { spark } from "./spark.js";
import { freshness, healthSection } from "./status.js";

/** @import { PetitionState, StaffPetition } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @typedef {ViewContext["may"]} May */

/** @type {Record<PetitionState, string>} */
const STATES = { draft: "Draft", open: "Open", paused: "Paused", closed: "Closed", removed: "Removed" };

/** The pages of a petition: the route that the page needs, the end of its address, and its name. */
const PETITION_PAGES = /** @type {const} */ ([
  ["PUT /api/staff/petitions/*", "edit", "Edit"],
  ["GET /api/staff/petitions/*", "share", "Share"],
  ["POST /api/staff/petitions/*/exports", "exports", "Export"],
  ["POST /api/staff/petitions/*/updates", "updates", "Updates"],
  ["POST /api/staff/petitions/*/reminders", "reminders", "Remind"],
  ["GET /api/staff/petitions/*/letters", "letters", "Letters"],
  ["POST /api/staff/petitions/*/figures", "elsewhere", "Elsewhere"],
  ["POST /api/staff/petitions/*/imports", "imports", "Import"],
  ["POST /api/staff/petitions/*/removals", "removals", "Not genuine"],
]);

/** @param {May} may */
const allowedPages = (may) => PETITION_PAGES.filter(([route]) => may(route));

/** @param {{ state: PetitionState, scheduled_opening: string | null }} petition */
export const badge = ({ state, scheduled_opening: opens }) =>
  h("span", { class: `badge badge-${state}` }, opens ? `Opens ${plannedTime(opens)}` : STATES[state]);

/**
 * Links to the pages of a petition that the token allows.
 * @param {string} slug
 * @param {May} may
 */
export const petitionLinks = (slug, may) =>
  allowedPages(may).map(([, end, name]) => h("a", { href: `#/petitions/${slug}/${end}` }, name));

/**
 * @param {May} may
 * @returns {import("./dom.js").Column<StaffPetition>[]}
 */
function columns(may) {
  /** @type {import("./dom.js").Column<StaffPetition>} */
  const links = { title: "More", cell: ({ slug }) => h("span", { class: "ways" }, petitionLinks(slug, may)) };
  return [
    { title: "Petition", cell: ({ slug, title }) => h("a", { href: `#/petitions/${slug}` }, title) },
    { title: "Confirmed", number: true, cell: ({ confirmed }) => h("strong", {}, number(confirmed)) },
    { title: "Last 14 days", cell: ({ last_days: lastDays }) => spark(lastDays) },
    { title: "State", cell: badge },
    { title: "Not confirmed yet", number: true, cell: ({ pending }) => number(pending) },
    ...(allowedPages(may).length ? [links] : []),
  ];
}

/**
 * A token that cannot read counts gets no list. Its owner types the name of the petition.
 * @param {May} may
 */
function petitionByName(may) {
  const slug = h("input", { name: "slug", pattern: "[a-z0-9\\-]+", required: true });
  /** @param {SubmitEvent} event */
  const onsubmit = (event) => {
    const pressedButton = /** @type {HTMLButtonElement} */ (event.submitter);
    event.preventDefault();
    location.hash = `#/petitions/${slug.value.trim()}/${pressedButton.value}`;
  };
  const buttons = allowedPages(may).map(([, value, name]) => h("button", { class: "act", value }, name));
  const hint = "The last part of its address, such as support-trafficked-children.";
  return h(
    "div",
    { class: "card" },
    h("h1", {}, "Petitions"),
    h("p", {}, "Your token does not have the right “counts”, so there is no list here."),
    h("form", { onsubmit }, field("Which petition?", slug, hint), h("p", { class: "acts" }, buttons)),
  );
}

/** @param {ViewContext} context */
export async function showOverview({ container, may, signal }) {
  if (!may("GET /api/staff/petitions")) {
    container.append(petitionByName(may));
    return;
  }
  const list = h("div");
  const fresh = freshness();
  const health = h("div");
  const refresh = () =>
    fresh.track(async () => {
      const [{ data, at }, sections] = await Promise.all([revalidate("/petitions"), healthSection()]);
      refill(health, ...sections);
      refill(
        list,
        table("All petitions", columns(may), data.petitions, { hideCaption: true, keyOf: ({ slug }) => slug }),
      );
      return at;
    });
  container.append(h("h1", {}, "Petitions"), health, fresh.line, list);
  await keepFresh(refresh, signal);
}
