// Signatures that look wrong: how many are held, what is frequent, try a removal, remove, release, and undo.

import { ask, post } from "./api.js";
import { askToConfirm, button, h } from "./dom.js";
import { dateTime, number } from "./format.js";
import { field, sendingForm, submitButton } from "./forms.js";
import { jobTable } from "./jobs.js";
import { loadPetitionLink } from "./petition-link.js";

/** @import { CountedKey, HeldSignatures, ShownRemoval } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @import { Acts } from "./jobs.js" */

const INTRODUCTION =
  "First try: it counts the signatures that fit, and shows what is frequent among them, without changing anything. " +
  "A removal subtracts them today, and the public reads how many were removed, when, and your reason. " +
  "It can be undone. Their signers get no message.";
/** The fields of a condition, and their labels. @type {[string, string][]} */
const FIELDS = [
  ["network", "Network (as shown after a try)"],
  ["domain", "Domain of the email address"],
  ["source", "Source"],
  ["name", "Name (* stands for any letters)"],
  ["version", "Version of the text"],
  ["from", "Signed from (UTC, such as 2026-05-03T18:00:00Z)"],
  ["to", "Signed before (UTC)"],
];
/** @type {Record<string, string>} */
const REASONS = {
  disposable: "address for a few minutes",
  network: "network that signs unusually often",
  domain: "domain that signs unusually often",
  "no-proof": "no proof of work",
};
const OPEN = ["waiting", "running", "retrying"];

/** @param {CountedKey[]} values */
const inWords = (values) => values.map(({ key, count }) => `${key}: ${number(count)}`).join(", ");

/** @param {ShownRemoval} removal */
const effectOf = ({ effect, usual, matched }) =>
  matched
    ? h(
        "details",
        {},
        h("summary", {}, "What is frequent"),
        h(
          "dl",
          {},
          Object.entries(effect).flatMap(([by, values]) => [
            h("dt", {}, by),
            h("dd", {}, inWords(values), usual[by] ? ` (usual: ${number(usual[by])})` : ""),
          ]),
        ),
      )
    : "–";

/** @param {ShownRemoval} removal */
const conditionOf = ({ condition, reason }) =>
  [
    ...Object.entries(condition).map(([name, value]) => `${name}: ${Array.isArray(value) ? value.length : value}`),
    ...(reason ? [`“${reason}”`] : []),
  ].join(", ") || "all";

/**
 * @param {string} path
 * @param {ShownRemoval} removal
 * @param {Acts} acts
 */
function waysOn(path, { id, action, job_state: state, removed, matched, counted }, { send }) {
  if (OPEN.includes(state)) return button("Cancel", () => send(`${path}/${id}/cancel`, "POST"));
  const hasOthers = matched > counted; // Those that did not count, such as held ones.
  if (action !== "remove" || !(removed || hasOthers)) return "–";
  const undo = async () => {
    const text = `${number(removed)} signatures count again from today. Who withdrew stays away.`;
    if (await askToConfirm("Put them back?", text, "Put them back")) await send(`${path}/${id}/undo`, "POST");
  };
  return button("Undo", undo);
}

/**
 * @param {string} path
 * @returns {(acts: Acts) => import("./dom.js").Column<ShownRemoval>[]}
 */
const columnsOf = (path) => (acts) => [
  { title: "When", cell: (removal) => dateTime(removal.requested_at) },
  { title: "By", cell: (removal) => removal.requested_by },
  { title: "State", cell: ({ state, why }) => (why ? `${state}: ${why}` : state) },
  { title: "Which", cell: conditionOf },
  { title: "Fit", number: true, cell: ({ matched }) => number(matched) },
  { title: "Of these counted", number: true, cell: ({ counted }) => number(counted) },
  {
    title: "Count",
    cell: ({ confirmed_before: before, confirmed_after: after }) =>
      `${before === null ? "–" : number(before)} → ${after === null ? "–" : number(after)}`,
  },
  { title: "Effect", cell: effectOf },
  { title: "Change", cell: (removal) => waysOn(path, removal, acts) },
];

/** @param {HTMLFormElement} form */
function conditionIn(form) {
  const typed = new FormData(form);
  return Object.fromEntries(
    FIELDS.map(([name]) => [name, String(typed.get(`condition.${name}`) ?? "").trim()]).filter(([, value]) => value),
  );
}

/**
 * @param {string} path
 * @param {(text: string) => Promise<void>} announce
 */
function removalForm(path, announce) {
  const reason = h("input", { name: "reason", maxlength: "200" });
  const dryRun = h("input", { type: "checkbox", name: "dry_run", checked: "" });
  return sendingForm(
    async (form) => {
      const condition = conditionIn(form);
      const isTry = dryRun.checked;
      const question = "They no longer count from today, and the public reads your reason.";
      if (!isTry && !(await askToConfirm("Remove these signatures?", question, "Remove them"))) return;
      await post(path, { condition, reason: reason.value, dry_run: isTry });
      await announce(isTry ? "Counting what fits." : "Removing them.");
    },
    [
      h("h2", {}, "Find and remove"),
      h("p", {}, "Everything that you fill in must apply. To see what is frequent among all, try with none filled in."),
      ...FIELDS.map(([name, label]) => field(label, h("input", { name: `condition.${name}` }))),
      field("Reason, for the public. Name no person", reason),
      h("p", {}, h("label", { class: "check" }, dryRun, " Only try, and change nothing")),
      submitButton("Start"),
    ],
  );
}

/**
 * @param {string} slug
 * @param {HeldSignatures} held
 * @param {(text: string) => Promise<void>} announce
 */
function heldSection(slug, held, announce) {
  const rows = held.by.reason.map(({ key, count }) => h("li", {}, `${number(count)}: ${REASONS[key] ?? key}`));
  const release = async () => {
    const text = "They count from today, or when their signers confirm.";
    if (!(await askToConfirm("Release all held signatures?", text, "Release them"))) return;
    await post(`/petitions/${slug}/held/release`, { condition: {}, reason: "Released by staff" });
    await announce("Releasing them.");
  };
  return h(
    "section",
    {},
    h("h2", {}, `Held: ${number(held.held)}`),
    h("p", {}, "They look wrong, so they do not count until you release them. Their signers see no difference."),
    h("ul", {}, rows),
    held.held ? h("p", {}, button("Release all", release)) : "",
  );
}

/** @param {ViewContext} context */
export async function showRemovals({ container, slug, may, signal }) {
  const path = `/petitions/${slug}/removals`;
  const [petitionLink, held] = await Promise.all([loadPetitionLink(slug, may), ask(`/petitions/${slug}/held`)]);
  const { parts, announceStart, follow } = jobTable({
    path,
    name: "removals",
    caption: "Tries, removals, undos and releases, newest first",
    emptyText: "Nothing was tried or removed yet.",
    columns: columnsOf(path),
  });
  container.append(
    h("h1", {}, "Signatures that look wrong"),
    h("p", { class: "over" }, petitionLink),
    h("p", { class: "lead" }, INTRODUCTION),
    heldSection(slug, held.data, announceStart),
    ...parts,
    removalForm(path, announceStart),
  );
  await follow(signal);
}
