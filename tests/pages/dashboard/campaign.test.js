import assert from "node:assert/strict";
import { test } from "node:test";
import { countInWords } from "../../../chalicelib/pages/dashboard/elsewhere.js";
import { figureFrom } from "../../../chalicelib/pages/dashboard/figure.js";
import { stateOf as targetState } from "../../../chalicelib/pages/dashboard/letters.js";
import { requestedOf, stateOf } from "../../../chalicelib/pages/dashboard/updates.js";

const NOW = Date.parse("2026-07-24T12:00:00Z");

test("while emails are counted, their number is not shown as 0", () => {
  assert.equal(requestedOf({ state: "sending", requested: 0 }), "counting …");
  assert.equal(requestedOf({ state: "sending", requested: 1200 }), "1,200");
  assert.equal(requestedOf({ state: "sent", requested: 0 }), "0");
});

test("a scheduled update shows its time in UTC and in UK time", () => {
  const scheduled = { state: "scheduled", stopped: false, publish_at: "2026-07-24T14:05:00Z" };
  assert.equal(stateOf(scheduled, NOW), "Will be published on 24 July 2026, 14:05 UTC (15:05 UK time)");
  assert.equal(stateOf({ ...scheduled, publish_at: "2026-07-24T12:00:00Z" }, NOW), "About to be published");
  assert.equal(stateOf({ ...scheduled, state: "cancelled" }, NOW), "Cancelled");
  assert.equal(stateOf({ state: "draft", stopped: false, publish_at: null }, NOW), "Draft");
});

test("an update that a fault has stopped is shown as stopped", () => {
  for (const state of ["scheduled", "sending"]) {
    const update = { state, publish_at: "2026-07-24T14:05:00Z" };
    assert.equal(stateOf({ ...update, stopped: true }, NOW), "Stopped by a fault");
    assert.notEqual(stateOf({ ...update, stopped: false }, NOW), "Stopped by a fault");
    assert.match(stateOf({ ...update, stopped: false, retrying: true }, NOW), /waits for a retry/);
  }
});

test("a figure is sent as typed, without spaces around it, and its time is UTC", () => {
  const typed = new FormData();
  const fields = {
    source: " paper-leeds ",
    kind: "paper",
    count: "412",
    as_of: "2026-07-20T12:00",
    evidence: "Sheets\n",
  };
  for (const [name, value] of Object.entries(fields)) typed.set(name, value);
  const sent = { source: "paper-leeds", kind: "paper", count: 412, as_of: "2026-07-20T12:00:00Z", evidence: "Sheets" };
  assert.deepEqual(figureFrom(typed), sent);
});

test("the number of people is repeated with separators before it is sent", () => {
  assert.equal(countInWords("8501"), "This is 8,501 people.");
  assert.equal(countInWords("1"), "This is 1 person.");
  for (const typed of ["", "-5", "1e3", "8.5"]) assert.equal(countInWords(typed), "", typed);
});

test("a target shows how its letters are sent, or why they are paused", () => {
  const target = { mode: "digest", is_test: false, paused: false, paused_why: "" };
  assert.equal(targetState(target), "In a daily digest");
  assert.equal(targetState({ ...target, is_test: true }), "Test: letters go to staff");
  assert.equal(targetState({ ...target, paused: true, paused_why: "bounced" }), "Paused: a letter bounced");
});
