// Sign in with a token, or with the organisation's own account.

import { signIn, site } from "./api.js";
import { h } from "./dom.js";
import { field, submitButton } from "./forms.js";

const HINT = "It starts with “staff_”. It is kept in this tab only, and is gone when you close the tab.";

/**
 * @param {string} message why the user has to sign in again; empty at first
 * @param {() => void} done
 */
export function signInForm(message, done) {
  const secret = h("input", {
    type: "password",
    name: "token",
    autocomplete: "current-password",
    required: true,
    spellcheck: "false",
  });
  /** @param {SubmitEvent} event */
  const onsubmit = (event) => {
    event.preventDefault();
    signIn(secret.value.trim());
    done();
  };
  const signInLink = h("a", { href: `${site()}/staff/signed-in` }, "Sign in with your organisation");
  return h(
    "div",
    { class: "card note-page" },
    h("h1", {}, "Staff"),
    h("p", { role: "status", class: message ? "notice" : "" }, message),
    h("form", { onsubmit }, field("Your token", secret, HINT), submitButton("Sign in")),
    h("p", {}, signInLink, ", if this has been set up."),
  );
}
