import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addResettingForm,
  forget,
  forgetAll,
  keepTyped,
  unsavedPages,
} from "../../../chalicelib/pages/dashboard/typed.js";
import "../fresh.js";

const PAGE = "/petitions/trees/edit";

/** A form that holds what is stored. */
function formWith(values) {
  const form = new EventTarget();
  form.elements = Object.entries(values).map(([name, value]) =>
    Object.assign(new EventTarget(), { name, value, type: "textarea" }),
  );
  form.type = (name, value) => {
    form.elements.find((each) => each.name === name).value = value;
    form.dispatchEvent(new Event("input"));
  };
  form.values = () => Object.fromEntries(form.elements.map(({ name, value }) => [name, value]));
  return form;
}
const textOf = (notice) =>
  [...notice.all()].flatMap(({ children }) => children.filter((each) => typeof each === "string")).join(" ");

test("unsaved text is restored when the page is shown again", () => {
  const first = formWith({ title: "Trees", text: "Plant." });
  assert.equal(keepTyped(first, PAGE), null);
  first.type("text", "Plant a thousand.");
  const again = formWith({ title: "Trees", text: "Plant." });
  assert.match(textOf(keepTyped(again, PAGE)), /we kept what you typed in “text”/);
  assert.deepEqual(again.values(), { title: "Trees", text: "Plant a thousand." });
  assert.deepEqual(unsavedPages(), [PAGE]);
});

test("a pause or somebody else's edit changes the other fields, and the typed text stays", () => {
  const form = formWith({ title: "Trees", closes_at: "" });
  keepTyped(form, PAGE);
  form.type("title", "Two thousand trees");
  const moved = formWith({ title: "Trees", closes_at: "2027-01-01T09:00" });
  const notice = keepTyped(moved, PAGE);
  assert.deepEqual(moved.values(), { title: "Two thousand trees", closes_at: "2027-01-01T09:00" });
  assert.doesNotMatch(textOf(notice), /Somebody else/);
});

test("the notice says that somebody else has saved the same field, also on a second visit", () => {
  const form = formWith({ title: "Trees" });
  keepTyped(form, PAGE);
  form.type("title", "My trees");
  for (const _ of [1, 2])
    assert.match(textOf(keepTyped(formWith({ title: "Her trees" }), PAGE)), /Somebody else has saved “title” since/);
});

test("saved, restored and forgotten text is not kept", () => {
  const form = formWith({ title: "Trees" });
  keepTyped(form, PAGE);
  form.type("title", "More trees");
  form.type("title", "Trees");
  assert.deepEqual(unsavedPages(), []);
  form.type("title", "More trees");
  assert.equal(keepTyped(formWith({ title: "More trees" }), PAGE), null);
  assert.deepEqual(unsavedPages(), []);
  for (const end of [() => forget(PAGE), forgetAll]) {
    form.type("title", "Even more trees");
    end();
    assert.deepEqual(unsavedPages(), []);
  }
});

test("discarding shows the stored text", () => {
  const form = formWith({ title: "Trees" });
  keepTyped(form, PAGE);
  form.type("title", "More trees");
  const again = formWith({ title: "Trees" });
  const notice = keepTyped(again, PAGE);
  notice.remove = () => {};
  [...notice.all()].find(({ tag }) => tag === "button").listeners.click();
  assert.deepEqual([again.values(), unsavedPages()], [{ title: "Trees" }, []]);
});

test("discarding sends an event only to the fields that it changes, because an event shows a hidden target", () => {
  const stored = { title: "Trees", "letter.targets.19.name": "" };
  const form = formWith(stored);
  keepTyped(form, PAGE);
  form.type("title", "More trees");
  const again = formWith(stored);
  const events = [];
  for (const each of again.elements) each.addEventListener("input", () => events.push(each.name));
  const notice = keepTyped(again, PAGE);
  notice.remove = () => {};
  [...notice.all()].find(({ tag }) => tag === "button").listeners.click();
  assert.deepEqual(events, ["title", "title"]);
});

test("passwords, tokens and files are never kept", () => {
  for (const type of ["password", "file"]) {
    const form = formWith({ title: "" });
    form.elements[0].type = type;
    keepTyped(form, PAGE);
    form.type("title", "staff_secret");
    assert.deepEqual(unsavedPages(), []);
  }
});

test("a form that was sent is empty again and not kept", () => {
  const drawn = [];
  const container = { append: (...elements) => drawn.push(...elements) };
  let empty;
  addResettingForm(container, PAGE, (done) => {
    empty = done;
    return Object.assign(formWith({ title: "" }), { remove: () => drawn.shift() });
  });
  drawn[0].type("title", "Sent");
  assert.deepEqual(unsavedPages(), [PAGE]);
  empty();
  assert.deepEqual([drawn.map((form) => form.values()), unsavedPages()], [[{ title: "" }], []]);
});
