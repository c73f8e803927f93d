// Numbers, moments and names as a campaigner says them. All times are UTC, and say so.

const whole = new Intl.NumberFormat("en-GB");
const hundredth = new Intl.NumberFormat("en-GB", { style: "percent", maximumFractionDigits: 1 });
const regions = new Intl.DisplayNames(["en-GB"], { type: "region", fallback: "code" });
const format = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hourCycle: "h23", ...options });
const days = format({ day: "numeric", month: "long", year: "numeric" });
const shortDays = format({ day: "numeric", month: "short" });
const minutes = format({ hour: "2-digit", minute: "2-digit" });
const seconds = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const number = (value) => whole.format(value);
export const share = (part, all) => (all > 0 ? hundredth.format(part / all) : "–");
export const day = (moment) => days.format(new Date(moment));
export const minute = (moment) => `${minutes.format(new Date(moment))} UTC`;
export const second = (moment) => `${seconds.format(new Date(moment))} UTC`;
export const moment = (when) => (when ? `${day(when)}, ${minute(when)}` : "–");
export const exactly = (when) => `${day(when)}, ${second(when)}`;
export const signatures = (count) => (count === 1 ? "confirmed signature" : "confirmed signatures");
export const people = (count) => `${number(count)} ${count === 1 ? "person" : "people"}`;

// Below a curve, for seconds since 1970: "24 Nov" where a day begins, else "13:00".
export const tickOf = (at) => (at % 86_400 ? minutes : shortDays).format(new Date(at * 1_000));

// "24 November 2026, 13:00 to 14:00 UTC"
export function hour(key) {
  const next = minutes.format(new Date(Date.parse(key) + 3_600_000));
  return `${day(key)}, ${minutes.format(new Date(key))} to ${next} UTC`;
}

export const country = (code) => (/^[A-Z]{2}$/.test(code) ? regions.of(code) : code);
export const source = (key) => ({ direct: "Without a source in the link", other: "Other links" })[key] ?? key;

export function lasting(secondsLong) {
  if (secondsLong < 120) return `${Math.round(secondsLong)} seconds`;
  if (secondsLong < 7_200) return `${Math.round(secondsLong / 60)} minutes`;
  return `${Math.round(secondsLong / 3_600)} hours`;
}
