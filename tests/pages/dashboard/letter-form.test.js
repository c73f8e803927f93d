import assert from "node:assert/strict";
import { test } from "node:test";
import { letterFields, letterFrom } from "../../../chalicelib/pages/dashboard/letter-form.js";
import { newKey } from "../../../chalicelib/pages/dashboard/letter-targets.js";
import "../fresh.js";

const single = { mode: "single" };
const paced = { mode: "paced", per_hour: 30, from_hour: 8, to_hour: 18 };
const target = (key, more = {}) => {
  const email = more.members ? null : `${key}@target.example`;
  return { key, name: key, members: false, email, test_to: null, delivery: single, ...more };
};
const LETTER = {
  subject: "Trees",
  body: "Plant them.\n\nSoon.",
  send_wording: "Send it.",
  reply_wording: "Reply to me.",
  openings: ["I am a parent.\nOf two.", "I am a teacher."],
  target_names: {},
  may_edit: true,
  targets: [
    target("minister", { test_to: "bob@charity.example" }),
    target("office", { delivery: paced }),
    target("council", { delivery: { mode: "digest", first: 50 } }),
    target("my-mp", { members: true }),
  ],
};

/** The fields that the form sends. A disabled part sends none. */
function sentFields(element) {
  if (element.attributes?.disabled) return [];
  const below = (element.children ?? []).flatMap((child) => (child?.all ? sentFields(child) : []));
  return element.name ? [element, ...below] : below;
}
const formOf = (letter) => {
  const form = letterFields({ letter });
  return { form, fields: new Map(sentFields(form).map((each) => [each.name, each])) };
};
const formDataOf = (form) => {
  const typed = new FormData();
  for (const each of sentFields(form))
    if (each.attributes.type !== "checkbox" || each.attributes.checked) typed.set(each.name, each.value);
  return typed;
};
const buttonOf = (form, text) => [...form.all()].find((each) => each.tag === "button" && each.textContent === text);

test("a letter goes into the form and back as it was", () => {
  assert.deepEqual(letterFrom(formDataOf(formOf(LETTER).form), { letter: LETTER }), LETTER);
});

test("a petition without a letter stays so, although the form has the wordings of a new letter", () => {
  const { form, fields } = formOf(null);
  assert.match(fields.get("letter.send_wording").value, /in my name/);
  assert.equal(letterFrom(formDataOf(form), {}), null);
});

test("a letter whose fields are emptied is removed", () => {
  assert.equal(letterFrom(new FormData(), { letter: LETTER }), null);
});

test("a missing field is left out, so that the API names it", () => {
  const typed = new FormData();
  typed.set("letter.subject", "Trees");
  typed.set("letter.targets.0.name", "Minister");
  typed.set("letter.targets.0.delivery", "digest");
  const { body, targets } = letterFrom(typed, {});
  assert.equal(body, undefined);
  assert.deepEqual(targets, [
    { ...target("minister", { name: "Minister", email: "" }), delivery: { mode: "digest", first: undefined } },
  ]);
});

test("a blank target between two others is sent, so that errors name the right target", () => {
  const typed = new FormData();
  typed.set("letter.targets.0.name", "One");
  typed.set("letter.targets.2.name", "Three");
  assert.deepEqual(
    letterFrom(typed, {}).targets.map(({ name }) => name),
    ["One", undefined, "Three"],
  );
});

test("only the fields that apply to a target are sent", () => {
  const { form, fields } = formOf(LETTER);
  assert.ok(!fields.has("letter.targets.0.delivery.paced.per_hour"));
  assert.ok(fields.has("letter.targets.1.delivery.paced.per_hour"));
  assert.ok(!fields.has("letter.targets.3.email"));
  assert.ok(!fields.has("letter.targets.4.name"));
  for (const each of form.all()) each.focus = () => {};
  buttonOf(form, "Add a target").listeners.click();
  assert.ok(sentFields(form).some(({ name }) => name === "letter.targets.4.name"));
});

test("restored text shows its target and the targets before it", () => {
  const { form } = formOf(null);
  const blocks = [...form.all()].filter((each) => "data-target" in each.attributes);
  blocks[2].listeners.input();
  assert.deepEqual(
    blocks.slice(0, 4).map(({ attributes }) => attributes.hidden),
    [false, false, false, true],
  );
});

test("a new target never gets the key of another target of the petition, removed or not", () => {
  const typed = new FormData();
  typed.set("letter.targets.0.name", "Minister");
  const keyOf = (before) => letterFrom(typed, before).targets[0].key;
  assert.equal(keyOf({}), "minister");
  assert.equal(keyOf({ letter: LETTER }), "minister-2");
  const cy = { letter: { target_names: { minister: "Gweinidog" } } };
  assert.equal(keyOf({ translations: { cy } }), "minister-2");
  // The stored petition does not tell which targets it had.
  assert.match(keyOf({ slug: "trees" }), /^minister-[a-z0-9]{6}$/);
});

test("a new target gets a unique key from its name", () => {
  assert.equal(newKey("Home Secretary", []), "home-secretary");
  assert.equal(newKey("Ministère de l’Intérieur", []), "ministere-de-l-interieur");
  assert.equal(newKey("Home Secretary", ["home-secretary"]), "home-secretary-2");
  assert.equal(newKey("内政大臣", ["target"]), "target-2");
  assert.equal(newKey("Home Secretary", ["home-secretary-t6x2k0"], "t6x2k0"), "home-secretary-t6x2k0-2");
  for (const ending of ["", "t6x2k0"])
    assert.match(newKey("x".repeat(200), [], ending), /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/);
});
