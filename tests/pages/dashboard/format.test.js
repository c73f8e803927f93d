import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "../../../chalicelib/pages/dashboard/format.js";

test("numbers and shares are written in English", () => {
  assert.equal(format.number(-1234567), "-1,234,567");
  assert.equal(format.percentage(1, 3), "33.3%");
  assert.equal(format.percentage(3, 10), "30.0%");
  assert.equal(format.percentage(0, 0), "–");
  assert.equal(format.countOfPeople(1), "1 person");
  assert.equal(format.countOfPeople(1200), "1,200 people");
});

test("times are UTC, whatever the zone of the machine", () => {
  assert.equal(format.dateTime("2026-11-24T23:30:00-02:00"), "25 November 2026, 01:30 UTC");
  assert.equal(format.exactTime("2026-11-24T00:05:09Z"), "24 November 2026, 00:05:09 UTC");
  assert.equal(format.dateTime(null), "–");
});

test("the last hour of a day ends at midnight", () => {
  assert.equal(format.hour("2026-11-24T23:00:00Z"), "24 November 2026, 23:00 to 00:00 UTC");
});

test("the time axis names the day where it starts", () => {
  const midnight = Date.parse("2026-11-24T00:00:00Z") / 1_000;
  assert.equal(format.axisLabel(midnight), "24 Nov");
  assert.equal(format.axisLabel(midnight + 13 * 3_600), "13:00");
});

test("an unknown country or source is shown by its key", () => {
  assert.equal(format.country("GB"), "United Kingdom");
  assert.equal(format.country("not yet assigned"), "not yet assigned");
  assert.equal(format.source("direct"), "No source in the link");
  assert.equal(format.source("evening-news"), "evening-news");
});

test("a planned time also has the UK time, with the day if it differs", () => {
  assert.equal(format.plannedTime("2026-11-24T09:00:00Z"), "24 November 2026, 09:00 UTC (09:00 UK time)");
  assert.equal(format.plannedTime("2027-07-01T09:00:00Z"), "1 July 2027, 09:00 UTC (10:00 UK time)");
  assert.equal(format.ukTime("2027-06-30T23:30:00Z"), "1 July 2027, 00:30 UK time");
});
