// From signing to being counted: how many people reach each stage, and how many confirm in an hour.

import { bars } from "./bars.js";
import { h } from "./dom.js";
import { dateTime, number, percentage } from "./format.js";
import { refill } from "./refill.js";

/** @import { Funnel, FunnelRate, FunnelTotals } from "#api" */

/** @type {Record<keyof FunnelTotals, string>} */
const STAGES = {
  received: "Signatures received",
  mailed: "First email sent",
  confirmed: "Confirmed",
  bounced: "Email could not be delivered",
  expired: "Not confirmed in time",
  withdrawn: "Withdrawn, confirmed or not",
};
const NOTE = "Signatures from partners that count when they arrive are confirmed without our email.";
const STAGE_NAMES = /** @type {(keyof FunnelTotals)[]} */ (Object.keys(STAGES));

/** @param {FunnelRate} rate */
export function paceText({ this_hour: now, hour_before: before, peak, peak_at: at }) {
  const peakText = peak ? ` The busiest hour began on ${dateTime(at)}: ${number(peak)} confirmations.` : "";
  return `${number(now)} confirmations since this hour began, and ${number(before)} in the hour before.${peakText}`;
}

export function funnel() {
  const content = h("div");
  const section = h("section", { class: "card" }, h("h2", {}, "From signing to being counted"), content);
  /** @param {Funnel | undefined} data */
  const fill = (data) => {
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
      h("p", {}, paceText(rate)),
      bars("From signing to being counted", "Step", rows, totals.received),
      h("p", { class: "small" }, NOTE),
    );
  };
  return { section, fill };
}
