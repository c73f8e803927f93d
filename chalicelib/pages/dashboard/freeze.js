// The number for the press: dated and signed by the server, at an address where anybody can check it.

import { isRefusal, messageOf, post } from "./api.js";
import { copyButton } from "./copy.js";
import { button, DONE, dialog, h } from "./dom.js";
import { day, number, second, signatures } from "./format.js";

/** @import { NewStatement, Statement } from "#api" */

/**
 * The number in words. Partners' signatures count without our email, so it says how many they are.
 * @param {Statement} statement
 */
function counted({ confirmed, by_partners: partners }) {
  if (!partners) return `${number(confirmed)} ${signatures(confirmed)}`;
  const word = confirmed === 1 ? "signature" : "signatures";
  const byEmail = number(confirmed - partners);
  const parts = `${byEmail} confirmed by email, ${number(partners)} sent by partners who checked them`;
  return `${number(confirmed)} ${word} (${parts})`;
}

/** @param {Statement} statement */
export const sentence = (statement) =>
  `“${statement.title}” had ${counted(statement)} on ${day(statement.as_of)} at ${second(statement.as_of)}.`;

/** @param {Statement} statement */
const included = ({ by_partners: partners }) =>
  partners
    ? "Signatures that were withdrawn or are not confirmed yet are not included."
    : "It includes only confirmed signatures. Withdrawn ones are not included.";

/** @param {NewStatement} frozen */
function content({ url, short_url: shortUrl, statement }) {
  const text = sentence(statement);
  return h(
    "div",
    { class: "statement", "data-statement": "" },
    h("p", { class: "lead" }, text),
    h(
      "p",
      {},
      "Anybody can check it here: ",
      h("a", { href: shortUrl, class: "short" }, shortUrl.replace(/^https?:\/\//, "")),
    ),
    statement.total ? h("p", { "data-total": "" }, statement.total) : null,
    statement.letters ? h("p", {}, statement.letters) : null,
    h("p", { class: "small" }, included(statement)),
    h(
      "p",
      { class: "acts" },
      copyButton("Copy the sentence and its address", `${text} ${shortUrl}`),
      copyButton("Copy the long address, which proves itself", url),
      button("Print", () => window.print()),
    ),
  );
}

/** @param {string} slug */
export async function freeze(slug) {
  try {
    await dialog("The frozen number", content(await post(`/petitions/${slug}/statements`, {})), [DONE]);
  } catch (error) {
    const text = isRefusal(error, 403) ? "Your token does not allow this." : messageOf(error);
    await dialog("The number could not be frozen", h("p", { role: "alert" }, text), [DONE]);
  }
}
