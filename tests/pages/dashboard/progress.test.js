import assert from "node:assert/strict";
import { test } from "node:test";
import { middleOf, shadeOf, valuesOn } from "../../../chalicelib/pages/dashboard/constituencies.js";
import { funnel, leftText } from "../../../chalicelib/pages/dashboard/funnel.js";
import { bigNumber } from "../../../chalicelib/pages/dashboard/numbers.js";
import { goalText, passedMilestones, periods } from "../../../chalicelib/pages/dashboard/progress.js";
import { sparkPoints } from "../../../chalicelib/pages/dashboard/spark.js";
import "../fresh.js";

const rows = (numbers) => Object.entries(numbers).map(([key, confirmed]) => ({ key, confirmed }));
const DAYS = rows({ "2026-11-22": 7, "2026-11-23": 20, "2026-11-24": -3, "2026-11-25": 5 });
const noon = (day) => Date.parse(`${day}T12:00:00Z`);

test("today, yesterday and the week since Monday", () => {
  const midweek = { today: 5, yesterday: -3, week: 22, monday: "2026-11-23" };
  assert.deepEqual(periods(DAYS, noon("2026-11-25")), midweek);
  const monday = { today: 20, yesterday: 7, week: 22, monday: "2026-11-23" };
  assert.deepEqual(periods(DAYS, noon("2026-11-23")), monday);
  assert.equal(periods(DAYS, noon("2026-11-22")).monday, "2026-11-16");
  assert.deepEqual(periods([], noon("2026-11-30")), { today: 0, yesterday: 0, week: 0, monday: "2026-11-30" });
});

test("a milestone has the hour after which the count was first that high", () => {
  const hours = rows({
    "2026-11-24T14:00:00Z": 600,
    "2026-11-24T13:00:00Z": 500,
    "2026-11-24T15:00:00Z": -200,
    "2026-11-25T08:00:00Z": 9_500,
  });
  assert.deepEqual(passedMilestones([1_000, 5_000, 10_000, 20_000], hours), [
    { milestone: 10_000, at: "2026-11-25T08:00:00Z" },
    { milestone: 5_000, at: "2026-11-25T08:00:00Z" },
    { milestone: 1_000, at: "2026-11-24T14:00:00Z" },
  ]);
});

test("a milestone that withdrawals have undone is not named", () => {
  const hours = rows({ "2026-11-24T13:00:00Z": 1_000, "2026-11-24T14:00:00Z": -1 });
  assert.deepEqual(passedMilestones([1_000], hours), []);
});

test("the goal is the one that the public sees", () => {
  const goals = [1_000, 2_000];
  const cases = [
    [400, 0, "400 of the goal of 1,000: 40.0%, 600 to go"],
    [1_000, 0, "1,000 of the goal of 2,000: 50.0%, 1,000 to go"],
    [2_100, 0, "2,100 of the goal of 2,000: 105.0%, reached"],
    [400, 1_500, "At least 1,500 of the goal of 2,000: 75.0%, 500 to go"],
    [1_600, 1_500, "1,600 of the goal of 2,000: 80.0%, 400 to go"],
  ];
  for (const [confirmed, elsewhere, text] of cases) assert.equal(goalText({ goals, elsewhere }, confirmed), text);
});

test("a spark line begins at 0, or below", () => {
  assert.deepEqual(sparkPoints([0, 5, 10]), ["0.0,28.0", "56.0,14.0", "112.0,0.0"]);
  assert.deepEqual(sparkPoints([-10, 10]), ["0.0,28.0", "112.0,0.0"]);
  assert.deepEqual(sparkPoints([0, 0]), ["0.0,28.0", "112.0,28.0"]);
});

test("the funnel says why its number of confirmed is larger than the count", () => {
  const totals = { withdrawn: 5 };
  assert.equal(
    leftText({ confirmed: 343, withdrawn: 2 }, totals),
    "345 people confirmed, and 2 of them left later. So the count is 343: the steps below do not subtract those who " +
      "left. 3 people withdrew before confirming, and never counted.",
  );
  assert.equal(leftText({ confirmed: 3, withdrawn: 0 }, { withdrawn: 0 }), "Nobody who confirmed has left.");
  assert.doesNotMatch(leftText({ confirmed: 3, withdrawn: 6 }, totals), /never counted/);
});

test("the funnel has the pace, and each step with its number and share", () => {
  const { section, fill } = funnel();
  const totals = { received: 15, mailed: 14, confirmed: 13, bounced: 1, expired: 0, withdrawn: 2 };
  const rate = { this_hour: 3, hour_before: 1, peak: 9, peak_at: "2026-11-24T12:00:00Z" };
  fill({ totals, rate }, { confirmed: 11, withdrawn: 2 });
  const text = section.textContent;
  assert.match(text, /86.7% of the signatures received have been confirmed\./);
  assert.match(text, /3 confirmations since this hour began, and 1 in the hour before\./);
  assert.match(text, /The busiest hour began on 24 November 2026, 12:00 UTC: 9 confirmations\./);
  const rows = [...section.all()].filter(({ tag }) => tag === "tr").map((row) => row.textContent.trim());
  const [, received, , confirmed] = rows.map((row) => row.replace(/\s+/g, " "));
  assert.deepEqual([received, confirmed], ["Signatures received 15 100.0%", "Confirmed 13 86.7%"]);
});

test("the large number says how many have not confirmed yet", () => {
  const { element, fill } = bigNumber();
  fill({ confirmed: 11, pending: 2 });
  assert.match(element.textContent, /^11 .*Signed but not confirmed yet: 2\./);
});

test("hexagons of a row or column touch, and every second one is half further", () => {
  const at = (layout, q, r) => middleOf(layout, { q, r }).map((place) => Number(place.toFixed(2)) + 0);
  assert.deepEqual(at("odd-r", 0, 0), [0, 0]);
  assert.deepEqual(at("odd-r", 1, 0), [1.73, 0]);
  assert.deepEqual(
    [at("odd-r", 0, 1), at("odd-r", 0, -1)],
    [
      [0.87, -1.5],
      [0.87, 1.5],
    ],
  );
  assert.deepEqual(at("even-r", 0, 0), [0.87, 0]);
  assert.deepEqual(at("odd-q", 1, 0), [1.5, -0.87]);
  assert.deepEqual(at("even-q", 1, 2), [1.5, -3.46]);
});

test("a quarter of the constituencies has each shade, and nobody is the lightest", () => {
  const values = [0, 1, 2, 3, 400, -1];
  assert.deepEqual(
    values.map((value) => shadeOf(value, values)),
    [0, 1, 2, 3, 4, 0],
  );
});

test("a hexagon has the number of its key or of its name", () => {
  const hexes = [
    { key: "E1", name: "Upper Zed" },
    { key: "E2", name: "Lower Zed" },
    { key: "E3", name: "Zed Palace" },
  ];
  assert.deepEqual(valuesOn({ hexes }, rows({ E1: 4, "Lower Zed": 5, "no postcode": 9 })), [4, 5, 0]);
});
