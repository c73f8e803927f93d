// Who has access: issue, list and revoke tokens.

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
    { title: "State", cell: stateOf },
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

/**
 * @param {StaffToken} me the user's own token: a new token has no other rights, and is not valid for longer
 * @param {() => Promise<void>} done
 */
function issueForm(me, done) {
  const owner = h("input", { name: "owner", required: true, maxlength: "100" });
  const days = daysInput(me, Date.now());
  const expiry = `your own token expires: ${dateTime(me.expires_at)}.`;
  /** @param {HTMLFormElement} form */
  const issue = async (form) => {
    const rights = new FormData(form).getAll("rights");
    const lifetime = days ? { days: Number(days.value) } : {};
    const issued = await post(PATH, { owner: owner.value, rights, ...lifetime });
    forget(PATH);
    await showOnce(issued, owner.value);
    await done();
  };
  const checkboxes = me.rights.map((value) => checkbox(`${RIGHTS[value]} (${value})`, { name: "rights", value }));
  return sendingForm(issue, [
    h("h2", {}, "Issue a token"),
    field("Owner", owner, "One token for each person or program."),
    h("fieldset", {}, h("legend", {}, "Rights"), checkboxes),
    days
      ? field("Valid for how many days?", days, `Not longer than ${expiry}`)
      : h("p", {}, `It is valid until ${expiry}`),
    submitButton("Issue"),
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
