import assert from "node:assert/strict";
import { test } from "node:test";
import { formatGoals, goalsFrom, goalsInWords, parseGoals } from "../../../chalicelib/pages/dashboard/goals.js";

const errorOf = (typed) => parseGoals(typed).error;

test("a goal may have separators between groups of three digits", () => {
  assert.deepEqual(parseGoals("1000\n5,000\n\n 1 000 000 \n"), { goals: [1000, 5000, 1_000_000], error: "" });
});

test("an ambiguous number is refused", () => {
  for (const typed of ["10,000, 50,000", "1,0", "10k", "1.000", "1,000 000", "1 00", "-5", "1e3"])
    assert.equal(errorOf(typed), "Line 1 is not one number. Write 1000, 1,000 or 1 000.", typed);
  assert.match(errorOf("1,000\nmany"), /^Line 2 /);
});

test("goals must rise", () => {
  assert.equal(errorOf("5000\n1000"), "Each goal must be higher than the one before: 1,000 follows 5,000.");
  assert.equal(errorOf("5000\n5,000"), "Each goal must be higher than the one before: 5,000 follows 5,000.");
  assert.equal(errorOf("0"), "A goal must be higher than 0.");
  assert.equal(errorOf(" \n"), "Enter at least one goal.");
});

test("wrong goals are not sent, and the error names the field", () => {
  assert.throws(() => goalsFrom("5000\n1000"), {
    status: 422,
    errors: [{ field: "goals", message: errorOf("5000\n1000") }],
  });
});

test("the goals are repeated in words before they are saved", () => {
  const words = "3 goals: first 500 signatures, then 12,500 (12.5 thousand), then 1,000,000 (1 million).";
  assert.equal(goalsInWords("500\n12,500\n1,000,000"), words);
  assert.equal(goalsInWords("100"), "1 goal: first 100 signatures.");
  assert.match(goalsInWords("5000\n1000"), /higher/);
  assert.equal(goalsInWords(""), "");
});

test("saved goals are shown one on each line, and can be read again", () => {
  const shown = formatGoals({ goal: 1000, goals: [5000] });
  assert.equal(shown, "1,000\n5,000");
  assert.deepEqual(goalsFrom(shown), [1000, 5000]);
});
