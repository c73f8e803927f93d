// Who has access: invite colleagues by email, and issue, list and revoke tokens.

import { ask, post } from "./api.js";
import { showSecretOnce } from "./copy.js";
import { askToConfirm, button, h, table } from "./dom.js";
import { dateTime } from "./format.js";
import { checkbox, field, sendingForm, submitButton } from "./forms.js";
import { refill } from "./refill.js";
import { forget, keepTyped } from "./typed.js";

/** @import { IssuedToken, Right, StaffToken } from "#api" */
/** @import { ViewContext } from "./app.js" */

const PATH = "/tokens";
const MAX_DAYS = 3650;
const DEFAULT_DAYS = 90;

/** @type {Record<Right, string>} */
const RIGHTS = {
  counts: "Read the numbers",
  manage: "Edit petitions, send updates, manage tokens and read the activity log",
  export: "Export signatures",
  people: "Find, withdraw and erase a person’s data",
  partner: "Pass on signatures as a partner",
};

/**
 * @param {IssuedToken} issued
 * @param {string} owner
 */
function showOnce({ token }, owner) {
  const warning = `Give it to ${owner} in a way that nobody else can read. It is not stored and cannot be shown again.`;
  return showSecretOnce("token", token, warning);
}

/** @param {StaffToken} token */
export function stateOf({ usable, revoked_at: revoked }) {
  if (usable) return "In use";
  return revoked ? "Revoked" : "Expired";
}

/**
 * The state of an invitation that nobody has accepted, and else that of the token.
 * @param {StaffToken} token
 * @param {number} now milliseconds since 1970
 */
export function stateInWords(token, now) {
  const { invited_until: until, invited_email: email, accepted_at: accepted } = token;
  if (!until || accepted || !token.usable) return stateOf(token);
  return Date.parse(until) > now
    ? `Invited at ${email}, until ${dateTime(until)}`
    : `Invited at ${email}, not accepted in time`;
}

/**
 * @param {(token: StaffToken) => Promise<void>} revoke
 * @returns {import("./dom.js").Column<StaffToken>[]}
 */
function columns(revoke) {
  /** @param {StaffToken} token */
  const revokeButton = (token) =>
    button("Revoke", () => revoke(token), { "aria-label": `Revoke the token of ${token.owner}` });
  return [
    { title: "Owner", cell: ({ owner }) => owner },
    { title: "Rights", cell: ({ rights }) => rights.map((right) => RIGHTS[right]).join("; ") },
    { title: "State", cell: (token) => stateInWords(token, Date.now()) },
    { title: "Last used", cell: (token) => (token.last_used_at ? dateTime(token.last_used_at) : "Never") },
    { title: "Expires", cell: (token) => dateTime(token.expires_at) },
    { title: "Revoke", cell: (token) => (token.usable ? revokeButton(token) : "–") },
  ];
}

/**
 * The field for the days, or null if your own token expires within a day. A new token cannot outlive your own.
 * @param {StaffToken} own
 * @param {number} now milliseconds since 1970
 */
function daysInput({ expires_at: expires }, now) {
  const mostDays = Math.min(wholeDays(expires, now), MAX_DAYS);
  if (mostDays < 1) return null;
  const value = String(Math.min(mostDays, DEFAULT_DAYS));
  return h("input", { name: "days", type: "number", min: "1", max: String(mostDays), value, required: true });
}

/**
 * @param {string} until
 * @param {number} now milliseconds since 1970
 */
export const wholeDays = (until, now) => Math.floor((Date.parse(until) - now) / 86_400_000);

/** The choice between an invitation by email and a token that is shown, which needs no address (`email`). */
function wayParts() {
  const email = h("input", { name: "email", type: "email", required: true, maxlength: "254", autocomplete: "off" });
  const emailField = field("Their email address", email, "We email a link. It works once, within 72 hours.");
  const sendButton = submitButton("Send the invitation");
  /** @param {Event} event */
  const onchange = ({ target }) => {
    email.disabled = target instanceof HTMLInputElement && target.value === "shown";
    emailField.hidden = email.disabled;
    const button = /** @type {HTMLButtonElement} */ (sendButton.firstChild);
    button.textContent = email.disabled ? "Issue" : "Send the invitation";
  };
  const way = h(
    "fieldset",
    { onchange },
    h("legend", {}, "How do they get it?"),
    checkbox("By email, for a colleague", { name: "way", value: "email", type: "radio", checked: true }),
    checkbox("As a token that is shown here once, for a program", { name: "way", value: "shown", type: "radio" }),
  );
  return { way, email, emailField, sendButton };
}

/**
 * @param {StaffToken} me the user's own token: a new token has no other rights, and is not valid for longer
 * @param {() => Promise<void>} done
 */
function issueForm(me, done) {
  const owner = h("input", { name: "owner", required: true, maxlength: "100" });
  const { email, ...parts } = wayParts();
  const days = daysInput(me, Date.now());
  const expiry = `your own token expires: ${dateTime(me.expires_at)}.`;
  /** @param {HTMLFormElement} form */
  const issue = async (form) => {
    const rights = new FormData(form).getAll("rights");
    const lifetime = days ? { days: Number(days.value) } : {};
    const access = { owner: owner.value, rights, ...lifetime };
    const given = email.disabled
      ? await post(PATH, access)
      : await post("/invitations", { ...access, email: email.value });
    forget(PATH);
    if (given.token) await showOnce(given, owner.value);
    else {
      owner.value = "";
      email.value = "";
    }
    await done();
    if (!given.token) said.textContent = `The invitation to ${given.invited_email} is on its way.`;
  };
  const checkboxes = me.rights.map((value) => checkbox(`${RIGHTS[value]} (${value})`, { name: "rights", value }));
  const said = h("p", { role: "status" });
  return sendingForm(issue, [
    h("h2", {}, "Give access"),
    parts.way,
    field("Owner", owner, "The name of the person or program. One token for each."),
    parts.emailField,
    h("fieldset", {}, h("legend", {}, "Rights"), checkboxes),
    days
      ? field("Valid for how many days?", days, `Not longer than ${expiry}`)
      : h("p", {}, `It is valid until ${expiry}`),
    parts.sendButton,
    said,
  ]);
}

/** @param {ViewContext} context */
export async function showTokens({ container, me }) {
  const list = h("div");
  const refresh = async () => {
    /** @type {{ tokens: StaffToken[] }} */
    const { tokens } = (await ask(PATH)).data;
    refill(list, table("Tokens", columns(revoke), tokens, { hideCaption: true, keyOf: (token) => token.token_id }));
  };
  /** @param {StaffToken} token */
  const revoke = async ({ owner, token_id: id }) => {
    if (!(await askToConfirm("Revoke this token?", `${owner} loses access immediately.`, "Revoke", "act-stern")))
      return;
    await ask(`/tokens/${id}`, { method: "DELETE" });
    await refresh();
  };
  await refresh();
  const form = issueForm(me, refresh);
  container.append(h("h1", {}, "Tokens"), list, form);
  form.before(keepTyped(form, PATH) ?? "");
}
