import assert from "node:assert/strict";
import { test } from "node:test";
import { installBrowser } from "../browser.js";

installBrowser();
const { h } = await import("../../../chalicelib/pages/dashboard/dom.js");
const { field } = await import("../../../chalicelib/pages/dashboard/forms.js");

test("a field with a format has its hint as its title, which browsers show with their error", () => {
  const source = h("input", { name: "source", pattern: "partner-[a-z]+" });
  field("Source", source, "Begin with partner-.");
  assert.equal(source.attributes.title, "Begin with partner-.");
});

test("a field without a format has no title, because its hint says the same", () => {
  const name = h("input", { name: "name" });
  field("Name", name, "As on its site.");
  assert.equal(name.attributes.title, undefined);
});
