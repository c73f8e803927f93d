// A table whose rows have bars: the picture and its numbers are the same thing.

import { button, h, table } from "./dom.js";
import { number, share } from "./words.js";

const SHOWN = 10;

function bar(value, most) {
  const inner = h("span", { class: "bar" });
  // By the object model: the site's policy lets no style attribute in.
  inner.style.inlineSize = `${most > 0 ? Math.max(0, (100 * value) / most) : 0}%`;
  return h("span", { class: "bar-room", "aria-hidden": "true" }, inner);
}

// `rows`: [{name, value}]; `all`: what a share is of.
export function bars(caption, what, rows, all) {
  const most = Math.max(...rows.map(({ value }) => value), 0);
  return table(
    caption,
    [
      { title: what, cell: ({ name, value }) => h("span", { class: "bar-name" }, name, bar(value, most)) },
      { title: "Number", number: true, cell: ({ value }) => number(value) },
      { title: "Share", number: true, cell: ({ value }) => share(value, all) },
    ],
    rows,
    { headed: true },
  );
}

// The largest ten, and the rest when asked for; a refresh keeps what was chosen.
export function manyBars(title, what, words) {
  let everything = false;
  const room = h("div");
  const section = h("section", { class: "card" }, h("h2", {}, title), room);
  const fill = (breakdown, all) => {
    const rows = breakdown
      .map(({ key, confirmed }) => ({ name: words(key), value: confirmed }))
      .sort((a, b) => b.value - a.value);
    const some = everything ? rows : rows.slice(0, SHOWN);
    const more = button(everything ? "Show the largest only" : `Show all ${rows.length}`, () => {
      everything = !everything;
      fill(breakdown, all);
    });
    room.replaceChildren(
      rows.length ? bars(title, what, some, all) : h("p", { class: "small" }, "Nothing yet."),
      rows.length > SHOWN ? more : "",
    );
  };
  return { section, fill };
}
