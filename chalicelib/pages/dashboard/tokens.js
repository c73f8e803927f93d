// Who may come in: tokens issued, looked over and revoked.

import { ask, post } from "./api.js";
import { button, dialog, field, h, showErrors, sure, table, tick } from "./dom.js";
import { moment } from "./words.js";

const RIGHTS = {
  counts: "Read the numbers",
  manage: "Edit petitions, tokens and the trail",
  export: "Hand signatures over",
  people: "Find, withdraw and erase a person’s data",
};

const shownOnce = ({ token, owner }) =>
  dialog(
    "The token, this once",
    h(
      "div",
      {},
      h("p", {}, `Give it to ${owner} by a way that nobody else reads. It is kept nowhere and cannot be shown again.`),
      h("p", {}, h("code", { "data-token": "" }, token)),
    ),
    [{ value: "", text: "I have it" }],
  );

function state({ usable, revoked_at: revoked }) {
  if (usable) return "In use";
  return revoked ? "Revoked" : "Over";
}

function columns(revoke) {
  return [
    { title: "Whose", cell: ({ owner }) => owner },
    { title: "May", cell: ({ rights }) => rights.join(", ") },
    { title: "State", cell: state },
    { title: "Last used", cell: (token) => (token.last_used_at ? moment(token.last_used_at) : "Never") },
    { title: "Until", cell: (token) => moment(token.expires_at) },
    {
      title: "End it",
      cell: (token) =>
        token.usable
          ? button("Revoke", () => revoke(token), { "aria-label": `Revoke the token of ${token.owner}` })
          : "–",
    },
  ];
}

function issueForm(may, done) {
  const errors = h("div");
  const owner = h("input", { name: "owner", required: true, maxlength: "100" });
  const days = h("input", { name: "days", type: "number", min: "1", max: "3650", value: "90", required: true });
  const submit = async (event) => {
    event.preventDefault();
    errors.replaceChildren();
    const rights = new FormData(event.target).getAll("rights");
    await post("/tokens", { owner: owner.value, rights, days: Number(days.value) })
      .then(shownOnce)
      .then(done)
      .catch((error) => showErrors(errors, error.message, error.errors));
  };
  return h(
    "form",
    { class: "card", onsubmit: submit },
    errors,
    h("h2", {}, "Issue a token"),
    field("Whose is it?", owner, "One for each person or program."),
    h(
      "fieldset",
      {},
      h("legend", {}, "What it may do"),
      Object.entries(RIGHTS)
        .filter(([right]) => may(right))
        .map(([value, text]) => tick(`${text} (${value})`, { name: "rights", value })),
    ),
    field("For how many days?", days),
    h("p", { class: "send" }, h("button", { class: "button" }, "Issue")),
  );
}

export async function showTokens({ room, may }) {
  const list = h("div");
  const refresh = async () => {
    const { data } = await ask("/tokens");
    list.replaceChildren(table("Tokens", columns(revoke), data.tokens, { headed: true }));
  };
  const revoke = async ({ owner, token_id: id }) => {
    if (!(await sure("Revoke this token?", `${owner} is out at once.`, "Revoke", "act-stern"))) return;
    await ask(`/tokens/${id}`, { method: "DELETE" });
    await refresh();
  };
  await refresh();
  room.append(h("h1", {}, "Tokens"), list, issueForm(may, refresh));
}
