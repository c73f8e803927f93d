import assert from "node:assert/strict";
import { test } from "node:test";
import { barLength, largestFirst } from "../../../chalicelib/pages/dashboard/bars.js";

test("the largest bar is full, and a negative one is empty", () => {
  assert.equal(barLength(50, 50), 100);
  assert.equal(barLength(10, 40), 25);
  assert.equal(barLength(-3, 40), 0);
  assert.equal(barLength(-3, 0), 0);
});

test("rows are named and sorted by value", () => {
  const rows = [
    { key: "FR", confirmed: 1 },
    { key: "GB", confirmed: 20 },
  ];
  assert.deepEqual(
    largestFirst(rows, (key) => `in ${key}`),
    [
      { name: "in GB", value: 20 },
      { name: "in FR", value: 1 },
    ],
  );
});
