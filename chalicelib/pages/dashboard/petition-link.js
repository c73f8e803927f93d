// The line that says which petition a page is about: its title, as a link to its numbers.

import { ask } from "./api.js";
import { h } from "./dom.js";

/** @import { ViewContext } from "./app.js" */

/**
 * @param {{ slug: string, title: string }} petition
 * @param {ViewContext["may"]} may
 */
export const petitionLink = ({ slug, title }, may) =>
  h(
    "span",
    {},
    "Petition: ",
    may("GET /api/staff/petitions/*/counts") ? h("a", { href: `#/petitions/${slug}` }, title) : title,
  );

/**
 * The same for a page that has only the slug. If the token must not read the petition, the text is the slug.
 * @param {string} slug
 * @param {ViewContext["may"]} may
 */
export async function loadPetitionLink(slug, may) {
  const isReadable = may("GET /api/staff/petitions/*");
  return petitionLink(isReadable ? (await ask(`/petitions/${slug}`)).data : { slug, title: slug }, may);
}
