// A person's data: find the signatures of an address, send the email again, withdraw, erase, or download everything.

import { messageOf, post } from "./api.js";
import { askToConfirm, button, CANCEL, DONE, h, showDialog } from "./dom.js";
import { download } from "./download.js";
import { country, dateTime, number, source } from "./format.js";
import { field, sendingForm, submitButton } from "./forms.js";

/** @import { PersonFile, PersonSignature, PersonSignatures } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @typedef {PersonSignature["actions"][number]} Action */

/** @type {Record<PersonSignature["state"], string>} */
const STATES = {
  pending: "Not confirmed yet",
  confirmed: "Confirmed",
  held: "Held, does not count",
  removed: "Removed, does not count",
  withdrawn: "Withdrawn",
  expired: "Not confirmed in time",
  erased: "Erased",
};

/** @type {Record<Action, string>} */
const ACTION_NAMES = {
  resend: "Send the email again",
  access: "Show everything we hold",
  withdraw: "Withdraw",
  erase: "Erase",
  "allow-mail": "Allow email again",
};

const WITHDRAW = "It leaves the count immediately. The person may sign again.";
const ERASE_ALL =
  "In every petition, this address leaves the count, and everything about it is deleted. This cannot be undone.";
const ALLOW = "Do this only if the owner of the address asks for it. The activity log keeps the reason: no names.";
const ERASE = "It leaves the count, and name, address and everything else are deleted. This cannot be undone.";

/**
 * @param {string} name
 * @param {string | null | undefined} value
 */
const fact = (name, value) => (value ? h("div", {}, h("dt", {}, name), h("dd", {}, value)) : null);

/** @param {PersonSignature} signature */
function facts({ state, person, times, mail }) {
  /** @param {string | undefined} time */
  const when = (time) => time && dateTime(time);
  return h(
    "dl",
    { class: "details" },
    fact("State", STATES[state]),
    fact("Name", person.name),
    fact("Email", person.email),
    fact("Country", person.country && country(person.country)),
    fact("Postcode", person.postcode),
    fact("Source", person.source && source(person.source)),
    fact("Wants updates", person.updates ? "Yes" : "No"),
    fact("Signed", when(times.signed_at)),
    fact("Confirmed", when(times.confirmed_at)),
    fact("Stopped updates", when(times.unsubscribed_at)),
    fact("Withdrawn", when(times.withdrawn_at)),
    fact("Erased", when(times.erased_at)),
    fact("Emails sent", String(mail.sent)),
    fact("Next email waits until", when(mail.due_at ?? undefined)),
    fact("Wants no email about this petition", mail.stopped ? "Yes" : null),
  );
}

/**
 * Show the answer to a request of the person, to read, and to send as a PDF.
 * @param {PersonFile} file
 * @param {() => Promise<void>} asJson
 */
function showFile({ title, sections, pdf }, asJson) {
  const bytes = Uint8Array.from(atob(pdf), (character) => character.charCodeAt(0));
  const parts = sections.map(({ heading, facts: found }) =>
    h(
      "section",
      {},
      h("h3", {}, heading),
      found.map(({ name, value }) => h("p", {}, name ? h("strong", {}, `${name}: `) : null, value)),
    ),
  );
  const buttons = h(
    "p",
    { class: "acts" },
    button("Download as PDF, for the person", () => download(bytes, "application/pdf", "what-we-hold.pdf")),
    button("Download as JSON, for another program", asJson),
  );
  return showDialog(title, h("div", { "data-file": "" }, buttons, parts), [DONE]);
}

/**
 * What happens when an action's button is pressed.
 * @param {PersonSignature} signature
 * @param {(changed: PersonSignature, text: string) => void} show
 * @param {(text: string) => void} say
 * @returns {Record<Action, () => Promise<void>>}
 */
