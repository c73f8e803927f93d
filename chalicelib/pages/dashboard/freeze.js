// The number for the press: dated and signed by the server, under an address that anybody can check.

import { post, Refused } from "./api.js";
import { button, dialog, h } from "./dom.js";
import { day, number, second, signatures } from "./words.js";

const sentence = ({ title, confirmed, as_of: at }) =>
  `“${title}” had ${number(confirmed)} ${signatures(confirmed)} on ${day(at)} at ${second(at)}.`;

function copier(text) {
  const copy = button("Copy the sentence and its address", async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
  });
  return copy;
}

function statementOf({ url, statement }) {
  return h(
    "div",
    { class: "statement", "data-statement": "" },
    h("p", { class: "lead" }, sentence(statement)),
    h("p", {}, "Anybody can check it here: ", h("a", { href: url }, url)),
    h("p", { class: "small" }, "Only confirmed signatures are in it. Withdrawn ones are not."),
    h(
      "p",
      { class: "acts" },
      copier(`${sentence(statement)} ${url}`),
      button("Print", () => window.print()),
    ),
  );
}

export async function freeze(slug) {
  try {
    const frozen = await post(`/petitions/${slug}/statements`, {});
    await dialog("The number, frozen", statementOf(frozen), [{ value: "", text: "Close" }]);
  } catch (error) {
    const text = error instanceof Refused && error.status === 403 ? "Your token may not do this." : error.message;
    await dialog("The number could not be frozen", h("p", { role: "alert" }, text), [{ value: "", text: "Close" }]);
  }
}
