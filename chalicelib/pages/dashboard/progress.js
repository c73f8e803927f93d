// How far the petition is: its goal, the numbers of today, yesterday and this week, and when it passed its milestones.

import { bigBar, h, table } from "./dom.js";
import { day, hour, number, percentage } from "./format.js";
import { refill } from "./refill.js";

/** @import { BreakdownRow, StaffPetition } from "#api" */
/** @typedef {{ milestone: number, at: string }} Passed `at`: the start of the hour */

const DAY_MS = 86_400_000;
const ELSEWHERE =
  "The public sees the larger number, because another place reports it. Milestones and days count only what is " +
  "confirmed here.";

/** @param {number} time milliseconds since 1970 */
const dayKey = (time) => new Date(time).toISOString().slice(0, 10);

/**
 * Confirmed minus withdrawn in these days (UTC). A week begins on Monday.
 * @param {BreakdownRow[]} days
 * @param {number} now milliseconds since 1970
 */
export function periods(days, now) {
  const daysSinceMonday = (new Date(now).getUTCDay() + 6) % 7;
  const [today, yesterday] = [dayKey(now), dayKey(now - DAY_MS)];
  const monday = dayKey(now - daysSinceMonday * DAY_MS);
  /** @param {(key: string) => boolean} isIn */
  const sum = (isIn) => days.reduce((total, { key, confirmed }) => total + (isIn(key) ? confirmed : 0), 0);
  return {
    today: sum((key) => key === today),
    yesterday: sum((key) => key === yesterday),
    week: sum((key) => key >= monday),
    monday,
  };
}

/**
 * The milestones that the count has reached, the latest first, with the hour after which it was first that high.
 * @param {number[]} milestones in rising order
 * @param {BreakdownRow[]} hours of all time, so that they sum to the count
 * @returns {Passed[]}
 */
export function passedMilestones(milestones, hours) {
  /** @type {Passed[]} */
  const passed = [];
  let count = 0;
  for (const { key, confirmed } of hours.toSorted((one, other) => (one.key < other.key ? -1 : 1))) {
    count += confirmed;
    const reached = milestones.slice(passed.length).filter((milestone) => milestone <= count);
    passed.push(...reached.map((milestone) => ({ milestone, at: key })));
  }
  // A milestone that withdrawals have undone would contradict the count.
  return passed.filter(({ milestone }) => milestone <= count).reverse();
}

/**
 * The first goal above the count, or the last goal, as on the public page.
 * @param {number[]} goals at least one
 * @param {number} count
 */
const goalAt = (goals, count) => goals.find((goal) => goal > count) ?? /** @type {number} */ (goals.at(-1));

/**
 * @param {Pick<StaffPetition, "goals" | "elsewhere">} petition
 * @param {number} confirmed
 */
export function goalText({ goals, elsewhere }, confirmed) {
  const shown = Math.max(confirmed, elsewhere);
  const goal = goalAt(goals, shown);
  const left = shown < goal ? `, ${number(goal - shown)} to go` : ", reached";
  return `${elsewhere > confirmed ? "At least " : ""}${number(shown)} of the goal of ${number(goal)}: ${percentage(shown, goal)}${left}`;
}

/**
 * @param {Passed[]} passed
 * @param {number[]} goals
 */
function milestoneTable(passed, goals) {
  /** @type {import("./dom.js").Column<Passed>[]} */
  const columns = [
    {
      title: "Milestone",
      cell: ({ milestone }) => `${number(milestone)}${goals.includes(milestone) ? " (goal)" : ""}`,
    },
    { title: "Passed", cell: ({ at }) => hour(at) },
  ];
  return table("Milestones", columns, passed);
}

/** @param {Pick<StaffPetition, "goals" | "elsewhere" | "milestones">} petition as it was when the page was opened */
export function progressSection(petition) {
  const content = h("div");
  const section = h("section", { class: "card" }, h("h2", {}, "Progress"), content);
  /**
   * @param {{ confirmed: number, days: BreakdownRow[], hours: BreakdownRow[], now: number }} counts `now`: milliseconds
   * since 1970
   */
  const fill = ({ confirmed, days, hours, now }) => {
    const { today, yesterday, week, monday } = periods(days, now);
    const shown = Math.max(confirmed, petition.elsewhere);
    const passed = passedMilestones(petition.milestones, hours);
    /**
     * @param {string} name
     * @param {number} value
     */
    const figure = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, number(value)));
    refill(
      content,
      bigBar(goalText(petition, confirmed), shown, goalAt(petition.goals, shown)),
      petition.elsewhere > confirmed ? h("p", { class: "small" }, ELSEWHERE) : "",
      h(
        "dl",
        { class: "figures" },
        figure("Today", today),
        figure("Yesterday", yesterday),
        figure(`This week, since ${day(monday)}`, week),
      ),
      h("p", { class: "small" }, "Confirmed minus withdrawn. Days begin at midnight UTC."),
      passed.length ? milestoneTable(passed, petition.goals) : "",
    );
  };
  return { section, fill };
}
