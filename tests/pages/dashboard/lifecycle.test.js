import assert from "node:assert/strict";
import { test } from "node:test";
import { installBrowser } from "../browser.js";

installBrowser();
const { effectOf } = await import("../../../chalicelib/pages/dashboard/lifecycle.js");

const letterTo = (...tests) => ({ letter: { targets: tests.map((test_to) => ({ name: "Minister", test_to })) } });

test("opening a petition names the fields that still have gaps", () => {
  const petition = { sign_wording: "I sign. [addressed to] gets my name.", letter: null };
  assert.match(effectOf(petition, "open", false), /square brackets.*, in: Consent to sign\./);
  assert.doesNotMatch(effectOf(petition, "closed", false), /square brackets/);
});

test("opening a petition warns of a test address, because its letters never reach the target", () => {
  assert.match(effectOf(letterTo(null, "bob@charity.example"), "open", false), /has a test address/);
  for (const [petition, state] of [
    [letterTo(null), "open"],
    [{ letter: null }, "open"],
    [letterTo("bob@charity.example"), "closed"],
  ])
    assert.doesNotMatch(effectOf(petition, state, false), /test address/);
});
