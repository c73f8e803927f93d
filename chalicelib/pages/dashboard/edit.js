// A petition's life: drafted, edited, looked at, opened, paused, closed, removed.

import { ask, post, Refused } from "./api.js";
import { button, CANCEL, dialog, field, h, showErrors, sure } from "./dom.js";
import { badge } from "./overview.js";
import { fillForm, inApi, inForm, petitionFields, petitionIn } from "./petition-form.js";

const SECRETLY_CHANGED =
  "Somebody else has changed this petition since you opened it. Load it again, then make your change.";
const MOVES = {
  draft: ["open", "removed"],
  open: ["paused", "closed", "removed"],
  paused: ["open", "closed", "removed"],
  closed: ["open", "removed"],
  removed: ["draft"],
};
const MOVE = {
  open: { text: "Open for signatures", says: "Everybody can sign it from its opening time on." },
  paused: {
    text: "Pause",
    says: "Nobody can sign until you open it again. The closing moves on by as long as the pause lasts.",
  },
  closed: { text: "Close", says: "Nobody can sign any more. Who signed today still has a day to confirm." },
  removed: {
    text: "Remove",
    says: "Its page says that it was taken down, and why. Signatures are kept until you have them erased.",
    kind: "act-stern",
    reason: true,
  },
  draft: { text: "Make it a draft again", says: "It is not public." },
};

const explain = (place, error) => {
  const stale = error instanceof Refused && error.status === 412;
  showErrors(place, stale ? SECRETLY_CHANGED : error.message, error.errors);
};

function formWith(errors, submit, ...children) {
  return h(
    "form",
    {
      class: "card",
      onsubmit: async (event) => {
        event.preventDefault();
        errors.replaceChildren();
        event.submitter.disabled = true;
        await submit(event.target).catch((error) => explain(errors, error));
        event.submitter.disabled = false;
      },
    },
    errors,
    ...children,
  );
}

export async function showNew({ room }) {
  const slug = h("input", {
    name: "slug",
    required: true,
    maxlength: "60",
    pattern: "[a-z0-9](?:[a-z0-9\\-]*[a-z0-9])?",
  });
  const create = async (form) => {
    const made = await post("/petitions", { slug: slug.value.trim(), ...petitionIn(form) });
    location.hash = `#/petitions/${made.slug}/edit`;
  };
  room.append(
    h("h1", {}, "New petition"),
    h(
      "p",
      { class: "lead" },
      "It starts as a draft that nobody sees. You can look at it and change it before you open it.",
    ),
    formWith(
      h("div"),
      create,
      field(
        "Address",
        slug,
        "The last part of its link, in small letters, digits and hyphens. It cannot be changed later.",
      ),
      petitionFields(),
      h("p", { class: "send" }, h("button", { class: "button" }, "Save as a draft")),
    ),
  );
}

// What can be told to happen later, with the time that was planned.
const LATER = { "draft open": "opened_at", "open closed": "closes_at" };

function askedOf(petition, state) {
  if (MOVE[state].reason)
    return {
      name: "reason",
      label: "Reason, as the public reads it",
      input: h("textarea", { rows: "3", required: true, maxlength: "1000" }),
    };
  const planned = LATER[`${petition.state} ${state}`];
  if (!planned) return null;
  const later = Date.parse(petition[planned]) > Date.now() ? inForm(petition[planned]) : "";
  return { name: "at", label: "When (UTC)? Empty is now", input: h("input", { type: "datetime-local", value: later }) };
}

async function moveBody(petition, state) {
  const { text, says, kind } = MOVE[state];
  const asked = askedOf(petition, state);
  if (!asked) return (await sure(text, says, text)) ? { state } : null;
  asked.input.name = asked.name;
  const chosen = await dialog(text, h("div", {}, h("p", {}, says), field(asked.label, asked.input)), [
    { value: "yes", text, kind },
    CANCEL,
  ]);
  if (chosen !== "yes") return null;
  const value = asked.name === "at" ? inApi(asked.input.value) : asked.input.value.trim();
  return { state, ...(value ? { [asked.name]: value } : {}) };
}

export async function showEdit({ room, slug, signal }) {
  const path = `/petitions/${slug}`;
  const { data: petition, etag } = await ask(path);
  const errors = h("div");
  const again = () => {
    if (!signal.aborted) {
      room.replaceChildren();
      return showEdit({ room, slug, signal });
    }
    return undefined;
  };
  const change = (method, where, body) => ask(where, { method, body, headers: { "If-Match": etag } });

  const move = async (state) => {
    const body = await moveBody(petition, state);
    if (!body) return;
    await change("POST", `${path}/state`, body)
      .then(again)
      .catch((error) => explain(errors, error));
  };
  const preview = async () => {
    await post(`${path}/preview`, {})
      .then(({ url }) => shownPreview(url))
      .catch((error) => explain(errors, error));
  };
  const save = async (form) => {
    await change("PUT", path, petitionIn(form, petition));
    await again();
    room.prepend(h("p", { class: "notice", role: "status" }, "Saved."));
  };

  const form = formWith(
    h("div"),
    save,
    petitionFields(),
    h("p", { class: "send" }, h("button", { class: "button" }, "Save")),
  );
  fillForm(form, petition);
  room.append(
    h("p", { class: "over" }, badge(petition.state), h("a", { href: `#/petitions/${slug}` }, "Its numbers")),
    h("h1", {}, petition.title),
    errors,
    h(
      "p",
      { class: "acts" },
      button("Look at it", preview),
      (MOVES[petition.state] ?? []).map((state) =>
        button(MOVE[state].text, () => move(state), { class: `act ${MOVE[state].kind ?? ""}` }),
      ),
    ),
    form,
  );
}

const shownPreview = (url) =>
  dialog(
    "A link to look at it",
    h(
      "div",
      {},
      h(
        "p",
        {},
        "Whoever has this link sees the petition as it is saved now. The form on it cannot be sent. The link ends by itself.",
      ),
      h("p", {}, h("a", { href: url, target: "_blank", rel: "noopener" }, "Open it in a new tab")),
    ),
    [{ value: "", text: "Close" }],
  );
