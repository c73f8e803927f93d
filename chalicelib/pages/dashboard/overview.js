// Every petition with its number, and how the site is.

import { watch } from "./api.js";
import { field, h, table } from "./dom.js";
import { freshness, healthOf } from "./fresh.js";
import { keepFresh } from "./live.js";
import { number } from "./words.js";

const STATES = { draft: "Draft", open: "Open", paused: "Paused", closed: "Closed", removed: "Removed" };
export const badge = (state) => h("span", { class: `badge badge-${state}` }, STATES[state] ?? state);

function columns(may) {
  const ways = (slug) => [
    may("manage") ? h("a", { href: `#/petitions/${slug}/edit` }, "Edit") : null,
    may("export") ? h("a", { href: `#/petitions/${slug}/exports` }, "Hand over") : null,
  ];
  return [
    { title: "Petition", cell: ({ slug, title }) => h("a", { href: `#/petitions/${slug}` }, title) },
    { title: "Confirmed", number: true, cell: ({ confirmed }) => h("strong", {}, number(confirmed)) },
    { title: "State", cell: ({ state }) => badge(state) },
    { title: "Waiting for their mail", number: true, cell: ({ pending }) => number(pending) },
    ...(may("manage") || may("export")
      ? [{ title: "More", cell: ({ slug }) => h("span", { class: "ways" }, ways(slug)) }]
      : []),
  ];
}

// Who may not read counts cannot see the list, and says which petition is meant.
function bySlug(may) {
  const slug = h("input", { name: "slug", pattern: "[a-z0-9\\-]+", required: true });
  const go = (event) => {
    event.preventDefault();
    location.hash = `#/petitions/${slug.value.trim()}/${event.submitter.value}`;
  };
  return h(
    "div",
    { class: "card" },
    h("h1", {}, "Petitions"),
    h("p", {}, "Your token does not have the right “counts”, so there is no list here."),
    h(
      "form",
      { onsubmit: go },
      field("Which petition?", slug, "The last part of its address, such as support-trafficked-children."),
      h(
        "p",
        { class: "acts" },
        may("manage") ? h("button", { class: "act", value: "edit" }, "Edit") : null,
        may("export") ? h("button", { class: "act", value: "exports" }, "Hand over") : null,
      ),
    ),
  );
}

export async function showOverview({ room, may, signal }) {
  if (!may("counts")) return void room.append(bySlug(may));
  const list = h("div");
  const fresh = freshness();
  const health = h("div");
  const refresh = async () => {
    await fresh.during(async () => {
      const [{ data, at }, well] = await Promise.all([watch("/petitions"), healthOf()]);
      health.replaceChildren(...well);
      list.replaceChildren(table("All petitions", columns(may), data.petitions, { headed: true }));
      return at;
    });
  };
  room.append(h("h1", {}, "Petitions"), health, fresh.line, list);
  await keepFresh(refresh, signal);
}
