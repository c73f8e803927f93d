import assert from "node:assert/strict";
import { test } from "node:test";
import { installBrowser } from "../browser.js";

installBrowser();
const { effectOf, sendTwiceIfBrackets } = await import("../../../chalicelib/pages/dashboard/lifecycle.js");
const { RefusedError } = await import("../../../chalicelib/pages/dashboard/api.js");

const letterTo = (...tests) => ({ letter: { targets: tests.map((test_to) => ({ name: "Minister", test_to })) } });

/** A server that refuses what does not say that it keeps the brackets, and the bodies that it got. */
function strictServer(field) {
  const bodies = [];
  const send = async (body) => {
    bodies.push(body);
    if (!body.keep_brackets)
      throw new RefusedError(422, { errors: [{ field, message: "There is text in the summary" }] });
  };
  return { bodies, send };
}

test("a petition with square brackets opens at a second press, after the server's warning", async () => {
  const { bodies, send } = strictServer("keep_brackets");
  const warnings = [];
  const press = async (warning) => warnings.push(warning) > 0;
  assert.equal(await sendTwiceIfBrackets({ state: "open" }, send, press), true);
  assert.deepEqual(warnings, ["There is text in the summary"]);
  assert.deepEqual(bodies, [{ state: "open" }, { state: "open", keep_brackets: true }]);
});

test("a petition with square brackets does not open when the user cancels", async () => {
  const { bodies, send } = strictServer("keep_brackets");
  assert.equal(await sendTwiceIfBrackets({ state: "open" }, send, async () => false), false);
  assert.deepEqual(bodies, [{ state: "open" }]);
});

test("another refusal, such as of brackets in the title, asks nothing", async () => {
  const { send } = strictServer("title");
  await assert.rejects(sendTwiceIfBrackets({ state: "open" }, send, assert.fail), RefusedError);
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
