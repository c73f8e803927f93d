// Which petition a page is about: its title, as a link to its numbers.

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
 * The same for a page that does not have the petition. A token that must not read it shows its name in addresses.
 * @param {string} slug
 * @param {ViewContext["may"]} may
 */
export async function linkToPetition(slug, may) {
  const isReadable = may("GET /api/staff/petitions/*");
  return petitionLink(isReadable ? (await ask(`/petitions/${slug}`)).data : { slug, title: slug }, may);
}
