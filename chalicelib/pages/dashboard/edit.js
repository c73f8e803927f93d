// Edit, preview, open, pause, close and remove a petition.

import { ask, isRefusal, messageOf, post, site } from "./api.js";
import { copyButton } from "./copy.js";
import { button, DONE, h, showDialog } from "./dom.js";
import { sectionLinks, sendingForm, showError, submitButton } from "./forms.js";
import { askForDetails, sendTwiceIfBrackets, wordsFor } from "./lifecycle.js";
import { badge } from "./overview.js";
import { fillForm, petitionFields, petitionFrom } from "./petition-form.js";
import { pictureForm } from "./picture.js";
import { forget, keepTyped, unsavedPages } from "./typed.js";

/** @import { ManagedPetition, Preview, Transition } from "#api" */
/** @import { Answer } from "./api.js" */
/** @import { ViewContext } from "./app.js" */

const STALE = "Somebody else has changed this petition since you opened it. Load it again, then make your change.";
const TOO_LONG =
  "All texts together are too long for this form. Shorten them, or ask your engineer to load the petition from a file.";

/** @param {unknown} error */
export function explain(error) {
  if (isRefusal(error, 413)) return TOO_LONG;
  return isRefusal(error, 412) ? STALE : messageOf(error);
}

/** @param {Preview} preview */
function showPreview({ url }) {
  const text =
    "Anybody with this link sees the petition as it is saved now. The form on it cannot be sent. " +
    "It works for one hour.";
  const link = h("a", { href: url, target: "_blank", rel: "noopener" }, "Open it in a new tab");
  const acts = h("p", { class: "acts" }, link, copyButton("Copy the link", url));
  return showDialog("Preview link", h("div", {}, h("p", {}, text), acts), [DONE]);
}

/**
 * @param {string} path
 * @param {Answer<ManagedPetition>} stored
 * @param {() => Promise<void>} reload
 */
function editForm(path, { data: petition, etag }, reload) {
  /** @param {HTMLFormElement} form */
  const save = async (form) => {
    const edited = petitionFrom(new FormData(form), petition);
    if (!(await sendTwiceIfBrackets(edited, (body) => ask(path, { method: "PUT", body, etag })))) return;
    forget(`${path}/edit`);
    await reload();
  };
  const form = sendingForm(save, [petitionFields(petition), submitButton("Save")], explain);
  fillForm(form, petition);
  return form;
}

/**
 * The buttons above the form.
 * @param {string} path
 * @param {Answer<ManagedPetition>} stored
 * @param {() => Promise<void>} reload
 * @param {HTMLElement} errors
 */
function actions(path, { data: petition, etag }, reload, errors) {
  /** @param {() => Promise<unknown>} act */
  const reportingErrors = (act) => () => act().catch((error) => showError(errors, error, explain(error)));
  const preview = reportingErrors(async () => showPreview(await post(`${path}/preview`, {})));
  /** @param {Transition} transition */
  const applyTransition = async (transition) => {
    const body = await askForDetails(petition, transition, unsavedPages().includes(`${path}/edit`));
    if (!body) return;
    if (await sendTwiceIfBrackets(body, (sent) => ask(`${path}/state`, { method: "POST", body: sent, etag })))
      await reload();
  };
  /** @param {Transition} transition */
  const transitionButton = (transition) => {
    const { action, kind = "" } = wordsFor(petition, transition.state);
    return button(
      action,
      reportingErrors(() => applyTransition(transition)),
      { class: `act ${kind}` },
    );
  };
  return h("p", { class: "acts" }, button("Preview", preview), petition.transitions.map(transitionButton));
}

/** @param {ManagedPetition} petition */
const publicLink = ({ slug, state, scheduled_opening: opens }) =>
  state === "draft" || opens ? null : h("a", { href: `${site()}/petitions/${slug}` }, "Public page");

/** @param {ViewContext} context */
export async function showEdit(context) {
  const { container, slug, signal } = context;
  const path = `/petitions/${slug}`;
  /** @type {Answer<ManagedPetition>} */
  const stored = await ask(path);
  const petition = stored.data;
  const errors = h("div");
  /** @param {string} [message] */
  const reload = async (message) => {
    if (signal.aborted) return;
    container.replaceChildren();
    await showEdit(context);
    if (message) container.prepend(h("p", { class: "notice", role: "status" }, message));
  };
  const form = editForm(path, stored, () => reload("Saved."));
  container.append(
    h(
      "p",
      { class: "over" },
      badge(petition),
      h("a", { href: `#/petitions/${slug}` }, "Its numbers"),
      h("a", { href: `#/new/${slug}` }, "Copy as a new draft"),
      publicLink(petition),
    ),
    h("h1", {}, petition.title),
    errors,
    actions(path, stored, reload, errors),
    form,
    pictureForm(path, petition, reload),
  );
  form.before(keepTyped(form, `${path}/edit`) ?? "", sectionLinks(form));
}
