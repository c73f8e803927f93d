// The way in: a token by hand, or the organisation's own sign-in.

import { signIn, site } from "./api.js";
import { field, h } from "./dom.js";

export function signInForm(sentence, done) {
  const secret = h("input", {
    type: "password",
    name: "token",
    autocomplete: "off",
    required: true,
    spellcheck: "false",
  });
  const submit = (event) => {
    event.preventDefault();
    signIn(secret.value.trim());
    done();
  };
  return h(
    "div",
    { class: "card note-page" },
    h("h1", {}, "Staff"),
    h("p", { role: "status", class: sentence ? "notice" : "" }, sentence),
    h(
      "form",
      { onsubmit: submit },
      field(
        "Your token",
        secret,
        "It starts with “staff_”. It is kept in this tab only, and is gone when you close it.",
      ),
      h("p", { class: "send" }, h("button", { class: "button" }, "Sign in")),
    ),
    h(
      "p",
      {},
      h("a", { href: `${site}/staff/signed-in` }, "Sign in with your organisation"),
      ", where that is set up.",
    ),
  );
}
