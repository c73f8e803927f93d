import assert from "node:assert/strict";
import { test } from "node:test";
import { FILE_STATES, isUnfinished, stateOf } from "../../../chalicelib/pages/dashboard/jobs.js";
import "../fresh.js";

test("a job shows its state in words, why it failed, and its progress", () => {
  assert.equal(stateOf({ state: "waiting" }, ["5 of 9"]), "Waiting to start");
  assert.equal(stateOf({ state: "failed", why: "The key is invalid" }, []), "Failed: The key is invalid");
  assert.equal(stateOf({ state: "running" }, ["5 of 9"]).textContent, "In progress:  5 of 9");
  assert.match(stateOf({ state: "retrying" }, ["5 of 9"]), /waits for a retry/);
  assert.equal(stateOf({ state: "done" }, [], FILE_STATES), "Ready");
  assert.deepEqual(
    ["waiting", "running", "retrying", "done", "failed", "cancelled", "expired"].filter((state) =>
      isUnfinished({ state }),
    ),
    ["waiting", "running", "retrying"],
  );
});
