import assert from "node:assert/strict";
import { test } from "node:test";
import { emailText } from "../../../chalicelib/pages/dashboard/status.js";
import { stateOf, wholeDays } from "../../../chalicelib/pages/dashboard/tokens.js";

const MAIL = { waiting: 0, paused_until: null };

test("the state of the emails is a sentence", () => {
  assert.equal(emailText(MAIL), "No email is waiting to be sent.");
  assert.equal(emailText({ ...MAIL, waiting: 1200 }), "About 1,200 emails are waiting to be sent.");
  assert.match(
    emailText({ ...MAIL, waiting: 3, paused_until: "2026-11-24T14:00:00Z" }),
    /^All email is paused until 24 November 2026, 14:00 UTC/,
  );
});

test("a token that is not usable is revoked or expired", () => {
  assert.equal(stateOf({ usable: true, revoked_at: null }), "In use");
  assert.equal(stateOf({ usable: false, revoked_at: "2026-11-24T12:00:00Z" }), "Revoked");
  assert.equal(stateOf({ usable: false, revoked_at: null }), "Expired");
});

test("a token can be given for the whole days that your own token is still valid", () => {
  const now = Date.parse("2026-11-24T12:00:00Z");
  assert.equal(wholeDays("2026-11-24T20:00:00Z", now), 0);
  assert.equal(wholeDays("2026-11-27T11:59:59Z", now), 2);
});
