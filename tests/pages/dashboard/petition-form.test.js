import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { offeredTime } from "../../../chalicelib/pages/dashboard/lifecycle.js";
import {
  fromInput,
  petitionFields,
  petitionFrom,
  timeFrom,
  toInput,
} from "../../../chalicelib/pages/dashboard/petition-form.js";
import "../fresh.js";

const API = new URL("../../../chalicelib/edge/openapi.json", import.meta.url);
const STORED = { opened_at: "2026-11-24T12:00:30Z", closes_at: null };

const formDataOf = (values) => {
  const data = new FormData();
  for (const [name, value] of Object.entries({ goals: "100", ...values })) data.set(name, value);
  return data;
};

/** The values of the form's fields for a stored petition. */
const valuesOf = (stored) => {
  const fields = petitionFields(stored).flatMap((group) => [...group.all()]);
  return Object.fromEntries(fields.filter((each) => each.name).map((each) => [each.name, each.value]));
};

test("times go into the form and back as UTC", () => {
  assert.equal(toInput("2026-11-24T12:00:30Z"), "2026-11-24T12:00");
  assert.equal(fromInput("2026-11-24T12:00"), "2026-11-24T12:00:00Z");
  assert.equal(toInput(null), "");
  assert.equal(fromInput(""), null);
});

test("a time that nobody changed keeps its seconds", () => {
  assert.equal(timeFrom("2026-11-24T12:00", STORED.opened_at), STORED.opened_at);
  assert.equal(timeFrom("2026-11-24T12:01", STORED.opened_at), "2026-11-24T12:01:00Z");
  assert.equal(timeFrom("", STORED.opened_at), null);
  assert.equal(timeFrom("", undefined), null);
});

test("the first goal is the current one, and an empty privacy address is null", () => {
  const values = { title: " Plant trees ", goals: "100\n500", opened_at: "2026-11-24T12:00", privacy_url: "" };
  const petition = petitionFrom(formDataOf(values), STORED);
  assert.equal(petition.title, "Plant trees");
  assert.equal(petition.privacy_url, null);
  assert.deepEqual([petition.goal, petition.goals], [100, [500]]);
  assert.deepEqual([petition.opened_at, petition.closes_at], [STORED.opened_at, null]);
});

test("a planned time is optional for a new petition and required for a stored one", () => {
  const isRequired = (petition) =>
    petitionFields(petition)
      .flatMap((group) => [...group.all()])
      .find(({ name }) => name === "opened_at").attributes.required;
  assert.deepEqual([isRequired({}), isRequired(STORED)], [false, true]);
  assert.equal(JSON.parse(JSON.stringify(petitionFrom(formDataOf({ opened_at: "" })))).opened_at, undefined);
});

test("a planned time is offered unless it has passed", () => {
  const now = Date.parse("2026-11-24T12:00:00Z");
  assert.equal(offeredTime("2026-12-01T08:00:00Z", now), "2026-12-01T08:00");
  assert.equal(offeredTime("2026-11-24T12:00:00Z", now), "");
  assert.equal(offeredTime(null, now), "");
});

test("every field of the API is in the form, with its maximum length", () => {
  const elements = petitionFields().flatMap((group) => [...group.all()]);
  const lengths = new Map(elements.filter((each) => each.name).map((each) => [each.name, each.attributes.maxlength]));
  const { properties } = JSON.parse(readFileSync(API)).components.schemas.NewPetition;
  // These have several fields each. The next tests fill them in.
  for (const [name, schema] of Object.entries(properties)) {
    if (["slug", "goal", "translations", "letter", "next_step"].includes(name)) continue;
    assert.ok(lengths.has(name), name);
    if (schema.maxLength) assert.equal(Number(lengths.get(name)), schema.maxLength, name);
  }
});

test("a translation goes into the form and back, with its letter", () => {
  const letter = { subject: "S", openings: ["O", "P\nQ"], target_names: { office: "Swyddfa", gone: "Hen" } };
  const stored = {
    language: "en",
    letter: { targets: [{ key: "office", name: "Office", email: "o@target.example" }] },
    translations: { cy: { title: "Coed", text: "Plannwch", letter } },
  };
  const values = valuesOf(stored);
  assert.equal(values["translations.cy.title"], "Coed");
  assert.ok(!("translations.en.title" in values));
  const changes = { "translations.cy.title": "Coed newydd", "translations.cy.letter.subject": "T" };
  const edited = { ...values, goals: "100", ...changes };
  const { translations } = petitionFrom(formDataOf(edited), stored);
  assert.deepEqual([translations.cy.title, translations.cy.text], ["Coed newydd", "Plannwch"]);
  assert.deepEqual(translations.cy.letter, { ...letter, subject: "T" });
});

test("the text to share and the next step go into the form and back, in each language", () => {
  const step = { heading: "Give", sentence: "Each gift helps.", button: "Give now", url: "https://give.example" };
  const stored = {
    share_text: "I have signed.",
    next_step: step,
    translations: { cy: { title: "Coed", share_text: "Rwyf wedi llofnodi.", next_step: { ...step, heading: "Rhoi" } } },
  };
  const edited = petitionFrom(formDataOf({ ...valuesOf(stored), goals: "100", share_ways: "qr" }), stored);
  assert.deepEqual([edited.share_text, edited.next_step, edited.share_ways], ["I have signed.", step, ["qr"]]);
  assert.equal(edited.translations.cy.share_text, "Rwyf wedi llofnodi.");
  assert.equal(edited.translations.cy.next_step.heading, "Rhoi");
  assert.equal(petitionFrom(formDataOf({})).next_step, null);
});

test("the language of the texts is chosen in the form", () => {
  assert.equal(valuesOf({ language: "cy" }).language, "cy");
  assert.equal(petitionFrom(formDataOf({ language: "cy" })).language, "cy");
});

test("a translation without any text is removed", () => {
  const { translations } = petitionFrom(formDataOf({ "translations.cy.title": " " }), {
    translations: { cy: { title: "Coed" } },
  });
  assert.deepEqual(translations, {});
});

test("sites are one on each line, without the slash of a pasted address, and a receipt is sent if its box is ticked", () => {
  const sites = "https://a.example/\n\n https://b.example";
  assert.deepEqual(petitionFrom(formDataOf({ embed_on: sites, receipt: "yes" })).embed_on, [
    "https://a.example",
    "https://b.example",
  ]);
  assert.equal(petitionFrom(formDataOf({ receipt: "yes" })).receipt, true);
  assert.equal(petitionFrom(formDataOf({})).receipt, false);
});
