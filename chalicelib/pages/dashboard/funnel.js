// From signing to being counted: how many people reach each stage, and how many confirm in an hour.

import { bars } from "./bars.js";
import { h } from "./dom.js";
import { countOfPeople, dateTime, number, percentage } from "./format.js";
import { refill } from "./refill.js";

/** @import { Funnel, FunnelRate, FunnelTotals, StaffCounts } from "#api" */

/** @type {Record<keyof FunnelTotals, string>} */
const STAGES = {
  received: "Signatures received",
  mailed: "First email sent",
  confirmed: "Confirmed",
  bounced: "Email could not be delivered",
  expired: "Not confirmed in time",
  withdrawn: "Withdrawn, confirmed or not",
};
const NOTE =
  "The steps are some seconds late. Signatures from partners that count when they arrive are confirmed without our " +
  "email.";
const STAGE_NAMES = /** @type {(keyof FunnelTotals)[]} */ (Object.keys(STAGES));

/** @param {FunnelRate} rate */
export function paceText({ this_hour: now, hour_before: before, peak, peak_at: at }) {
  const peakText = peak ? ` The busiest hour began on ${dateTime(at)}: ${number(peak)} confirmations.` : "";
  return `${number(now)} confirmations since this hour began, and ${number(before)} in the hour before.${peakText}`;
}

/**
 * Why the funnel's number of confirmed is larger than the count. The tally has both parts of one moment, so they agree
 * with the large number; the funnel is some seconds later.
 * @param {Pick<StaffCounts, "confirmed" | "withdrawn">} counts
 * @param {FunnelTotals} totals
 */
export function leftText({ confirmed, withdrawn = 0 }, totals) {
  const before = Math.max(0, totals.withdrawn - withdrawn);
  const beforeText = before ? ` ${countOfPeople(before)} withdrew before confirming, and never counted.` : "";
  if (!withdrawn) return `Nobody who confirmed has left.${beforeText}`;
  const were = `${countOfPeople(confirmed + withdrawn)} confirmed, and ${number(withdrawn)} of them left later.`;
  return `${were} So the count is ${number(confirmed)}: the steps below do not subtract those who left.${beforeText}`;
}

export function funnel() {
  const content = h("div");
  const section = h("section", { class: "card" }, h("h2", {}, "From signing to being counted"), content);
  /**
   * @param {Funnel | undefined} data
   * @param {StaffCounts} counts
   */
  const fill = (data, counts) => {
    section.hidden = !data;
    if (!data) return;
    const { totals, rate } = data;
    // A petition that is older than the funnel has no numbers here. Zeros beside a large count would look like a fault.
    if (!Object.values(totals).some(Boolean)) {
      content.replaceChildren(h("p", { class: "small" }, "Nothing has been recorded yet."));
      return;
    }
    const rows = STAGE_NAMES.map((stage) => ({ name: STAGES[stage], value: totals[stage] }));
    refill(
      content,
      h("p", {}, `${percentage(totals.confirmed, totals.received)} of the signatures received have been confirmed.`),
      h("p", {}, leftText(counts, totals)),
      h("p", {}, paceText(rate)),
      bars("From signing to being counted", "Step", rows, totals.received),
      h("p", { class: "small" }, NOTE),
    );
  };
  return { section, fill };
}
