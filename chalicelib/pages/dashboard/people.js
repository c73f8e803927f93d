// Somebody asks what we hold on them: find it, send the email again, withdraw, erase, or give it to them.

import { messageOf, post } from "./api.js";
import { button, CANCEL, confirmed, dialog, h } from "./dom.js";
import { download } from "./download.js";
import { country, dateTime, source } from "./format.js";
import { field, sendingForm, submitButton } from "./forms.js";

/** @import { PersonSignature, PersonSignatures } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @typedef {PersonSignature["actions"][number]} Action */

/** @type {Record<PersonSignature["state"], string>} */
const STATES = {
  pending: "Not confirmed yet",
  confirmed: "Confirmed",
  withdrawn: "Withdrawn",
  expired: "Not confirmed in time",
  erased: "Erased",
};

/** @type {Record<Action, string>} */
const ACTION_NAMES = {
  resend: "Send the email again",
  access: "Download everything we hold",
  withdraw: "Withdraw",
  erase: "Erase",
  "allow-mail": "Allow email again",
};

const WITHDRAW = "It leaves the count immediately. The person may sign again.";
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
    fact("Withdrawn", when(times.withdrawn_at)),
    fact("Erased", when(times.erased_at)),
    fact("Emails sent", String(mail.sent)),
    fact("Next email waits until", when(mail.due_at ?? undefined)),
    fact("Wants no email about this petition", mail.stopped ? "Yes" : null),
  );
}

/**
 * What happens when an action's button is pressed.
 * @param {PersonSignature} found
 * @param {(changed: PersonSignature, text: string) => void} show
 * @param {(text: string) => void} say
 * @returns {Record<Action, () => Promise<void>>}
 */
function handlers(found, show, say) {
  /**
   * @param {Action} action
   * @param {object} [body]
   */
  const send = (action, body = {}) => post(`/people/${found.petition.slug}/${found.id}/${action}`, body);
  return {
    resend: async () => say((await send("resend")).message),
    access: async () => {
      const everything = JSON.stringify(await send("access"), null, 2);
      download(everything, "application/json", `access-${found.id}.json`);
    },
    withdraw: async () => {
      if (await confirmed("Withdraw this signature?", WITHDRAW, ACTION_NAMES.withdraw))
        show(await send("withdraw"), "The signature has been withdrawn.");
    },
    erase: async () => {
      if (await confirmed("Erase this signature?", ERASE, ACTION_NAMES.erase, "act-stern"))
        show(await send("erase"), "The signature has been erased.");
    },
    "allow-mail": async () => {
      const reason = h("textarea", { name: "reason", rows: "3", required: true, maxlength: "1000" });
      const asked = h("div", {}, h("p", {}, ALLOW), field("Reason", reason));
      const choices = [{ value: "yes", text: ACTION_NAMES["allow-mail"] }, CANCEL];
      if ((await dialog("Allow email again?", asked, choices)) === "yes")
        show(await send("allow-mail", { reason: reason.value }), "We can email this address again.");
    },
  };
}

/** @param {PersonSignature} found */
function signatureCard(found) {
  const message = h("p", { role: "status" });
  const card = h("section", { class: "card", "data-signature": found.id });
  /** @param {string} text */
  const say = (text) => {
    message.textContent = text;
  };
  /**
   * @param {PersonSignature} signature
   * @param {string} text
   */
  const show = (signature, text) => {
    const handle = handlers(signature, show, say);
    /** @param {Action} action */
    const actionButton = (action) => {
      const kind = action === "erase" ? "act act-stern" : "act";
      return button(ACTION_NAMES[action], () => handle[action]().catch((error) => say(messageOf(error))), {
        class: kind,
      });
    };
    const buttons = h("p", { class: "acts" }, signature.actions.map(actionButton));
    card.replaceChildren(h("h2", {}, signature.petition.title), facts(signature), message, buttons);
    say(text);
  };
  show(found, "");
  return card;
}

/** @param {ViewContext} context */
export async function showPeople({ container }) {
  const list = h("div", { role: "region", "aria-label": "Signatures found", "aria-live": "polite" });
  const email = h("input", { name: "email", type: "email", required: true, autocomplete: "off", spellcheck: "false" });
  const find = async () => {
    /** @type {PersonSignatures} */
    const { signatures } = await post("/people/find", { email: email.value.trim() });
    const nothing = h("p", { class: "card" }, "We hold nothing on this address.");
    list.replaceChildren(...(signatures.length ? signatures.map(signatureCard) : [nothing]));
  };
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
