// Partners: other organisations that pass signatures on. List them, add one, and issue its token.

import { ask, post } from "./api.js";
import { showSecretOnce } from "./copy.js";
import { button, h, table } from "./dom.js";
import { field, sendingForm, submitButton } from "./forms.js";
import { refill } from "./refill.js";
import { forget, keepTyped } from "./typed.js";

/** @import { NewPartner, PartnerToken, ShownPartner } from "#api" */
/** @import { ViewContext } from "./app.js" */

const PATH = "/partners";
const INTRODUCTION =
  "A partner runs the petition on its own site and passes signatures on. A person who also signs here counts once.";
const WORDING_HINT =
  "What people agree to on the partner’s site, word for word. It is stored with each signature: you must be able to " +
  "show it.";
const SOURCE_HINT =
  "Begin with partner-, such as partner-oak: small letters, digits and hyphens. The counts by source show it. " +
  "It cannot be changed.";

/** @type {Record<ShownPartner["counts"], string>} */
const COUNTS = {
  "at-once": "When they arrive",
  "after-email": "After our email is confirmed",
};
const COUNTS_HINT =
  "When they arrive: you trust how the partner checks its addresses. Otherwise each person gets one email from us, " +
  "and counts after confirming it.";

/** @param {PartnerToken} issued */
function showOnce({ token, partner }) {
  const warning =
    `Give it to ${partner} in a way that nobody else can read. It can only send signatures of this partner. ` +
    "It is not stored and cannot be shown again. Revoke it on the page Tokens.";
  return showSecretOnce("token", token, warning);
}

/** @type {import("./dom.js").Column<ShownPartner>[]} */
const COLUMNS = [
  { title: "Partner", cell: ({ name }) => name },
  { title: "Source", cell: ({ source }) => source },
  { title: "Its signatures count", cell: ({ counts }) => COUNTS[counts] },
  { title: "Consent", cell: ({ wording, version }) => `${wording} (version ${version})` },
  {
    title: "Token",
    cell: ({ name, source }) =>
      button("Issue a token", async () => showOnce(await post(`${PATH}/${source}/tokens`, {})), {
        "aria-label": `Issue a token for ${name}`,
      }),
  },
];

/** @param {() => Promise<void>} done */
function addForm(done) {
  const source = { name: "source", required: true, pattern: "partner-[a-z0-9\\-]{1,32}", autocapitalize: "none" };
  const options = Object.entries(COUNTS).map(([value, text]) => h("option", { value }, text));
  /** @param {HTMLFormElement} form */
  const add = async (form) => {
    await post(PATH, /** @type {NewPartner} */ (Object.fromEntries(new FormData(form))));
    forget(PATH);
    form.reset();
    await done();
  };
  return sendingForm(add, [
    h("h2", {}, "Add a partner"),
    field("Name", h("input", { name: "name", required: true, maxlength: "200" })),
    field("Source", h("input", source), SOURCE_HINT),
    field("When do its signatures count?", h("select", { name: "counts" }, options), COUNTS_HINT),
    field("Consent", h("textarea", { name: "wording", rows: "3", required: true, maxlength: "1000" }), WORDING_HINT),
    field(
      "Version of the consent",
      h("input", { name: "version", required: true, maxlength: "40", pattern: "[A-Za-z0-9._\\-]+" }),
      "A name for this wording, such as 2026-03. Another wording needs another version.",
    ),
    submitButton("Add the partner"),
  ]);
}

/** @param {ViewContext} context */
export async function showPartners({ container }) {
  const list = h("div");
  const refresh = async () => {
    /** @type {{ partners: ShownPartner[] }} */
    const { partners } = (await ask(PATH)).data;
    const rows = table("Partners", COLUMNS, partners, { hideCaption: true, keyOf: ({ source }) => source });
    refill(list, partners.length ? rows : h("p", {}, "There is no partner yet."));
  };
  await refresh();
  const form = addForm(refresh);
  container.append(h("h1", {}, "Partners"), h("p", { class: "lead" }, INTRODUCTION), list, form);
  form.before(keepTyped(form, PATH) ?? "");
}
