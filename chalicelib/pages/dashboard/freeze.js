// Freeze the number for the press: the server dates and signs it, and returns an address where anybody can check it.

import { isRefusal, messageOf, post } from "./api.js";
import { copyButton } from "./copy.js";
import { button, DONE, h, showDialog } from "./dom.js";
import { day, number, signatureWords, timeWithSeconds } from "./format.js";

/** @import { NewStatement, Statement } from "#api" */

/**
 * The number with its unit. Partners' signatures count without our email, so the text says how many they are.
 * @param {Statement} statement
 */
function countText({ confirmed, by_partners: partners }) {
  if (!partners) return `${number(confirmed)} ${signatureWords(confirmed)}`;
  const word = confirmed === 1 ? "signature" : "signatures";
  const byEmail = number(confirmed - partners);
  const parts = `${byEmail} confirmed by email, ${number(partners)} sent by partners who checked them`;
  return `${number(confirmed)} ${word} (${parts})`;
}

/** @param {Statement} statement */
export function sentence(statement) {
  const { title, as_of: at } = statement;
  return `“${title}” had ${countText(statement)} on ${day(at)} at ${timeWithSeconds(at)}.`;
}

/** @param {Statement} statement */
const inclusionText = ({ by_partners: partners }) =>
  partners
    ? "Signatures that were withdrawn or are not confirmed yet are not included."
    : "It includes only confirmed signatures. Withdrawn ones are not included.";

/** @param {NewStatement} created */
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
    h("p", { class: "small" }, inclusionText(statement)),
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
    await showDialog("The frozen number", content(await post(`/petitions/${slug}/statements`, {})), [DONE]);
  } catch (error) {
    const text = isRefusal(error, 403) ? "Your token does not allow this." : messageOf(error);
    await showDialog("The number could not be frozen", h("p", { role: "alert" }, text), [DONE]);
  }
}
