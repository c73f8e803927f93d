// One petition on one page: the number, how it came about, and what to say of it.

import { Refused, site, watch } from "./api.js";
import { manyBars } from "./bars.js";
import { button, h } from "./dom.js";
import { freeze } from "./freeze.js";
import { freshness, healthOf } from "./fresh.js";
import { funnel } from "./funnel.js";
import { keepFresh } from "./live.js";
import { badge } from "./overview.js";
import { spreadsheet } from "./spreadsheet.js";
import { HOURS_BACK_DAYS, timeline } from "./timeline.js";
import { country, number, people, signatures, source } from "./words.js";

const NEWS_EVERY_MS = 60_000;

// Heard at most once a minute, and only when it has changed: every refresh would be a chatterbox.
function teller() {
  const region = h("p", { class: "unseen", role: "status" });
  let told = null;
  const tell = (count) => {
    if (told && (told.count === count || Date.now() - told.at < NEWS_EVERY_MS)) return;
    if (told) region.textContent = `${people(count)} have confirmed.`;
    told = { count, at: Date.now() };
  };
  return { region, tell };
}

function bigNumber() {
  const figure = h("strong", { class: "figure", "data-confirmed": "" }, "…");
  const word = h("span", { class: "figure-word" }, signatures(0));
  const pending = h("span");
  const news = teller();
  const element = h(
    "div",
    { class: "big" },
    h("p", {}, figure, word),
    h("p", { class: "small" }, pending),
    news.region,
  );
  const fill = ({ confirmed, pending: waiting }) => {
    figure.textContent = number(confirmed);
    word.textContent = signatures(confirmed);
    pending.textContent = `${number(waiting)} more have signed and not confirmed from their mailbox. Do not add them.`;
    news.tell(confirmed);
  };
  return { element, fill };
}

const since = () => new Date(Date.now() - (HOURS_BACK_DAYS - 1) * 86_400_000).toISOString().slice(0, 10);

// Part of what is shown may not be open here yet, or not to this token: the rest is.
const optional = (asked) =>
  asked.catch((error) => {
    if (error instanceof Refused && [403, 404].includes(error.status)) return null;
    throw error;
  });

async function news(slug) {
  const counts = `/petitions/${slug}/counts`;
  const [days, hours, countries, sources, stages] = await Promise.all([
    watch(`${counts}?by=day`),
    watch(`${counts}?by=hour&from=${since()}`),
    watch(`${counts}?by=country`),
    watch(`${counts}?by=source`),
    optional(watch(`/petitions/${slug}/funnel?by=day`)),
  ]);
  return { days, hours, countries, sources, stages };
}

function head({ slug, title, state }, may) {
  const links = [
    may("manage") ? h("a", { href: `#/petitions/${slug}/edit` }, "Edit, open, close") : null,
    may("export") ? h("a", { href: `#/petitions/${slug}/exports` }, "Hand over") : null,
    state === "open" ? h("a", { href: `${site}/petitions/${slug}` }, "The public page") : null,
  ];
  return [h("p", { class: "over" }, badge(state), h("span", { class: "ways" }, links)), h("h1", {}, title)];
}

export async function showNumbers({ room, slug, may, signal }) {
  const { data } = await watch("/petitions");
  const petition = data.petitions.find((one) => one.slug === slug);
  if (!petition) throw new Error("There is no petition of this name.");
  const parts = {
    big: bigNumber(),
    line: timeline(),
    stages: funnel(),
    countries: manyBars("Countries", "Country", country),
    sources: manyBars("Where people came from", "Source", source),
  };
  const fresh = freshness();
  const health = h("div");
  const refresh = () =>
    fresh.during(async () => {
      const [found, well] = await Promise.all([news(slug), healthOf()]);
      health.replaceChildren(...well);
      await fill(parts, found);
      return found.days.at;
    });
  room.append(
    ...head(petition, may),
    h(
      "div",
      { class: "hero-numbers card" },
      parts.big.element,
      fresh.line,
      h(
        "p",
        { class: "acts" },
        button("Freeze this number for the press", () => freeze(slug), { class: "button" }),
        button("Print this page", () => window.print()),
      ),
    ),
    health,
    parts.line.section,
    h("div", { class: "side-by-side" }, parts.stages.section, parts.sources.section, parts.countries.section),
    spreadsheet(slug),
  );
  // Paper cannot be unfolded.
  window.addEventListener("beforeprint", parts.line.open, { signal });
  await keepFresh(refresh, signal);
}

async function fill(parts, { days, hours, countries, sources, stages }) {
  parts.big.fill(days.data);
  parts.sources.fill(sources.data.breakdown, sources.data.confirmed);
  parts.countries.fill(countries.data.breakdown, countries.data.confirmed);
  parts.stages.fill(stages?.data);
  await parts.line.fill({ hour: hours.data.breakdown, day: days.data.breakdown, now: days.at.getTime() });
}
