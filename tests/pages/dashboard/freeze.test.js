import assert from "node:assert/strict";
import { test } from "node:test";
import { counted } from "../../../chalicelib/pages/dashboard/freeze.js";

/** @param {number | null} partners */
const said = (partners) =>
  counted({
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
  assert.equal(said(null), "It includes only confirmed signatures. Withdrawn ones are not included.");
  const both = "1,001 confirmed by email; 4 were sent by partners who checked them. Withdrawn ones are not included.";
  assert.equal(said(4), both);
});
