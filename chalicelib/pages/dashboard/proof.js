// Ask for a proof of work with each signature of a petition or of the whole site, or stop asking.

import { ask } from "./api.js";
import { h } from "./dom.js";
import { number } from "./format.js";
import { sendingForm, submitButton } from "./forms.js";
import { loadPetitionLink } from "./petition-link.js";

/** @import { ProofRequest, ProofSettings } from "#api" */
/** @import { ViewContext } from "./app.js" */

const INTRODUCTION =
  "If programs seem to sign, ask for a proof of work: each browser then computes for about a second before it signs, " +
  "which nobody notices. A signature without a proof is held until you release it, and its owner sees nothing unusual. " +
  "That also concerns people whose browser runs no scripts, so stop asking when it is over.";

/** @param {number} watched */
const watchedText = (watched) =>
  watched
    ? `${number(watched)} ${watched === 1 ? "network or domain signs" : "networks or domains sign"} at an unusual rate ` +
      "now. Their signatures need a proof in any case."
    : "No network or domain signs at an unusual rate now.";

/**
 * @param {string} where
 * @param {ProofRequest} wanted
 * @param {(settings: ProofSettings) => void} show
 */
function switchForm(where, wanted, show) {
  const send = async () => show((await ask("/proof", { method: "PUT", body: wanted })).data);
  return sendingForm(send, [
    h("h2", {}, where),
    h("p", {}, wanted.asked ? "Signatures need no proof." : "Each signature needs a proof."),
    submitButton(wanted.asked ? "Ask for a proof" : "Stop asking"),
  ]);
}

/** @param {ViewContext} context */
export async function showProof({ container, slug, may }) {
  const [petitionLink, current] = await Promise.all([loadPetitionLink(slug, may), ask("/proof")]);
  const place = h("div", {});
  /** @param {ProofSettings} settings */
  const show = ({ everywhere, petitions, watched }) =>
    place.replaceChildren(
      h("p", { role: "status" }, watchedText(watched)),
      switchForm("This petition", { petition: slug, asked: !petitions.includes(slug) }, show),
      switchForm("The whole site", { petition: null, asked: !everywhere }, show),
    );
  show(current.data);
  container.append(
    h("h1", {}, "Proof of work"),
    h("p", { class: "over" }, petitionLink),
    h("p", { class: "lead" }, INTRODUCTION),
    place,
  );
}
