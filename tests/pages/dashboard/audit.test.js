import assert from "node:assert/strict";
import { test } from "node:test";
import { queryOf } from "../../../chalicelib/pages/dashboard/audit.js";

test("the activity log of an earlier time can be read: without a date, the API returns 90 days", () => {
  const first = queryOf({ actor: "", from: "2026-01-31", after: "" });
  assert.equal(`${first}`, "from=2026-01-31");
  const next = queryOf({ actor: "Bob", from: "2026-01-31", after: "2026-05-02T10:00:00+00:00#1234abcd" });
  assert.equal(next.get("from"), "2026-01-31");
  assert.equal(next.get("after"), "2026-05-02T10:00:00+00:00#1234abcd");
  assert.equal(`${queryOf({ actor: "", from: "", after: "" })}`, "");
});
