// Handing the signatures over: ask for the file, see how far it is, fetch it.

import { ask, post } from "./api.js";
import { button, field, h, showErrors, table, tick } from "./dom.js";
import { keepFresh } from "./live.js";
import { moment, number } from "./words.js";

const EVERY_MS = 5_000;
const COLUMNS = {
  name: "Name",
  postcode: "Postcode",
  country: "Country",
  confirmed_at: "When confirmed",
  signed_at: "When signed",
  source: "Source",
  text_version: "Version of the text",
  consent_version: "Version of the agreement",
};
const USUAL = ["name", "postcode", "country", "confirmed_at"];
const STATES = {
  waiting: "Waits to begin",
  running: "Being written",
  done: "Ready",
  failed: "Failed",
  expired: "Deleted, its time is over",
};

function wantedForm(slug, done) {
  const errors = h("div");
  const recipient = h("textarea", { name: "recipient", rows: "3", spellcheck: "false", autocomplete: "off" });
  const format = h(
    "select",
    { name: "format" },
    h("option", { value: "csv" }, "CSV, for a spreadsheet"),
    h("option", { value: "ndjson" }, "NDJSON, for a program"),
  );
  const submit = async (event) => {
    event.preventDefault();
    const columns = new FormData(event.target).getAll("columns");
    event.submitter.disabled = true;
    await post(`/petitions/${slug}/exports`, {
      format: format.value,
      columns,
      recipient: recipient.value.trim() || null,
    })
      .then(() => {
        errors.replaceChildren();
        return done();
      })
      .catch((error) => showErrors(errors, error.message, error.errors));
    event.submitter.disabled = false;
  };
  return h(
    "form",
    { class: "card", onsubmit: submit },
    errors,
    h("h2", {}, "Ask for a file"),
    h(
      "fieldset",
      {},
      h("legend", {}, "What it holds"),
      Object.entries(COLUMNS).map(([value, text]) =>
        tick(text, { name: "columns", value, checked: USUAL.includes(value) }),
      ),
    ),
    field("Format", format),
    field(
      "Public key of whoever receives it (optional, and wise)",
      recipient,
      "An age key (age1…) or an OpenPGP key. Only they can then read the file.",
    ),
    h("p", { class: "send" }, h("button", { class: "button" }, "Make the file")),
  );
}

function progress({ state, rows, of, why }) {
  if (state === "failed") return `${STATES.failed}${why ? `: ${why}` : ""}`;
  if (state !== "running") return STATES[state] ?? state;
  return h(
    "span",
    {},
    `${STATES.running}: ${number(rows)} of ${number(of)} `,
    h("progress", {
      max: String(Math.max(of, 1)),
      value: String(Math.min(rows, of)),
      "aria-label": "How far the file is",
    }),
  );
}

// The link is good for minutes only, so it is asked for when it is wanted.
const fetchLink = (id, what, say) => async () => {
  await ask(`/exports/${id}/${what}`)
    .then(({ data }) => location.assign(data.url))
    .catch((error) => say(error.message));
};

function columns(say) {
  return [
    { title: "As of", cell: (one) => moment(one.moment) },
    { title: "State", cell: progress },
    { title: "Signatures", number: true, cell: ({ rows }) => number(rows) },
    { title: "Asked for by", cell: (one) => one.requested_by },
    {
      title: "Fetch",
      cell: ({ id, state }) =>
        state === "done"
          ? h(
              "span",
              { class: "acts" },
              button("The file", fetchLink(id, "file", say)),
              button("The cover sheet", fetchLink(id, "cover", say)),
            )
          : "–",
    },
    { title: "Digest (SHA-256)", cell: ({ sha256 }) => (sha256 ? h("code", {}, sha256) : "–") },
  ];
}

export async function showExports({ room, slug, may, signal }) {
  const said = h("p", { role: "status" });
  const list = h("div");
  const say = (text) => {
    said.textContent = text;
  };
  const refresh = async () => {
    await ask(`/petitions/${slug}/exports`)
      .then(({ data }) =>
        list.replaceChildren(
          data.exports.length
            ? table("Files, the newest first", columns(say), data.exports)
            : h("p", {}, "No file was asked for yet."),
        ),
      )
      .catch((error) => say(error.message));
  };
  room.append(
    h("h1", {}, "Hand the signatures over"),
    h(
      "p",
      { class: "over" },
      h("span", {}, `Petition: ${slug}`),
      may("counts") ? h("a", { href: `#/petitions/${slug}` }, "Its numbers") : null,
    ),
    h(
      "p",
      { class: "lead" },
      "A file of the confirmed signatures as of now. No e-mail address is ever in it. It is deleted after seven days, and each fetch is written down.",
    ),
    said,
    list,
    wantedForm(slug, refresh),
  );
  await keepFresh(refresh, signal, EVERY_MS);
}
