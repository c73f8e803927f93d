// One update: see it as it will look, edit and test the draft, publish it, follow the result, cancel it.

import { ask, messageOf, post } from "./api.js";
import { audienceInWords } from "./audience.js";
import { askToConfirm, button, CANCEL, h, showDialog, table } from "./dom.js";
import { field, sendingForm, showError, submitButton } from "./forms.js";
import { fromInput, timeField } from "./petition-form.js";
import { keepFresh } from "./polling.js";
import { refill } from "./refill.js";
import { forget, keepTyped, unsavedPages } from "./typed.js";
import { REFRESH_EVERY_MS, RESULT_COLUMNS, textFields, textFrom } from "./updates.js";

/** @import { Audience, ManagedPetition, ManagedUpdate } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @typedef {(message?: string) => Promise<void>} Reload */

const PUBLISH = "It also appears on the petition’s page. The text cannot be changed afterwards.";
const UNSAVED = "Careful: you have typed text that is not saved. It is not part of what you publish.";
const DRAFT_EFFECT = "The draft can then no longer be published or changed.";
const CANCEL_EFFECT =
  "No further email leaves after some seconds. What was sent stays sent, and a published update stays on the page.";
const STOPPED = "A fault has stopped this update. Tell your engineer. ";
const CONTINUE =
  "When the fault is repaired, continue the update: " +
  "those who have not got it yet will get it, and nobody gets it twice.";
const NOT_NOW =
  "It cannot be continued now: another update is scheduled or being sent, " +
  "or this one was published more than 30 days ago.";
const PAUSED =
  " No email is lost. If the addresses are fine, continue the update: those who have not got it yet will get it, and " +
  "nobody gets it twice. If they are old or bought, or if people did not ask for it, cancel the update.";
const RESUME_EFFECT =
  "Email providers may then also slow down or refuse other email from this site. Confirmations have a reputation of " +
  "their own.";
const RESULT_HINT =
  "Requested: people who had confirmed and asked for updates. Failed: bounced, refused, or perhaps not sent. " +
  "Skipped: people who withdrew or unsubscribed before, or whose email was cancelled. " +
  "While emails are sent, the numbers lag.";

/**
 * The HTML is made by the server, from Markdown that allows only safe elements.
 * @param {ManagedUpdate} update
 */
function preview({ title, html, language }) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  return h(
    "section",
    { class: "card", "aria-labelledby": "preview-title" },
    h("h2", { id: "preview-title" }, "As people see it"),
    h("div", { lang: language, "data-preview": "" }, h("h3", {}, title), [...body.childNodes]),
  );
}

/**
 * Ask when to publish. Return the body of the request, or null if the user cancelled.
 * @param {string} path
 */
async function askWhen(path) {
  const input = h("input", { name: "at", type: "datetime-local" });
  const warning = unsavedPages().includes(path) ? h("p", {}, UNSAVED) : null;
  const when = timeField("When (UTC)? Leave blank to publish now", input);
  const buttons = [{ value: "yes", text: "Publish" }, CANCEL];
  /** @type {Audience} */
  const audience = (await ask(`${path}/audience`)).data;
  const facts = audienceInWords(audience).map((sentence) => h("li", {}, sentence));
  const content = h("div", {}, h("ul", { "data-audience": "" }, facts), h("p", {}, PUBLISH), warning, when);
  const choice = await showDialog("Publish this update?", content, buttons);
  if (choice !== "yes") return null;
  const at = fromInput(input.value);
  return at ? { at } : {};
}

/**
 * @param {string} path
 * @param {ManagedUpdate} update
 * @param {HTMLElement} errors
 * @param {Reload} reload
 */
function cancelButton(path, { state }, errors, reload) {
  const text = state === "draft" ? "Cancel the draft" : "Cancel the update";
  const effect = state === "draft" ? DRAFT_EFFECT : CANCEL_EFFECT;
  const cancel = async () => {
    if (!(await askToConfirm(`${text}?`, effect, text, "act-stern"))) return;
    await post(`${path}/cancel`, {});
    forget(path);
    await reload();
  };
  return button(text, () => cancel().catch((error) => showError(errors, error)), { class: "act act-stern" });
}

/**
 * @param {string} path
 * @param {HTMLElement} errors
 * @param {Reload} reload
 */
function publishButton(path, errors, reload) {
  const publish = async () => {
    const body = await askWhen(path);
    if (!body) return;
    await post(`${path}/publish`, body);
    forget(path);
    await reload();
  };
  return button("Publish", () => publish().catch((error) => showError(errors, error)));
}

/**
 * @param {string} path
 * @param {HTMLElement} errors
 * @param {Reload} reload
 */