function handlers(signature, show, say) {
  /**
   * @param {Action} action
   * @param {object} [body]
   */
  const send = (action, body = {}) => post(`/people/${signature.petition.slug}/${signature.id}/${action}`, body);
  return {
    resend: async () => say((await send("resend")).message),
    access: async () => {
      /** @type {PersonFile} */
      const file = await post(`/people/${signature.petition.slug}/${signature.id}/file`, {});
      const asJson = async () => {
        const everything = JSON.stringify(await send("access"), null, 2);
        download(everything, "application/json", `access-${signature.id}.json`);
      };
      await showFile(file, asJson);
    },
    withdraw: async () => {
      if (await askToConfirm("Withdraw this signature?", WITHDRAW, ACTION_NAMES.withdraw))
        show(await send("withdraw"), "The signature has been withdrawn.");
    },
    erase: async () => {
      if (await askToConfirm("Erase this signature?", ERASE, ACTION_NAMES.erase, "act-stern"))
        show(await send("erase"), "The signature has been erased.");
    },
    "allow-mail": async () => {
      const reason = h("textarea", { name: "reason", rows: "3", required: true, maxlength: "1000" });
      const content = h("div", {}, h("p", {}, ALLOW), field("Reason", reason));
      const choices = [{ value: "yes", text: ACTION_NAMES["allow-mail"] }, CANCEL];
      if ((await showDialog("Allow email again?", content, choices)) === "yes")
        show(await send("allow-mail", { reason: reason.value }), "We can email this address again.");
    },
  };
}

/** @param {PersonSignature} first */
function signatureCard(first) {
  const message = h("p", { role: "status" });
  const card = h("section", { class: "card", "data-signature": first.id });
  /** @param {string} text */
  const say = (text) => {
    message.textContent = text;
  };
  /**
   * @param {PersonSignature} signature
   * @param {string} text
   */
  const show = (signature, text) => {
    const handlerOf = handlers(signature, show, say);
    /** @param {Action} action */
    const actionButton = (action) => {
      const kind = action === "erase" ? "act act-stern" : "act";
      return button(ACTION_NAMES[action], () => handlerOf[action]().catch((error) => say(messageOf(error))), {
        class: kind,
      });
    };
    const buttons = h("p", { class: "acts" }, signature.actions.map(actionButton));
    card.replaceChildren(h("h2", {}, signature.petition.title), facts(signature), message, buttons);
    say(text);
  };
  show(first, "");
  return card;
}

/** @param {number | null} waiting */
function waitingText(waiting) {
  if (waiting === 0) return null;
  const subject =
    waiting === null ? "Some signatures may still wait" : `About ${number(waiting)} signatures still wait`;
  return `${subject} to be stored. They cannot be searched yet, and this address may be among them.`;
}

/**
 * The card below the signatures: how many a search cannot find yet, and a button that erases those too.
 * @param {number | null} waiting
 * @param {() => Promise<unknown>} erase
 */
function everythingCard(waiting, erase) {
  const message = h("p", { role: "status" });
  /** @param {unknown} error */
  const showFailure = (error) => {
    message.textContent = messageOf(error);
  };
  const askAndErase = async () => {
    if (await askToConfirm("Erase everything on this address?", ERASE_ALL, "Erase everything", "act-stern"))
      await erase().catch(showFailure);
  };
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Everything on this address"),
    h("p", {}, waitingText(waiting)),
    h("p", {}, "If the person wants to be erased, this erases every signature, those too that still wait."),
    message,
    h("p", { class: "acts" }, button("Erase everything", askAndErase, { class: "act act-stern" })),
  );
}

/** @param {ViewContext} context */
export async function showPeople({ container }) {
  const list = h("div", { role: "region", "aria-label": "Signatures found", "aria-live": "polite" });
  const email = h("input", { name: "email", type: "email", required: true, autocomplete: "off", spellcheck: "false" });
  /** @param {"find" | "erase"} act */
  const request = async (act, address = email.value.trim()) => {
    /** @type {PersonSignatures} */
    const { signatures, waiting } = await post(`/people/${act}`, { email: address });
    const text = act === "find" ? "We found nothing on this address." : "Everything on this address has been erased.";
    const nothing = h("p", { class: "card", role: "status" }, text);
    const everything = everythingCard(waiting, () => request("erase", address));
    list.replaceChildren(
      ...(signatures.length && act === "find" ? [] : [nothing]),
      ...signatures.map(signatureCard),
      everything,
    );
  };
  const find = () => request("find");
  container.append(
    h("h1", {}, "A person’s data"),
    h(
      "p",
      { class: "lead" },
      "First make sure that the owner of the address is asking. Each search is recorded under your name.",
    ),
    sendingForm(find, [field("Their email address", email), submitButton("Find")]),
    list,
  );
}
