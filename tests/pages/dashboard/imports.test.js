import assert from "node:assert/strict";
import { test } from "node:test";
import { installBrowser } from "../browser.js";

installBrowser();
const { details, isUndoable, queryFrom } = await import("../../../chalicelib/pages/dashboard/imports.js");

const done = { state: "done", dry_run: false, undoes: null, undone_by: null };

/** @param {Record<string, string>} typed */
function form(typed) {
  const data = new FormData();
  for (const [name, value] of Object.entries(typed)) data.set(name, value);
  return data;
}

test("an import can be undone once, after it has ended, and a dry run never", () => {
  assert.ok(isUndoable(done));
  for (const change of [{ state: "running" }, { dry_run: true }, { undoes: "x" }, { undone_by: "y" }])
    assert.ok(!isUndoable({ ...done, ...change }));
});

test("columns that are not used are named", () => {
  const shape = { columns: { email: ["Email"] }, unused: ["Newsletter", "Phone"] };
  const newest = { shape, zone: "Europe/London", sample: [], errors: [] };
  const textOf = (job) =>
    details(job)
      .map(({ textContent }) => textContent)
      .join(" ");
  assert.match(
    textOf(newest),
    /Email address: Email Times that name no zone: Europe\/London Not used: Newsletter, Phone/,
  );
  assert.doesNotMatch(textOf({ ...newest, shape: { columns: { email: ["Email"] }, unused: [] } }), /Not used/);
});

test("the first rows are shown as they would be stored", () => {
  const newest = { shape: { columns: { email: ["Email"] } }, sample: [], errors: [] };
  const row = { row: 2, name: "Zoë", email: "z@mail.example", country: "GB", postcode: null, updates: true };
  const shown = details(newest, [{ ...row, obtained_at: "2026-11-24T12:00:00Z" }]);
  const text = shown.map(({ textContent }) => textContent).join(" ");
  assert.match(text, /As they would be stored.*Zoë\s*z@mail\.example\s*GB\s*Yes\s*24 November 2026/);
  assert.doesNotMatch(
    details(newest)
      .map(({ textContent }) => textContent)
      .join(" "),
    /As they would be stored/,
  );
});

test("only the columns that were typed are in the mapping", () => {
  const query = new URLSearchParams(
    queryFrom(form({ partner: "partner-oak", zone: "UTC ", "column.email": " E-mail " }), true),
  );
  assert.deepEqual(Object.fromEntries(query), {
    partner: "partner-oak",
    dry_run: "true",
    zone: "UTC",
    mapping: '{"email":"E-mail"}',
  });
  assert.ok(!new URLSearchParams(queryFrom(form({ partner: "partner-oak" }), false)).has("mapping"));
});
