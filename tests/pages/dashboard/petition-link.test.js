import assert from "node:assert/strict";
import { test } from "node:test";
import { installBrowser } from "../browser.js";

installBrowser();
const { petitionLink } = await import("../../../chalicelib/pages/dashboard/petition-link.js");

const TREES = { slug: "trees", title: "Plant trees" };
const linksOf = (element) =>
  [...element.all()].filter(({ tag }) => tag === "a").map(({ attributes }) => attributes.href);

test("a page shows the title of its petition and links to the petition's numbers", () => {
  const shown = petitionLink(TREES, () => true);
  assert.equal(shown.textContent, "Petition:  Plant trees");
  assert.deepEqual(linksOf(shown), ["#/petitions/trees"]);
});

test("without the right to see the numbers there is no link to them", () => {
  assert.deepEqual(linksOf(petitionLink(TREES, () => false)), []);
});
