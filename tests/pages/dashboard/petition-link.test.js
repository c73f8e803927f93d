import assert from "node:assert/strict";
import { test } from "node:test";
import { installBrowser } from "../browser.js";

installBrowser();
const { petitionLink } = await import("../../../chalicelib/pages/dashboard/petition-link.js");

const TREES = { slug: "trees", title: "Plant trees" };
const linksOf = (element) =>
  [...element.all()].filter(({ tag }) => tag === "a").map(({ attributes }) => attributes.href);

test("a page says by its title which petition it is about, and links to its numbers", () => {
  const shown = petitionLink(TREES, () => true);
  assert.equal(shown.textContent, "Petition:  Plant trees");
  assert.deepEqual(linksOf(shown), ["#/petitions/trees"]);
});

test("nobody gets a link to numbers that they must not see", () => {
  assert.deepEqual(linksOf(petitionLink(TREES, () => false)), []);
});
