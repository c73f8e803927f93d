import assert from "node:assert/strict";
import { test } from "node:test";
import { sentence } from "../../../chalicelib/pages/dashboard/freeze.js";

/** @param {number | null} partners */
const sentenceFor = (partners) =>
  sentence({
    slug: "safe-children",
    title: "Keep trafficked children safe",
    charity: "Harbour for Children",
    text_version: "0123456789ab",
    confirmed: 1005,
    as_of: "2026-11-24T12:00:00Z",
    letters: null,
    total: null,
    by_partners: partners,
  });

test("a frozen number says how many were confirmed by email and how many partners sent", () => {
  const [before, after] = ["“Keep trafficked children safe” had 1,005 ", " on 24 November 2026 at 12:00:00 UTC."];
  assert.equal(sentenceFor(null), `${before}confirmed signatures${after}`);
  const both = "signatures (1,001 confirmed by email, 4 sent by partners who checked them)";
  assert.equal(sentenceFor(4), `${before}${both}${after}`);
});
