// Somebody writes: "what do you have on me?" Find it, mail again, withdraw, erase, hand it to them.

import { post } from "./api.js";
import { button, field, h, showErrors, sure } from "./dom.js";
import { save } from "./save.js";
import { country, moment, source } from "./words.js";

const STATES = {
  pending: "Not confirmed yet",
  confirmed: "Confirmed",
  withdrawn: "Withdrawn",
  expired: "Not confirmed in time",
  erased: "Erased",
};
const ENDED = ["withdrawn", "erased"];

const fact = (name, value) => (value ? h("div", {}, h("dt", {}, name), h("dd", {}, value)) : null);

function facts({ state, person, times, mail }) {
  return h(
    "dl",
    { class: "details" },
    fact("State", STATES[state] ?? state),
    fact("Name", person.name),
    fact("E-mail", person.email),
    fact("Country", person.country && country(person.country)),
    fact("Postcode", person.postcode),
    fact("Came from", person.source && source(person.source)),
    fact("Wants updates", person.updates ? "Yes" : "No"),
    fact("Signed", times.signed_at && moment(times.signed_at)),
    fact("Confirmed", times.confirmed_at && moment(times.confirmed_at)),
    fact("Withdrawn", times.withdrawn_at && moment(times.withdrawn_at)),
    fact("Erased", times.erased_at && moment(times.erased_at)),
    fact("Mails sent", `${mail.sent} of ${mail.at_most} at most`),
  );
}

const WITHDRAW = "It leaves the count at once. The person may sign again.";
const ERASE =
  "It leaves the count, and name, address and everything else of it are deleted. This cannot be taken back.";

function card(found) {
  const said = h("p", { role: "status" });
  const holder = h("section", { class: "card", "data-signature": found.id });
  const path = `/people/${found.petition.slug}/${found.id}`;
  const act = (deed, then) => () =>
    post(`${path}/${deed}`, {})
      .then(then)
      .catch((error) => {
        said.textContent = error.message;
      });
  const ended = (text) => (changed) => {
    fill(changed);
    said.textContent = text;
  };
  const withdraw = async () => {
    if (await sure("Withdraw this signature?", WITHDRAW, "Withdraw"))
      await act("withdraw", ended("It is withdrawn."))();
  };
  const erase = async () => {
    if (await sure("Erase this signature?", ERASE, "Erase", "act-stern")) await act("erase", ended("It is erased."))();
  };
  const fill = (one) =>
    holder.replaceChildren(
      h("h2", {}, one.petition.title),
      facts(one),
      said,
      h(
        "p",
        { class: "acts" },
        one.state === "pending"
          ? button(
              "Send the mail again",
              act("resend", ({ message }) => {
                said.textContent = message;
              }),
            )
          : null,
        button(
          "Save all we hold on them",
          act("access", (all) => save(JSON.stringify(all, null, 2), "application/json", `access-${one.id}.json`)),
        ),
        ENDED.includes(one.state) ? null : button("Withdraw", withdraw),
        one.state === "erased" ? null : button("Erase", erase, { class: "act act-stern" }),
      ),
    );
  fill(found);
  return holder;
}

export async function showPeople({ room }) {
  const errors = h("div");
  const list = h("div", { role: "region", "aria-label": "What was found", "aria-live": "polite" });
  const email = h("input", { name: "email", type: "email", required: true, autocomplete: "off", spellcheck: "false" });
  const find = async (event) => {
    event.preventDefault();
    errors.replaceChildren();
    await post("/people/find", { email: email.value.trim() })
      .then(({ signatures }) =>
        list.replaceChildren(
          ...(signatures.length
            ? signatures.map(card)
            : [h("p", { class: "card" }, "Nothing is held on this address.")]),
        ),
      )
      .catch((error) => showErrors(errors, error.message, error.errors));
  };
  room.append(
    h("h1", {}, "A person’s data"),
    h(
      "p",
      { class: "lead" },
      "Make sure that it is the owner of the address who asks. Each search is written down under your name.",
    ),
    h(
      "form",
      { class: "card", onsubmit: find },
      errors,
      field("Their e-mail address", email),
      h("p", { class: "send" }, h("button", { class: "button" }, "Find")),
    ),
    list,
  );
}
