import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { installBrowser, installFetch, runCallbacks } from "../browser.js";
import "../fresh.js";

installBrowser();
const petition = await import("../../../chalicelib/pages/assets/petition.js");

const reply = (status, headers = {}) => ({ status, headers: new Headers(headers) });
const MINUTE = 60_000;

test("the time is written as the server writes it", () => {
  assert.equal(petition.dateTime("2026-11-04T23:05:59Z", "Europe/London"), "4 November 2026 at 23:05 GMT");
  assert.equal(petition.dateTime("2026-06-04T23:05:59Z", "Europe/London"), "5 June 2026 at 00:05 BST (23:05 UTC)");
});

test("screen readers hear a noticeable change, once a minute", () => {
  const last = { count: 1_000, at: 0 };
  assert.equal(petition.isWorthAnnouncing(last, 1_100, 10_000, MINUTE), true);
  assert.equal(petition.isWorthAnnouncing(last, 1_099, 10_000, MINUTE), false);
  assert.equal(petition.isWorthAnnouncing(last, 1_100, 10_000, MINUTE - 1), false);
  assert.equal(petition.isWorthAnnouncing(last, 1_009, 100, MINUTE), false);
});

test("the count is requested less often after each failure, spread over a fifth of the wait", () => {
  assert.deepEqual([petition.countWait(0, 0), petition.countWait(0, 1)], [9_000, 11_000]);
  assert.equal(petition.countWait(2, 0.5), 40_000);
  assert.equal(petition.countWait(50, 0.5), 300_000);
});

test("a signature has what was typed, and consent only where a box was ticked", () => {
  const typed = new FormData();
  for (const [name, value] of Object.entries({
    name: " Alice ",
    email: "alice@example.org",
    country: "GB",
    postcode: " ",
  }))
    typed.set(name, value);
  typed.set("consent.sign", "yes");
  assert.deepEqual(petition.signatureFrom(typed), {
    name: "Alice",
    email: "alice@example.org",
    country: "GB",
    consent: { sign: true, updates: false },
  });
  typed.set("letter.body", "Not sent");
  assert.ok(!("letter" in petition.signatureFrom(typed)));
  typed.set("letter.send", "yes");
  typed.set("letter.opening", "2");
  const sent = { send: true, reply: false, body: "Not sent" };
  assert.deepEqual(petition.signatureFrom(typed).letter, { ...sent, opening: 2 });
  typed.set("letter.opening", "none");
  assert.deepEqual(petition.signatureFrom(typed).letter, { ...sent, opening: "" });
  typed.set("source", "evening-news");
  assert.equal(petition.signatureFrom(typed).source, "evening-news");
});

test("only a request that may succeed later is repeated", () => {
  const repeated = [null, reply(429), reply(500), reply(503)].map(petition.isWorthRetrying);
  assert.deepEqual(repeated, [true, true, true, true]);
  assert.deepEqual(
    [202, 400, 409, 422].map((status) => petition.isWorthRetrying(reply(status))),
    [...[false, false, false, false]],
  );
});

test("waits grow up to 30 seconds, and Retry-After comes before the jitter", () => {
  assert.equal(petition.retryWait(0, null, 1), 2_000);
  assert.equal(petition.retryWait(3, null, 1), 16_000);
  assert.equal(petition.retryWait(40, null, 1), 30_000);
  assert.equal(petition.retryWait(0, null, 0), 1_000);
  assert.equal(petition.retryWait(0, reply(503, { "Retry-After": "5" }), 0.5), 6_000);
  assert.equal(petition.retryWait(0, reply(503, { "Retry-After": "Tue, 24 Nov 2026" }), 0.5), 1_000);
});

test("the message says what is wrong and when the script tries again", () => {
  assert.match(petition.explanation(reply(503), 1_000, true), /^Many people.*again in 1 second\./);
  assert.match(petition.explanation(null, 2_001, true), /^We cannot reach the service.*again in 3 seconds\./);
  assert.match(petition.explanation(null, 2_000, false), /^You seem to be offline/);
});

async function deliver(respond, ticks) {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const requests = installFetch(respond);
  const messages = [];
  const outcome = petition.deliver("/sign", "{}", (text) => messages.push(text));
  for (let tick = 0; tick < ticks; tick += 1) {
    await runCallbacks();
    mock.timers.tick(31_000);
  }
  return { outcome: await outcome, requests: requests.length, messages: messages.length };
}

test("the script waits while the server is busy or the connection is broken", async () => {
  const answers = [
    () => reply(503, { "Retry-After": "1" }),
    () => {
      throw new TypeError("Failed to fetch");
    },
    () => reply(202),
  ];
  const found = await deliver((count) => answers[count - 1](), 4);
  assert.deepEqual(found, { outcome: "accepted", requests: 3, messages: 2 });
});

test("a refusal is not repeated", async () => {
  assert.deepEqual(await deliver(() => reply(422), 1), { outcome: "refused", requests: 1, messages: 0 });
});

test("after ten minutes the script gives up", async () => {
  const { outcome, requests } = await deliver(() => reply(503), 25);
  assert.equal(outcome, "unreachable");
  assert.ok(requests >= 18 && requests <= 21, `${requests} requests`);
});
