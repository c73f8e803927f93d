// Create a petition: from the template with the charity's usual wordings, or as a copy of another petition.

import { ask, post } from "./api.js";
import { copyOf, firstPetition, startFrom, withTarget } from "./defaults.js";
import { h } from "./dom.js";
import { explain } from "./edit.js";
import { field, sectionLinks, sendingForm, setField, submitButton } from "./forms.js";
import { fillForm, petitionFields, petitionFrom } from "./petition-form.js";
import { forget, keepTyped } from "./typed.js";

/** @import { ManagedPetition } from "#api" */
/** @import { ViewContext } from "./app.js" */

const SLUG_PATTERN = "[a-z0-9](?:[a-z0-9\\-]*[a-z0-9])?";
const SLUG_HINT =
  "The last part of its link, made from the title: small letters, digits and hyphens. Change it now if you like: it " +
  "cannot be changed later.";
const INTRODUCTION =
  "It starts as a draft that the public cannot see. You can preview and change it before you open it. " +
  "Replace everything in [square brackets].";

/**
 * @param {ManagedPetition | null} from
 * @param {boolean} isCopy
 */
function origin(from, isCopy) {
  if (!from) return "";
  const text = isCopy
    ? `This is a copy of “${from.title}”. Give it an address and its dates.`
    : `Name, contact and wordings are those of “${from.title}”. Check whom the wordings name.`;
  return h("p", {}, text);
}

/**
 * When the user has typed the target, put it into the gaps that stand for it.
 * @param {Event} event
 */
function fillTargetGaps({ target: input }) {
  const { name, form, value } = /** @type {HTMLInputElement} */ (input);
  if (name !== "target" || !form) return;
  const typed = new FormData(form);
  for (const fieldName of ["summary", "text", "sign_wording", "updates_wording"]) {
    const before = String(typed.get(fieldName) ?? "");
    const after = withTarget(before, value.trim());
    if (after !== before) setField(form, fieldName, after);
  }
}

/**
 * "Keep children safe!" gives "keep-children-safe".
 * @param {string} title
 */
export const slugOf = (title) =>
  title
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 60)
    .replace(/^-+|-+$/g, "");

/**
 * Make the address from the title, until the user types another one.
 * @param {HTMLFormElement} form
 * @param {HTMLInputElement} slug
 */
function proposeAddress(form, slug) {
  let isTyped = slug.value !== "";
  slug.addEventListener("input", () => {
    isTyped = slug.value !== "";
  });
  const title = /** @type {HTMLInputElement} */ (form.elements.namedItem("title"));
  title.addEventListener("input", () => {
    if (!isTyped) slug.value = slugOf(title.value);
  });
}

/** @param {ViewContext} context `slug`: of the petition to copy, or "" */
export async function showNew({ container, slug: copiedSlug, may }) {
  const path = copiedSlug ? `/new/${copiedSlug}` : "/new";
  const slug = h("input", { name: "slug", required: true, maxlength: "60", pattern: SLUG_PATTERN });
  /** @type {ManagedPetition | null} */
  const from = copiedSlug ? (await ask(`/petitions/${copiedSlug}`)).data : await firstPetition(may);
  const start = from && copiedSlug ? copyOf(from) : startFrom(from);
  /** @param {HTMLFormElement} form */
  const create = async (form) => {
    const created = await post("/petitions", { slug: slug.value.trim(), ...petitionFrom(new FormData(form), start) });
    forget(path);
    location.hash = `#/petitions/${created.slug}/edit`;
  };
  const [words, ...others] = petitionFields(start);
  const fields = [words, field("Address", slug, SLUG_HINT), others, submitButton("Save as a draft")];
  const form = sendingForm(create, fields, explain);
  fillForm(form, start);
  form.addEventListener("change", fillTargetGaps);
  container.append(
    h("h1", {}, "New petition"),
    h("p", { class: "lead" }, INTRODUCTION),
    origin(from, Boolean(copiedSlug)),
    form,
  );
  form.before(keepTyped(form, path) ?? "", sectionLinks(form));
  proposeAddress(form, slug);
}
