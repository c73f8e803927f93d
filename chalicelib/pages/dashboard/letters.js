// The letters of a petition: how many to which target and on which day, pause and resume a target, send a test.

import { ask, messageOf, post } from "./api.js";
import { askToConfirm, button, CANCEL, DONE, h, showDialog, table } from "./dom.js";
import { dateTime, day, number } from "./format.js";
import { field } from "./forms.js";
import { loadPetitionLink } from "./petition-link.js";
import { keepFresh } from "./polling.js";
import { refill } from "./refill.js";

/** @import { TargetLetters, LettersOfADay, PausedMember, StaffLetters } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @typedef {Pick<TargetLetters, "paused" | "paused_why" | "mode" | "is_test">} TargetState */
/** @typedef {{ refresh: () => Promise<void>, may: (route: string) => boolean, path: string }} ListContext */

const INTRODUCTION =
  "Each person sends at most one letter to each target. “Sent” letters did not bounce. “Unknown” ones may have been " +
  "sent: nobody knows, so they do not count as sent, and are never sent again.";
const NONE = "This petition has no letter. Write one on the page Edit, with the targets and their addresses.";
const PAUSE = "Letters to this target wait until you send them again. Nothing is lost.";
const RESUME =
  "Has the address been corrected, or has the target agreed? If letters bounce again, that harms all of your email.";
const PAUSE_ROUTE = "POST /api/staff/petitions/*/letters/*/pause";

/** @type {Record<TargetLetters["paused_why"], string>} */
const REASONS = {
  bounced: "a letter bounced",
  refused: "the email provider refused a letter",
  rejected: "the target’s server refused letters",
  complained: "the target complained",
  staff: "by staff",
};
/** @type {Record<TargetLetters["mode"], string>} */
const MODES = { single: "Singly", paced: "Paced", digest: "In a daily digest", removed: "No longer a target" };

/** @param {TargetState} target */
export function stateOf({ paused, paused_why: why, mode, is_test: isTest }) {
  if (paused) return `Paused: ${REASONS[why] ?? why}`;
  return isTest ? "Test: letters go to staff" : (MODES[mode] ?? mode);
}

/** @type {import("./dom.js").Column<TargetLetters | LettersOfADay>[]} */
const NUMBER_COLUMNS = [
  { title: "Requested", number: true, cell: ({ requested }) => number(requested) },
  { title: "Sent", number: true, cell: ({ sent }) => number(sent) },
  { title: "Failed", number: true, cell: ({ failed }) => number(failed) },
  { title: "Unknown", number: true, cell: ({ unknown }) => number(unknown) },
  { title: "Not sent", number: true, cell: ({ dropped }) => number(dropped) },
];

/** @type {import("./dom.js").Column<TargetLetters>[]} */
const TARGET_COLUMNS = [
  { title: "Target", cell: ({ name }) => name },
  { title: "Delivery", cell: (target) => stateOf(target) },
  ...NUMBER_COLUMNS,
  { title: "Waiting", number: true, cell: ({ waiting }) => number(waiting) },
];

/** @type {import("./dom.js").Column<LettersOfADay>[]} */
const DAY_COLUMNS = [{ title: "Day (UTC)", cell: (row) => day(row.day) }, ...NUMBER_COLUMNS];

/**
 * @param {TargetLetters} target
 * @param {ListContext} context
 */
function pauseButton({ key, name, paused }, { refresh, path }) {
  const [title, text, action] = paused
    ? [`Send letters to ${name} again?`, RESUME, "Send again"]
    : [`Pause letters to ${name}?`, PAUSE, "Pause"];
  return button(action, async () => {
    if (!(await askToConfirm(title, text, action))) return;
    await post(`${path}/${key}/${paused ? "resume" : "pause"}`, {});
    await refresh();
  });
}

/**
 * @param {TargetLetters} target
 * @param {ListContext} context
 */
function pausedMembers({ key, name, paused_members: members }, { refresh, may, path }) {
  const memberName = (/** @type {PausedMember} */ member) => member.name || member.constituency;
  const resumeButton = (/** @type {PausedMember} */ member) =>
    button("Send again", async () => {
      if (!(await askToConfirm(`Send letters to ${memberName(member)} again?`, RESUME, "Send again"))) return;
      await post(`${path}/${key}/resume?member=${encodeURIComponent(member.constituency)}`, {});
      await refresh();
    });
  /** @type {import("./dom.js").Column<PausedMember>[]} */
  const columns = [
    { title: "Member", cell: memberName },
    { title: "Constituency", cell: ({ constituency }) => constituency },
    { title: "Paused", cell: ({ paused_why: why, paused_at: at }) => `${REASONS[why] ?? why}, ${dateTime(at)}` },
  ];
  if (may(PAUSE_ROUTE)) columns.push({ title: "Letters", cell: resumeButton });
  return members.length
    ? table(`${name}: members whose letters are paused`, columns, members, { hideCaption: true })
    : null;
}

/**
 * @param {TargetLetters} target
 * @param {ListContext} context
 */
function testButton({ key, name }, { path }) {
  return button("Send a test", async () => {
    const email = h("input", { name: "email", type: "email", required: true, autocomplete: "email" });
    const content = field("Your email address", email, "It gets the letter as it is, marked as a test.");
    const send = { value: "send", text: "Send" };
    if (!(await showDialog(`A test of the letter to ${name}`, content, [send, CANCEL]))) return;
    const text = await post(`${path}/${key}/test`, { email: email.value }).then(
      () => "It will arrive soon.",
      messageOf,
    );
    await showDialog("The test", h("p", { role: "status" }, text), [DONE]);
  });
}

/**
 * @param {TargetLetters} target
 * @param {ListContext} context
 */
function details(target, context) {
  const mayAct = context.may(PAUSE_ROUTE) && target.mode !== "removed";
  return h(
    "section",
    { "data-key": target.key },
    h("h2", {}, target.name),
    target.paused ? h("p", { class: "notice" }, `${stateOf(target)}, since ${dateTime(target.paused_at)}.`) : null,
    pausedMembers(target, context),
    mayAct ? h("p", { class: "acts" }, pauseButton(target, context), testButton(target, context)) : null,
    target.days.length
      ? table(`Letters to ${target.name} by day`, DAY_COLUMNS, target.days, { hideCaption: true })
      : null,
  );
}

/** @param {ViewContext} context */
export async function showLetters({ container, slug, may, signal }) {
  const petitionLink = await loadPetitionLink(slug, may);
  const path = `/petitions/${slug}/letters`;
  const [message, list] = [h("p", { role: "status" }), h("div")];
  const refresh = async () => {
    try {
      /** @type {StaffLetters} */
      const { targets, as_of: at } = (await ask(path)).data;
      const context = { refresh, may, path };
      const sections = [
        table("Letters by target", TARGET_COLUMNS, targets, { keyOf: ({ key }) => key }),
        h("p", { class: "hint" }, `Exact at ${dateTime(at)}`),
        ...targets.map((target) => details(target, context)),
      ];
      refill(list, ...(targets.length ? sections : [h("p", {}, NONE)]));
      message.textContent = "";
    } catch (error) {
      message.textContent = messageOf(error);
    }
  };
  container.append(
    h("h1", {}, "Letters"),
    h("p", { class: "over" }, petitionLink),
    h("p", { class: "lead" }, INTRODUCTION),
    message,
    list,
  );
  await keepFresh(refresh, signal);
}
