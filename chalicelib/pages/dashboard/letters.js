// The letters of a petition: how many to which target and on which day, pause and resume a target, send a test.

import { ask, messageOf, post } from "./api.js";
import { button, CANCEL, confirmed, DONE, dialog, h, table } from "./dom.js";
import { dateTime, day, number } from "./format.js";
import { field } from "./forms.js";
import { linkToPetition } from "./petition-link.js";
import { keepFresh } from "./polling.js";
import { refill } from "./refill.js";

/** @import { TargetLetters, LettersOfADay, PausedMember, StaffLetters } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @typedef {Pick<TargetLetters, "paused" | "paused_why" | "mode" | "is_test">} TargetState */
/** @typedef {{ change: () => Promise<void>, may: (route: string) => boolean, path: string }} Actions */

const INTRODUCTION =
  "Each person sends at most one letter to each target. “Sent” letters did not bounce. “Unknown” ones may have been " +
  "sent: nobody knows, so they do not count as sent, and are never sent again.";
const NONE = "This petition has no letter. Write one on the page Edit, with the targets and their addresses.";
const PAUSE = "Letters to this target wait until you send them again. Nothing is lost.";
const RESUME =
  "Has the address been corrected, or has the target agreed? If letters bounce again, that harms all of your email.";
const ACTIONS = "POST /api/staff/petitions/*/letters/*/pause";

/** @type {Record<TargetLetters["paused_why"], string>} */
const REASONS = {
  bounced: "a letter bounced",
  refused: "the email provider refused a letter",
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
const NUMBERS = [
  { title: "Requested", number: true, cell: ({ requested }) => number(requested) },
  { title: "Sent", number: true, cell: ({ sent }) => number(sent) },
  { title: "Failed", number: true, cell: ({ failed }) => number(failed) },
  { title: "Unknown", number: true, cell: ({ unknown }) => number(unknown) },
  { title: "Not sent", number: true, cell: ({ dropped }) => number(dropped) },
];

/** @type {import("./dom.js").Column<TargetLetters>[]} */
const OF_TARGETS = [
  { title: "Target", cell: ({ name }) => name },
  { title: "Delivery", cell: (target) => stateOf(target) },
  ...NUMBERS,
  { title: "Waiting", number: true, cell: ({ waiting }) => number(waiting) },
];

/** @type {import("./dom.js").Column<LettersOfADay>[]} */
const OF_DAYS = [{ title: "Day (UTC)", cell: (row) => day(row.day) }, ...NUMBERS];

/**
 * @param {TargetLetters} target
 * @param {Actions} actions
 */
function pauseButton({ key, name, paused }, { change, path }) {
  const [title, text, action] = paused
    ? [`Send letters to ${name} again?`, RESUME, "Send again"]
    : [`Pause letters to ${name}?`, PAUSE, "Pause"];
  return button(action, async () => {
    if (!(await confirmed(title, text, action))) return;
    await post(`${path}/${key}/${paused ? "resume" : "pause"}`, {});
    await change();
  });
}

/**
 * @param {TargetLetters} target
 * @param {Actions} actions
 */
function pausedMembers({ key, name, paused_members: members }, { change, may, path }) {
  const called = (/** @type {PausedMember} */ member) => member.name || member.constituency;
  const again = (/** @type {PausedMember} */ member) =>
    button("Send again", async () => {
      if (!(await confirmed(`Send letters to ${called(member)} again?`, RESUME, "Send again"))) return;
      await post(`${path}/${key}/resume?member=${encodeURIComponent(member.constituency)}`, {});
      await change();
    });
  /** @type {import("./dom.js").Column<PausedMember>[]} */
  const columns = [
    { title: "Member", cell: called },
    { title: "Constituency", cell: ({ constituency }) => constituency },
    { title: "Paused", cell: ({ paused_why: why, paused_at: at }) => `${REASONS[why] ?? why}, ${dateTime(at)}` },
  ];
  if (may(ACTIONS)) columns.push({ title: "Letters", cell: again });
  return members.length ? table(`${name}: members whose letters are paused`, columns, members, { headed: true }) : null;
}

/**
 * @param {TargetLetters} target
 * @param {Actions} actions
 */
function testButton({ key, name }, { path }) {
  return button("Send a test", async () => {
    const email = h("input", { name: "email", type: "email", required: true, autocomplete: "email" });
    const content = field("Your email address", email, "It gets the letter as it is, marked as a test.");
    const send = { value: "send", text: "Send" };
    if (!(await dialog(`A test of the letter to ${name}`, content, [send, CANCEL]))) return;
    const text = await post(`${path}/${key}/test`, { email: email.value }).then(
      () => "It will arrive soon.",
      messageOf,
    );
    await dialog("The test", h("p", { role: "status" }, text), [DONE]);
  });
}

/**
 * @param {TargetLetters} target
 * @param {Actions} actions
 */
function details(target, actions) {
  const acts = actions.may(ACTIONS) && target.mode !== "removed";
  return h(
    "section",
    { "data-key": target.key },
    h("h2", {}, target.name),
    target.paused ? h("p", { class: "notice" }, `${stateOf(target)}, since ${dateTime(target.paused_at)}.`) : null,
    pausedMembers(target, actions),
    acts ? h("p", { class: "acts" }, pauseButton(target, actions), testButton(target, actions)) : null,
    target.days.length ? table(`Letters to ${target.name} by day`, OF_DAYS, target.days, { headed: true }) : null,
  );
}

/** @param {ViewContext} context */
export async function showLetters({ container, slug, may, signal }) {
  const petition = await linkToPetition(slug, may);
  const path = `/petitions/${slug}/letters`;
  const [message, list] = [h("p", { role: "status" }), h("div")];
  const refresh = async () => {
    try {
      /** @type {StaffLetters} */
      const { targets, as_of: at } = (await ask(path)).data;
      const actions = { change: refresh, may, path };
      const shown = [
        table("Letters by target", OF_TARGETS, targets, { keyOf: ({ key }) => key }),
        h("p", { class: "hint" }, `Exact at ${dateTime(at)}`),
        ...targets.map((target) => details(target, actions)),
      ];
      refill(list, ...(targets.length ? shown : [h("p", {}, NONE)]));
      message.textContent = "";
    } catch (error) {
      message.textContent = messageOf(error);
    }
  };
  container.append(
    h("h1", {}, "Letters"),
    h("p", { class: "over" }, petition),
    h("p", { class: "lead" }, INTRODUCTION),
    message,
    list,
  );
  await keepFresh(refresh, signal);
}
