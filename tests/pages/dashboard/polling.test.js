import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { keepFresh } from "../../../chalicelib/pages/dashboard/polling.js";
import { installBrowser, runCallbacks } from "../browser.js";

const EVERY = 1_000;
let leaving;
let refreshes;

const count = async () => {
  refreshes += 1;
};
const wait = async () => {
  mock.timers.tick(EVERY);
  await runCallbacks();
};
const setHidden = (hidden) => {
  document.hidden = hidden;
  document.dispatchEvent(new Event("visibilitychange"));
};

beforeEach(() => {
  installBrowser();
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  leaving = new AbortController();
  refreshes = 0;
});

test("a view is refreshed at once and then regularly", async () => {
  await keepFresh(count, leaving.signal, EVERY);
  await wait();
  await wait();
  assert.equal(refreshes, 3);
});

test("a hidden tab waits, and refreshes when it is shown again", async () => {
  await keepFresh(count, leaving.signal, EVERY);
  setHidden(true);
  await wait();
  assert.equal(refreshes, 1);
  setHidden(false);
  assert.equal(refreshes, 2);
});

test("a view never has two refreshes at once", async () => {
  let finish;
  const slow = () => {
    refreshes += 1;
    return new Promise((resolve) => {
      finish = resolve;
    });
  };
  const started = keepFresh(slow, leaving.signal, EVERY);
  window.dispatchEvent(new Event("online"));
  assert.equal(refreshes, 1);
  finish();
  await started;
  window.dispatchEvent(new Event("online"));
  assert.equal(refreshes, 2);
});

test("refreshing ends when the user leaves the view", async () => {
  await keepFresh(count, leaving.signal, EVERY);
  leaving.abort();
  await wait();
  setHidden(false);
  assert.equal(refreshes, 1);
});
