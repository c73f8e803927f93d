// The trail: what staff did, newest first. It can be read and never changed.

import { ask } from "./api.js";
import { button, field, h, table } from "./dom.js";
import { exactly } from "./words.js";

const DEEDS = {
  "petition.created": "Drafted a petition",
  "petition.loaded": "Loaded a petition from its file",
  "petition.edited": "Edited a petition",
  "petition.opened": "Opened a petition",
  "petition.paused": "Paused a petition",
  "petition.closed": "Closed a petition",
  "petition.removed": "Removed a petition",
  "petition.withheld": "Made a petition a draft again",
  "petition.previewed": "Made a link to look at a petition",
  "token.issued": "Issued a token",
  "token.revoked": "Revoked a token",
  "statement.frozen": "Froze a number for the press",
  "export.requested": "Asked for a file of signatures",
  "export.fetched": "Fetched a file of signatures",
  "person.found": "Searched for a person",
  "person.shown": "Looked at a signature",
  "mail.resent": "Sent a mail again",
  "signature.withdrawn": "Withdrew a signature",
  "signature.erased": "Erased a signature",
  "access.exported": "Saved all we hold on a person",
  "signed-in": "Signed in",
  "table.copied": "Made a copy of a table from its backup",
  "table.restored": "Put back what a table had lost",
  "copy.deleted": "Deleted the copy of a table",
};

const COLUMNS = [
  { title: "When", cell: ({ at }) => exactly(at) },
  { title: "Who", cell: ({ owner }) => owner },
  { title: "Did what", cell: ({ action }) => DEEDS[action] ?? action },
  { title: "To what", cell: ({ subject }) => subject },
  {
    title: "Details",
    cell: ({ details }) =>
      Object.entries(details)
        .map(([name, value]) => `${name}: ${value}`)
        .join(", "),
  },
  { title: "From where", cell: (entry) => entry.source_ip },
];

export async function showAudit({ room }) {
  const list = h("div");
  const actor = h("input", { name: "actor" });
  let entries = [];
  const fetchPage = async (after) => {
    const query = new URLSearchParams({
      ...(actor.value ? { actor: actor.value.trim() } : {}),
      ...(after ? { after } : {}),
    });
    const { data } = await ask(`/audit?${query}`);
    entries = [...(after ? entries : []), ...data.entries];
    list.replaceChildren(
      entries.length
        ? table("What was done, latest first", COLUMNS, entries)
        : h("p", {}, "Nothing was done in these 90 days."),
      data.next ? button("Show older ones", () => fetchPage(data.next)) : "",
    );
  };
  await fetchPage();
  room.append(
    h("h1", {}, "Who did what"),
    h(
      "form",
      {
        class: "card",
        onsubmit: (event) => {
          event.preventDefault();
          return fetchPage();
        },
      },
      field("Only of (optional)", actor, "The name as it stands under “Who”."),
      h("p", { class: "acts" }, h("button", { class: "act" }, "Show")),
    ),
    list,
  );
}