function continueButton(path, errors, reload) {
  const resume = async () => {
    errors.replaceChildren();
    await post(`${path}/publish`, {});
    await reload();
  };
  return button("Continue the update", () => resume().catch((error) => showError(errors, error)));
}

/**
 * @param {string} path
 * @param {HTMLElement} errors
 * @param {Reload} reload
 */
function resumeButton(path, errors, reload) {
  const text = "Continue the update";
  const resume = async () => {
    errors.replaceChildren();
    if (!(await askToConfirm(`${text}?`, RESUME_EFFECT, text))) return;
    await post(`${path}/resume`, {});
    await reload();
  };
  return button(text, () => resume().catch((error) => showError(errors, error)));
}

/** @param {string} path */
function testForm(path) {
  const email = h("input", { name: "email", type: "email", required: true, autocomplete: "email" });
  const message = h("p", { role: "status" });
  const send = async () => {
    message.textContent = "";
    await post(`${path}/test`, { email: email.value.trim() });
    message.textContent = `The test to ${email.value.trim()} is on its way.`;
  };
  return sendingForm(send, [
    h("h2", {}, "Send a test"),
    field("Email address", email, "The test has the text as it was last saved. Its subject begins with [Test]."),
    message,
    submitButton("Send the test"),
  ]);
}

/**
 * @param {string} path
 * @param {ManagedPetition} petition
 * @param {ManagedUpdate} update
 * @param {Reload} reload
 */
function editForm(path, petition, update, reload) {
  /** @param {HTMLFormElement} form */
  const save = async (form) => {
    await ask(path, { method: "PUT", body: textFrom(form) });
    forget(path);
    await reload("Saved.");
  };
  return sendingForm(save, [h("h2", {}, "Edit the draft"), textFields(petition, update), submitButton("Save")]);
}

/** @param {ManagedUpdate} update */
function noticesOf({ stopped, why, actions }) {
  const fault = STOPPED + (actions.includes("publish") ? CONTINUE : NOT_NOW);
  const pause = why && actions.includes("resume") ? why + PAUSED : why;
  return [stopped ? fault : null, pause].filter((text) => text !== null);
}

/**
 * @param {string} path
 * @param {ManagedUpdate} update
 * @param {HTMLElement} errors
 * @param {Reload} reload
 */
function buttonsOf(path, update, errors, reload) {
  return [
    update.actions.includes("publish") ? continueButton(path, errors, reload) : null,
    update.actions.includes("resume") ? resumeButton(path, errors, reload) : null,
    update.actions.includes("cancel") ? cancelButton(path, update, errors, reload) : null,
  ];
}

/**
 * Show an update that cannot be edited any more, with a result that refreshes itself.
 * @param {ViewContext} context
 * @param {string} path
 * @param {ManagedUpdate} first
 */
async function showResult({ container, signal }, path, first) {
  const [errors, live, message] = [h("div"), h("div"), h("p", { role: "status" })];
  const refresh = async () => {
    try {
      /** @type {ManagedUpdate} */
      const update = (await ask(path)).data;
      refill(
        live,
        ...noticesOf(update).map((text) => h("p", { class: "notice" }, text)),
        table("The result", RESULT_COLUMNS, [update], { keyOf: ({ id }) => id }),
        h("p", { class: "acts" }, buttonsOf(path, update, errors, refresh)),
      );
      message.textContent = "";
    } catch (error) {
      message.textContent = messageOf(error);
    }
  };
  container.append(errors, message, live, h("p", { class: "hint" }, RESULT_HINT), preview(first));
  await keepFresh(refresh, signal, REFRESH_EVERY_MS);
}

/** @param {ViewContext} context */
export async function showUpdate(context) {
  const { container, slug, id, signal } = context;
  const path = `/petitions/${slug}/updates/${id}`;
  const [{ data: petition }, { data: update }] = await Promise.all([ask(`/petitions/${slug}`), ask(path)]);
  /** @type {Reload} */
  const reload = async (message) => {
    if (signal.aborted) return;
    container.replaceChildren();
    await showUpdate(context);
    if (message) container.prepend(h("p", { class: "notice", role: "status" }, message));
  };
  container.append(
    h("p", { class: "over" }, h("a", { href: `#/petitions/${slug}/updates` }, "All updates")),
    h("h1", {}, update.title),
  );
  if (update.state !== "draft") return showResult(context, path, update);
  const errors = h("div");
  const buttons = [publishButton(path, errors, reload), cancelButton(path, update, errors, reload)];
  const form = editForm(path, petition, update, reload);
  container.append(errors, h("p", { class: "acts" }, buttons), preview(update), form, testForm(path));
  form.before(keepTyped(form, path) ?? "");
}
