// One petition: its number, where the signatures came from, and a statement for the press.

import { isRefusal, revalidate, site } from "./api.js";
import { breakdownSection } from "./bars.js";
import { constituencySection } from "./constituencies.js";
import { copyButton } from "./copy.js";
import { button, h } from "./dom.js";
import { countOfPeople, country, number, signatureWords, source } from "./format.js";
import { freeze } from "./freeze.js";
import { funnel } from "./funnel.js";
import { badge, petitionLinks } from "./overview.js";
import { keepFresh } from "./polling.js";
import { progressSection } from "./progress.js";
import { refill } from "./refill.js";
import { spreadsheet } from "./spreadsheet.js";
import { freshness, healthSection } from "./status.js";
import { timeline } from "./timeline.js";

/** @import { Funnel, StaffCounts, StaffPetition } from "#api" */
/** @import { Answer } from "./api.js" */
/** @import { ViewContext } from "./app.js" */
/** @typedef {ReturnType<typeof createParts>} Parts */
/** @typedef {Awaited<ReturnType<typeof loadNumbers>>} Numbers */

const ANNOUNCE_EVERY_MS = 60_000;

/** Announce a changed number to screen readers, at most once a minute. */
function announcer() {
  const region = h("p", { class: "unseen", role: "status" });
  /** @type {{ count: number, at: number } | null} */
  let last = null;
  /** @param {number} count */
  const announce = (count) => {
    if (last && (last.count === count || Date.now() - last.at < ANNOUNCE_EVERY_MS)) return;
    if (last) region.textContent = `${countOfPeople(count)} have confirmed.`;
    last = { count, at: Date.now() };
  };
  return { region, announce };
}

export function bigNumber() {
  const figure = h("strong", { class: "figure", "data-confirmed": "" }, "…");
  const word = h("span", { class: "figure-word" }, signatureWords(0));
  const note = h("span");
  const { region, announce } = announcer();
  const element = h("div", { class: "big" }, h("p", {}, figure, word), h("p", { class: "small" }, note), region);
  /** @param {StaffCounts} counts */
  const fill = ({ confirmed, pending }) => {
    figure.textContent = number(confirmed);
    word.textContent = signatureWords(confirmed);
    note.textContent = `Signed but not confirmed yet: ${number(pending)}. These are not included in the total.`;
    announce(confirmed);
  };
  return { element, fill };
}

/**
 * The answer, or null if this site has no funnel or the token may not read it. The page then shows the rest.
 * @param {Promise<Answer<Funnel>>} answer
 */
const answerOrNull = (answer) =>
  answer.catch((error) => {
    if (isRefusal(error, 403, 404)) return null;
    throw error;
  });

/**
 * Load the counts and the funnel. All breakdowns come in one answer, so they add up to the same number.
 * @param {string} slug
 */
async function loadNumbers(slug) {
  /** @type {[Answer<StaffCounts>, Answer<Funnel> | null]} */
  const [counts, stages] = await Promise.all([
    revalidate(`/petitions/${slug}/counts?by=all`),
    answerOrNull(revalidate(`/petitions/${slug}/funnel?by=day`)),
  ]);
  return { counts, stages };
}

/** @param {StaffPetition} petition */
const createParts = (petition) => ({
  big: bigNumber(),
  progress: progressSection(petition),
  timeline: timeline(),
  stages: funnel(),
  countries: breakdownSection("Countries", "Country", country),
  sources: breakdownSection("Where people came from", "Source", source),
  areas: breakdownSection("Postcode areas", "Area", (key) => key),
});

/**
 * @param {Parts} parts
 * @param {Numbers} numbers
 */
async function fill(parts, { counts: { data, at }, stages }) {
  const {
    hour = [],
    day = [],
    country: countries = [],
    source: sources = [],
    "postcode-area": areas = [],
  } = data.breakdowns ?? {};
  parts.big.fill(data);
  parts.sources.fill(sources, data.confirmed);
  parts.countries.fill(countries, data.confirmed);
  parts.areas.fill(areas, data.confirmed);
  const now = at.getTime();
  parts.progress.fill({ confirmed: data.confirmed, days: day, hours: hour, now });
  parts.stages.fill(stages?.data, data);
  await parts.timeline.fill({ hour, day, now });
}

/**
 * @param {StaffPetition} petition
 * @param {ViewContext["may"]} may
 */
function heading(petition, may) {
  const { slug, title, state } = petition;
  const address = `${site()}/petitions/${slug}`;
  const publicPage =
    state === "open"
      ? [
          h("a", { href: address }, "Public page"),
          h("a", { href: `${address}/screen` }, "Counter for a screen"),
          copyButton("Copy its link", new URL(address, location.href).href),
        ]
      : [];
  const links = h("span", { class: "ways" }, petitionLinks(slug, may), publicPage);
  return [h("p", { class: "over" }, badge(petition), links), h("h1", {}, title)];
}

/**
 * @param {Parts} parts
 * @param {HTMLElement} freshLine
 * @param {string} slug
 */
const numberCard = (parts, freshLine, slug) =>
  h(
    "div",
    { class: "hero-numbers card" },
    parts.big.element,
    freshLine,
    h(
      "p",
      { class: "acts" },
      button("Freeze this number for the press", () => freeze(slug), { class: "button" }),
      button("Print this page", () => window.print()),
    ),
  );

/** @param {ViewContext} context */
export async function showNumbers({ container, slug, may, signal }) {
  /** @type {StaffPetition[]} */
  const petitions = (await revalidate("/petitions")).data.petitions;
  const petition = petitions.find((each) => each.slug === slug);
  if (!petition) throw new Error("There is no petition of this name.");
  const parts = createParts(petition);
  const fresh = freshness();
  const health = h("div");
  const refresh = () =>
    fresh.track(async () => {
      const [numbers, sections] = await Promise.all([loadNumbers(slug), healthSection()]);
      refill(health, ...sections);
      await fill(parts, numbers);
      return numbers.counts.at;
    });
  container.append(
    ...heading(petition, may),
    numberCard(parts, fresh.line, slug),
    health,
    parts.progress.section,
    parts.timeline.section,
    h("div", { class: "side-by-side" }, parts.stages.section, parts.sources.section, parts.countries.section),
    h("div", { class: "side-by-side" }, constituencySection(slug), parts.areas.section),
    spreadsheet(slug),
  );
  // Print the table too, even if it is closed on the page.
  window.addEventListener("beforeprint", parts.timeline.open, { signal });
  await keepFresh(refresh, signal);
}
