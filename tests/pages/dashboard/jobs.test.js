import assert from "node:assert/strict";
import { test } from "node:test";
import { hashesIn, instructionsFor, textOf } from "../../../chalicelib/pages/dashboard/hashes.js";
import { FILE_STATES, isUnfinished, stateOf } from "../../../chalicelib/pages/dashboard/jobs.js";
import "../fresh.js";

const HASH = "ab".repeat(16);

test("a job shows its state in words, why it failed, and its progress", () => {
  assert.equal(stateOf({ state: "waiting" }, ["5 of 9"]), "Waiting to start");
  assert.equal(stateOf({ state: "failed", why: "The key is invalid" }, []), "Failed: The key is invalid");
  assert.equal(stateOf({ state: "running" }, ["5 of 9"]).textContent, "In progress:  5 of 9");
  assert.match(stateOf({ state: "retrying" }, ["5 of 9"]), /waits for a retry/);
  assert.equal(stateOf({ state: "done" }, [], FILE_STATES), "Ready");
  assert.deepEqual(
    ["waiting", "running", "retrying", "done", "failed", "cancelled", "expired"].filter((state) =>
      isUnfinished({ state }),
    ),
    ["waiting", "running", "retrying"],
  );
});

test("the hashes of a file are its lines", () => {
  assert.deepEqual(hashesIn(`${HASH}\r\n ${HASH}\n\n`), [HASH, HASH]);
});

test("a file that Windows PowerShell has written with > has the same hashes", () => {
  const little = Buffer.from(`\ufeff${HASH}\r\n${HASH}\r\n`, "utf16le");
  const plain = new TextEncoder().encode(`\ufeff${HASH}\n${HASH}\n`);
  for (const bytes of [plain, little]) assert.deepEqual(hashesIn(textOf(Uint8Array.from(bytes).buffer)), [HASH, HASH]);
});

test("a file of another format is not sent, and the error names the line without quoting it", () => {
  for (const text of ["", "alice@mail.example", `${HASH}\nalice@mail.example`, HASH.toUpperCase()]) {
    const line = text.startsWith(HASH) ? 2 : 1;
    assert.throws(
      () => hashesIn(text),
      ({ errors: [error] }) =>
        error.field === "hashes" && error.message.startsWith(`Line ${line} is`) && !error.message.includes("@"),
    );
  }
});

test("the instructions name the tool and contain no key", () => {
  const text = instructionsFor("https://charity.example/assets/hash_addresses.py?v=1");
  assert.match(text, /curl -o hash_addresses.py "https:\/\/charity.example\/assets\/hash_addresses.py\?v=1"/);
  assert.match(text, /--out hashes.txt/);
  assert.doesNotMatch(text, /[0-9a-f]{64}/);
});
