import assert from "node:assert/strict";
import { test } from "node:test";
import { copyOf, startFrom, TEMPLATE, withTarget } from "../../../chalicelib/pages/dashboard/defaults.js";

const STORED = {
  slug: "trees",
  title: "Plant trees",
  summary: "Plant them.",
  text: "We ask.",
  target: "the town council",
  charity: "Harbour for Children",
  privacy_contact: "privacy@harbour.example",
  privacy_url: null,
  sign_wording: "Harbour for Children may hand my name to the town council.",
  updates_wording: "Send me news.",
  goal: 100,
  goals: [500],
  language: "en",
  translations: { cy: { title: "Plannu coed" } },
  receipt: false,
  time_zone: "Europe/London",
  retention_months: 36,
  embed_on: ["https://www.harbour.example"],
  letter: { subject: "Trees", targets: [] },
  opened_at: "2026-11-24T12:00:00Z",
  closes_at: "2027-11-24T12:00:00Z",
  state: "open",
};

test("a new petition starts with the charity's name, contact and wordings, and with the template", () => {
  const start = startFrom(STORED);
  assert.deepEqual([start.charity, start.privacy_contact], [STORED.charity, STORED.privacy_contact]);
  assert.deepEqual([start.title, start.text], [TEMPLATE.title, TEMPLATE.text]);
  assert.equal(start.updates_wording, STORED.updates_wording);
});

test("a wording never names the target of another petition", () => {
  assert.equal(startFrom(STORED).sign_wording, "Harbour for Children may hand my name to [addressed to].");
});

test("the target of a petition fills the gaps for a target, and no other gap", () => {
  const start = startFrom(STORED).sign_wording;
  assert.equal(withTarget(start, "the $& minister"), "Harbour for Children may hand my name to the $& minister.");
  assert.equal(withTarget(TEMPLATE.summary, "the King"), "[Who] need [what]. We ask the King to [do what].");
  assert.equal(withTarget(start, ""), start);
});

test("the first petition starts with the template alone", () => {
  assert.deepEqual(startFrom(null), TEMPLATE);
});

test("a copy has every text and goal, but not the slug, the times or the state", () => {
  const { slug, opened_at, closes_at, state, ...copied } = STORED;
  assert.deepEqual(copyOf(STORED), copied);
});

test("a copy is not in test mode", () => {
  const target = { key: "minister", name: "Minister", email: "minister@target.example" };
  const letter = { ...STORED.letter, targets: [{ ...target, test_to: "bob@charity.example" }] };
  assert.deepEqual(copyOf({ ...STORED, letter }).letter.targets, [{ ...target, test_to: null }]);
  assert.equal(copyOf({ ...STORED, letter: null }).letter, null);
});
