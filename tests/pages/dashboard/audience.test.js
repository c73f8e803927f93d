import assert from "node:assert/strict";
import { test } from "node:test";
import { audienceInWords, durationInWords } from "../../../chalicelib/pages/dashboard/audience.js";

test("before an update goes out, its page says to how many, how long, and who has no text", () => {
  const languages = [
    { language: "en", people: 1200, text_in: "en" },
    { language: "cy", people: 34, text_in: "en" },
  ];
  assert.deepEqual(audienceInWords({ people: 1234, languages, waiting: 56, seconds: 7300 }), [
    "1,234 people get it by email.",
    "At the present rate, sending takes about 2 hours. 56 other emails wait and go first. People who sign get their email first.",
    "34 people signed in Welsh. There is no text in Welsh: they get the one in English.",
  ]);
});

test("an update for one person, and one for nobody", () => {
  const languages = [{ language: "cy", people: 1, text_in: "cy" }];
  const [people, duration, ...others] = audienceInWords({ people: 1, languages, waiting: 0, seconds: 3 });
  assert.equal(people, "1 person gets it by email.");
  assert.match(String(duration), /about a minute/);
  assert.deepEqual(others, []);
  assert.match(String(audienceInWords({ people: 0, languages: [], waiting: 0, seconds: 0 })), /nobody gets it/);
});

test("a duration is in minutes, hours or days", () => {
  assert.deepEqual([5_400, 7_200, 180_000].map(durationInWords), ["about 90 minutes", "about 2 hours", "about 2 days"]);
});
