// Numbers, times and names in English. All times are UTC, and say so. Times for planning also say the UK time.

const DAY_S = 86_400;
const HOUR_MS = 3_600_000;

/**
 * A time as the API writes it, in milliseconds since 1970, or as a Date.
 * @typedef {string | number | Date} Time
 */

const integers = new Intl.NumberFormat("en-GB");
const percentFormat = new Intl.NumberFormat("en-GB", { style: "percent", maximumFractionDigits: 1 });
const regions = new Intl.DisplayNames(["en-GB"], { type: "region", fallback: "code" });

/** @param {Intl.DateTimeFormatOptions} options */
const dateFormat = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hourCycle: "h23", ...options });
const days = dateFormat({ day: "numeric", month: "long", year: "numeric" });
const shortDays = dateFormat({ day: "numeric", month: "short" });
const minutes = dateFormat({ hour: "2-digit", minute: "2-digit" });
const ukMinutes = dateFormat({ hour: "2-digit", minute: "2-digit", timeZone: "Europe/London" });
const ukDays = dateFormat({ day: "numeric", month: "long", year: "numeric", timeZone: "Europe/London" });
const seconds = dateFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** @param {number} value */
export const number = (value) => integers.format(value);

/**
 * @param {number} part
 * @param {number} total
 */
export const percentage = (part, total) => (total > 0 ? percentFormat.format(part / total) : "–");

/** @param {Time} time */
export const day = (time) => days.format(new Date(time));

/** @param {Time} time */
const timeOfDay = (time) => `${minutes.format(new Date(time))} UTC`;

/** @param {Time} time */
export const timeWithSeconds = (time) => `${seconds.format(new Date(time))} UTC`;

/**
 * "24 November 2026, 14:05 UTC", or a dash when there is no time.
 * @param {Time | null | undefined} time
 */
export const dateTime = (time) => (time ? `${day(time)}, ${timeOfDay(time)}` : "–");

/**
 * "10:05 UK time", with the day if it is not the day in UTC.
 * @param {Time} time
 */
export function ukTime(time) {
  const [at, ukDay] = [new Date(time), ukDays.format(new Date(time))];
  const date = ukDay === day(at) ? "" : `${ukDay}, `;
  return `${date}${ukMinutes.format(at)} UK time`;
}

/**
 * A time that staff plan with: "24 July 2026, 14:05 UTC (15:05 UK time)".
 * @param {Time} time
 */
export const plannedTime = (time) => `${dateTime(time)} (${ukTime(time)})`;

/**
 * "24 November 2026, 14:05:09 UTC"
 * @param {Time} time
 */
export const exactTime = (time) => `${day(time)}, ${timeWithSeconds(time)}`;

/** @param {number} count */
export const signatureWords = (count) => (count === 1 ? "confirmed signature" : "confirmed signatures");

/** @param {number} count */
export const countOfPeople = (count) => `${number(count)} ${count === 1 ? "person" : "people"}`;

/**
 * A label of the chart's time axis: "24 Nov" at the start of a day, otherwise "13:00".
 * @param {number} at seconds since 1970
 */
export const axisLabel = (at) => (at % DAY_S ? minutes : shortDays).format(new Date(at * 1_000));

/**
 * "24 November 2026, 13:00 to 14:00 UTC"
 * @param {string} key the start of the hour
 */
export const hour = (key) => span(key, HOUR_MS);

/** @param {string} key the start of the ten minutes */
export const tenMinutes = (key) => span(key, HOUR_MS / 6);

/**
 * @param {string} start
 * @param {number} length in milliseconds
 */
function span(start, length) {
  const end = minutes.format(new Date(Date.parse(start) + length));
  return `${day(start)}, ${minutes.format(new Date(start))} to ${end} UTC`;
}

/** @param {string} code */
export const country = (code) => (/^[A-Z]{2}$/.test(code) ? (regions.of(code) ?? code) : code);

/** @type {Record<string, string>} */
const SOURCES = { direct: "No source in the link", other: "Other links" };

/** @param {string} key */
export const source = (key) => SOURCES[key] ?? key;
