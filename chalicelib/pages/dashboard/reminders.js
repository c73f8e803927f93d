// Remind the people who have not confirmed: how many there are, switch reminders on or off, how many were sent.

import { ask, post } from "./api.js";
import { h } from "./dom.js";
import { dateTime, number } from "./format.js";
import { field, sendingForm, submitButton } from "./forms.js";
import { cancelButton, isUnfinished, jobTable, stateOf } from "./jobs.js";
import { loadPetitionLink } from "./petition-link.js";

/** @import { ReminderRequest, ShownReminders } from "#api" */
/** @import { ViewContext } from "./app.js" */
/** @import { Acts } from "./jobs.js" */

const INTRODUCTION =
  "While reminders are on, each person who signed but did not confirm gets one email, some time after the last one, " +
  "and never a second. Nobody is reminded who has confirmed, withdrawn or stopped our email, or whose address " +
  "does not work. Reminders wait behind the emails that people expect, and end when the petition closes.";
const USUAL_HOURS = 48;

/** @param {ShownReminders} job */
function onOrOff(job) {
  if (isUnfinished(job)) return "On";
  return job.state === "cancelled" ? "Off" : stateOf(job, []);
}

/**
 * @param {Acts} acts
 * @returns {import("./dom.js").Column<ShownReminders>[]}
 */
const columnsOf = (acts) => [
  { title: "Switched on", cell: (job) => dateTime(job.requested_at) },
  { title: "By", cell: (job) => job.requested_by },
  { title: "Hours after the last email", number: true, cell: ({ hours }) => number(hours) },
  { title: "State", cell: onOrOff },
  { title: "Reminded", number: true, cell: ({ reminded }) => number(reminded) },
  {
    title: "Change",
    cell: (job) => (isUnfinished(job) ? cancelButton("Switch off", `/reminders/${job.id}`, acts) : "–"),
  },
];

/**
 * @param {string} slug
 * @param {() => Promise<void>} done
 */
function switchForm(slug, done) {
  const hours = h("input", { name: "hours", type: "number", min: "12", max: "240", value: String(USUAL_HOURS) });
  const switchOn = async () => {
    /** @type {ReminderRequest} */
    const body = { hours: hours.valueAsNumber };
    await post(`/petitions/${slug}/reminders`, body);
    await done();
  };
  return sendingForm(switchOn, [
    h("h2", {}, "Switch reminders on"),
    field("Hours after the last email (12 to 240)", hours),
    submitButton("Remind them"),
  ]);
}

/** @param {string} slug */
async function unconfirmedText(slug) {
  const { pending } = (await ask(`/petitions/${slug}/counts`)).data;
  return `Signed but not confirmed now: ${number(pending)}.`;
}

/** @param {ViewContext} context */
export async function showReminders({ container, slug, may, signal }) {
  const [petitionLink, unconfirmed] = await Promise.all([
    loadPetitionLink(slug, may),
    may("GET /api/staff/petitions/*/counts") ? unconfirmedText(slug) : "",
  ]);
  const { parts, announceStart, follow } = jobTable({
    path: `/petitions/${slug}/reminders`,
    name: "reminders",
    caption: "Reminders, newest first",
    emptyText: "Reminders have never been on.",
    columns: columnsOf,
  });
  container.append(
    h("h1", {}, "Remind people to confirm"),
    h("p", { class: "over" }, petitionLink),
    h("p", { class: "lead" }, INTRODUCTION),
    h("p", {}, h("strong", {}, unconfirmed)),
    ...parts,
    switchForm(slug, () => announceStart("Reminders are on. The first leave within a minute.")),
  );
  await follow(signal);
}
