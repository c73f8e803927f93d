import assert from "node:assert/strict";
import { test } from "node:test";
import { installBrowser } from "../browser.js";

installBrowser();
const { climbing, passedMilestone } = await import("../../../chalicelib/pages/assets/screen.js");

test("the highest milestone that has passed is named, once", () => {
  const milestones = [1_000, 5_000, 10_000];
  assert.equal(passedMilestone(milestones, 999, 1_000), 1_000);
  assert.equal(passedMilestone(milestones, 999, 5_001), 5_000);
  assert.equal(passedMilestone(milestones, 1_000, 1_001), undefined);
  assert.equal(passedMilestone(milestones, 1_000, 900), undefined);
  assert.equal(passedMilestone(milestones, 10_000, 20_000), undefined);
});

test("the number climbs to the exact count", () => {
  assert.deepEqual(
    [-16, 0, 1_500, 2_000].map((elapsed) => climbing(10, 110, elapsed)),
    [10, 10, 110, 110],
  );
  const halfway = climbing(10, 110, 750);
  assert.ok(halfway > 60 && halfway < 110);
});
