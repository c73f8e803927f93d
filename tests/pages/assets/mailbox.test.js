import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { installBrowser } from "../browser.js";

installBrowser();
const { isSlip, suggestedAddress } = await import("../../../chalicelib/pages/assets/mailbox.js");
const { readSignature, secondsLeft, unpasted, webmailOf } = await import("../../../chalicelib/pages/assets/inbox.js");
const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url)));
const known = read("../../../chalicelib/pages/assets/mailboxes.json");

test("the script suggests the same corrections as the server", () => {
  for (const [typed, expected] of Object.entries(read("../../signatures/slips.json")))
    assert.equal(suggestedAddress(typed, known), expected ?? "", typed);
});

test("a domain with one character wrong, missing, doubled or swapped is a slip", () => {
  for (const typed of ["gmaik.com", "gmal.com", "gmaill.com", "gmial.com"])
    assert.ok(isSlip(typed, "gmail.com"), typed);
  for (const typed of ["gmail.com", "gmxx.com", "example.org", ""]) assert.ok(!isSlip(typed, "gmail.com"), typed);
});

test("the inbox shows a pasted address as the server stores it", () => {
  for (const typed of [
    "alice@example.org",
    " alice@example.org, ",
    "mailto:<alice@example.org>.",
    "MAILTO:alice@example.org?subject=Hi",
    "Alice Smith <alice@example.org>",
    "<mailto:alice@example.org>;",
    "alice @ example.org",
  ])
    assert.equal(unpasted(typed), "alice@example.org", typed);
});

test("the inbox shows what this tab signed in the last hour", () => {
  const signed = { url: "/sign", body: { email: "alice@example.org" }, at: 1_000 };
  assert.deepEqual(readSignature(JSON.stringify(signed), 2_000), signed);
  for (const [stored, now] of [
    [null, 0],
    ["x", 0],
    ["{}", 0],
    [JSON.stringify(signed), 3_601_000],
  ])
    assert.equal(readSignature(stored, now), null);
});

test("the email can be sent again after a minute", () => {
  assert.deepEqual([secondsLeft(0, 0), secondsLeft(0, 59_001), secondsLeft(0, 60_000)], [60, 1, 0]);
});

test("well-known providers have a link to their webmail", () => {
  assert.equal(webmailOf("alice@Gmail.com", known), "https://mail.google.com/");
  assert.equal(webmailOf("alice@example.org", known), "");
});
