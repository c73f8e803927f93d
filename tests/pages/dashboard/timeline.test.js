import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf, verticalRange } from "../../../chalicelib/pages/dashboard/chart.js";
import { description, drawingOf, recentHours, withoutGaps } from "../../../chalicelib/pages/dashboard/timeline.js";

const HOUR = 3_600;
const at = (iso) => Date.parse(iso) / 1_000;
const START = at("2026-11-24T12:00:00Z");
const BREAKDOWN = [
  { key: "2026-11-24T14:00:00Z", confirmed: -1 },
  { key: "2026-11-24T12:00:00Z", confirmed: 5 },
];

test("the hourly curve begins six days ago at midnight", () => {
  const keys = ["2026-11-17T23:00:00Z", "2026-11-18T00:00:00Z", "2026-11-24T00:00:00Z"];
  const hours = keys.map((key) => ({ key, confirmed: 1 }));
  assert.deepEqual(recentHours(hours, Date.parse("2026-11-24T00:10:00Z")), hours.slice(1));
});

test("hours without confirmations are 0, up to the hour of now", () => {
  const points = withoutGaps(BREAKDOWN, "hour", (START + 3 * HOUR + 60) * 1_000);
  assert.deepEqual(points, [
    { at: START, value: 5 },
    { at: START + HOUR, value: 0 },
    { at: START + 2 * HOUR, value: -1 },
    { at: START + 3 * HOUR, value: 0 },
  ]);
});

test("a row later than this machine's clock is kept", () => {
  assert.equal(withoutGaps(BREAKDOWN, "hour", START * 1_000).at(-1).value, -1);
});

test("days are a day apart", () => {
  const points = withoutGaps([{ key: "2026-11-24", confirmed: 1 }], "day", at("2026-11-26T10:00:00Z") * 1_000);
  assert.deepEqual(
    points.map((point) => point.at),
    ["2026-11-24", "2026-11-25", "2026-11-26"].map(at),
  );
});

test("without rows there are no points", () => {
  assert.deepEqual(withoutGaps([], "day", Date.now()), []);
});

test("the bar of the unfinished step is marked, in the chart and in words", () => {
  const now = START + 2 * HOUR + 60;
  const { points, end, labelOf } = drawingOf({ hour: BREAKDOWN, day: [], now: now * 1_000 }, "hour");
  const [times, finished, unfinished] = columnsOf(points, end, now);
  assert.deepEqual(times.slice(-4), [START, START + HOUR, START + 2 * HOUR, START + 3 * HOUR]);
  assert.deepEqual(finished.slice(-4), [5, 0, null, null]);
  assert.deepEqual(unfinished.slice(-4), [null, null, -1, null]);
  const words = "24 November 2026, 14:00 to 15:00 UTC, not over yet: -1 confirmed minus withdrawn";
  assert.equal(labelOf(points.at(-1)), words);
  assert.doesNotMatch(labelOf(points.at(-2)), /not over/);
  assert.ok(columnsOf(points, end, end)[2].every((value) => value === null));
});

test("one hour is not drawn as one bar that fills the chart", () => {
  const numbers = { hour: [{ key: "2026-11-24T12:00:00Z", confirmed: 5 }], day: [], now: START * 1_000 };
  const { points } = drawingOf(numbers, "hour");
  assert.deepEqual([points.length, points[0].at, points[0].value], [12, START - 11 * HOUR, 0]);
});

test("the description names the highest value", () => {
  const points = withoutGaps(BREAKDOWN, "hour", START * 1_000);
  const text = description(points, "hour", START * 1_000 + 5 * HOUR * 1_000);
  assert.match(text, /The highest value is 5: 24 November 2026, 12:00 to 13:00 UTC\./);
  assert.equal(description([], "hour", 0), "A chart without data.");
});

test("the vertical axis contains 0 and 1", () => {
  assert.deepEqual(verticalRange(0, 0), [0, 1]);
  assert.deepEqual(verticalRange(10, 100), [0, 105]);
  assert.equal(verticalRange(-4, 10)[0], -4);
});
