import assert from "node:assert/strict";
import { test } from "node:test";
import { factText, queryOf } from "../../../chalicelib/pages/dashboard/audit.js";
import { nameSources } from "../../../chalicelib/pages/dashboard/format.js";

test("the activity log of an earlier time can be read: without a date, the API returns 90 days", () => {
  const first = queryOf({ actor: "", from: "2026-01-31", after: "" });
  assert.equal(`${first}`, "from=2026-01-31");
  const next = queryOf({ actor: "Bob", from: "2026-01-31", after: "2026-05-02T10:00:00+00:00#1234abcd" });
  assert.equal(next.get("from"), "2026-01-31");
  assert.equal(next.get("after"), "2026-05-02T10:00:00+00:00#1234abcd");
  assert.equal(`${queryOf({ actor: "", from: "", after: "" })}`, "");
});

test("sources are named", () => {
  nameSources([{ source: "partner-oak", name: "Oak Alliance" }]);
  assert.equal(factText({ name: "Partner", value: "partner-oak" }), "Partner: Oak Alliance");
  assert.equal(factText({ name: "Source", value: "shared-copy" }), "Source: Copied link");
  assert.equal(factText({ name: "Number", value: "partner-oak" }), "Number: partner-oak");
});
