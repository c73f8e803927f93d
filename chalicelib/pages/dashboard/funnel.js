// From signing to being counted: how many are left at each step, and how fast they come.

import { bars } from "./bars.js";
import { h } from "./dom.js";
import { moment, number, share } from "./words.js";

const STAGES = {
  received: "Signed on the page",
  mailed: "Confirmation mail sent",
  confirmed: "Confirmed from the mailbox",
  bounced: "Mail could not be delivered",
  expired: "Not confirmed in time",
  withdrawn: "Withdrew later",
};

function pace({ per_minute_now: now, peak_per_minute: peak, peak_at: at }) {
  const most = peak ? ` The most so far: ${number(peak)} in one minute, ${moment(at)}.` : "";
  return h("p", {}, `${number(now ?? 0)} a minute just now.${most}`);
}

export function funnel() {
  const room = h("div");
  const section = h("section", { class: "card" }, h("h2", {}, "From signing to being counted"), room);
  const fill = (found) => {
    section.hidden = !found;
    if (!found) return;
    const { totals, rate } = found;
    // A row of noughts beside a large count would read as a fault: it is a petition from before the funnel was kept.
    if (!Object.values(totals).some(Boolean))
      return void room.replaceChildren(h("p", { class: "small" }, "Nothing has been recorded yet."));
    const rows = Object.entries(STAGES).map(([key, name]) => ({ name, value: totals[key] ?? 0 }));
    room.replaceChildren(
      h("p", {}, `${share(totals.confirmed, totals.received)} of those who signed have confirmed.`),
      pace(rate ?? {}),
      bars("From signing to being counted", "Step", rows, totals.received),
    );
  };
  return { section, fill };
}
