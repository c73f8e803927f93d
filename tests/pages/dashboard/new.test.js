import assert from "node:assert/strict";
import { test } from "node:test";
import { installBrowser } from "../browser.js";

installBrowser();
const { slugOf } = await import("../../../chalicelib/pages/dashboard/new.js");

test("an address is made from the title: small letters, digits and single hyphens, 60 at most", () => {
  assert.equal(slugOf("Keep trafficked children safe!"), "keep-trafficked-children-safe");
  assert.equal(slugOf("  “Éducation” für 100 % "), "education-fur-100");
  assert.equal(slugOf(`${"a".repeat(59)} b`), "a".repeat(59));
  assert.equal(slugOf("保护儿童"), "");
});
