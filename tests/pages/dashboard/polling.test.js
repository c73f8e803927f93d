import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { keepFresh } from "../../../chalicelib/pages/dashboard/polling.js";
import { runCallbacks } from "../browser.js";
import "../fresh.js";

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

const start = (refresh) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  return keepFresh(refresh, leaving.signal, EVERY);
};

beforeEach(() => {
  leaving = new AbortController();
  refreshes = 0;
});

test("a view is refreshed at once and then regularly", async () => {
  await start(count);
  await wait();
  await wait();
  assert.equal(refreshes, 3);
});

test("a hidden tab waits, and refreshes when it is shown again", async () => {
  await start(count);
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
  const started = start(slow);
  window.dispatchEvent(new Event("online"));
  assert.equal(refreshes, 1);
  finish();
  await started;
  window.dispatchEvent(new Event("online"));
  assert.equal(refreshes, 2);
});

test("refreshing ends when the user leaves the view", async () => {
  await start(count);
  leaving.abort();
  await wait();
  setHidden(false);
  assert.equal(refreshes, 1);
});
