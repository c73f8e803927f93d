// Numbers, times and names in English. All times are UTC, and say so. Times for planning also say the UK time.

const DAY_S = 86_400;
const HOUR_MS = 3_600_000;

/**
 * A time as the API writes it, in milliseconds since 1970, or as a Date.
 * @typedef {string | number | Date} Time
 */

const integerFormat = new Intl.NumberFormat("en-GB");
const oneDigit = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
const percentFormat = new Intl.NumberFormat("en-GB", { style: "percent", ...oneDigit });
const regionNames = new Intl.DisplayNames(["en-GB"], { type: "region", fallback: "code" });

/** @param {Intl.DateTimeFormatOptions} options */
const dateFormat = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hourCycle: "h23", ...options });
const dayFormat = dateFormat({ day: "numeric", month: "long", year: "numeric" });
const shortDayFormat = dateFormat({ day: "numeric", month: "short" });
const minuteFormat = dateFormat({ hour: "2-digit", minute: "2-digit" });
const ukMinuteFormat = dateFormat({ hour: "2-digit", minute: "2-digit", timeZone: "Europe/London" });
const ukDayFormat = dateFormat({ day: "numeric", month: "long", year: "numeric", timeZone: "Europe/London" });
const secondFormat = dateFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** @param {number} value */
export const number = (value) => integerFormat.format(value);

/**
 * @param {number} part
 * @param {number} total
 */
export const percentage = (part, total) => (total > 0 ? percentFormat.format(part / total) : "–");

/** @param {Time} time */
export const day = (time) => dayFormat.format(new Date(time));

/** @param {Time} time */
const timeOfDay = (time) => `${minuteFormat.format(new Date(time))} UTC`;

/** @param {Time} time */
export const timeWithSeconds = (time) => `${secondFormat.format(new Date(time))} UTC`;

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
  const at = new Date(time);
  const ukDay = ukDayFormat.format(at);
  const date = ukDay === day(at) ? "" : `${ukDay}, `;
  return `${date}${ukMinuteFormat.format(at)} UK time`;
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
export const axisLabel = (at) => (at % DAY_S ? minuteFormat : shortDayFormat).format(new Date(at * 1_000));

/**
 * "24 November 2026, 13:00 to 14:00 UTC"
 * @param {string} key the start of the hour
 */
export function hour(key) {
  const end = minuteFormat.format(new Date(Date.parse(key) + HOUR_MS));
  return `${day(key)}, ${minuteFormat.format(new Date(key))} to ${end} UTC`;
}

/** @param {string} code */
export const country = (code) => (/^[A-Z]{2}$/.test(code) ? (regionNames.of(code) ?? code) : code);

/** @type {Record<string, string>} */
const SOURCES = {
  direct: "No source in the link",
  other: "Other links",
  "shared-copy": "Copied link",
  "shared-device": "Shared from a phone or computer",
  "shared-whatsapp": "Shared on WhatsApp",
  "shared-facebook": "Shared on Facebook",
  "shared-bluesky": "Shared on Bluesky",
  "shared-x": "Shared on X",
  "shared-email": "Shared by email",
  "shared-qr": "QR code",
};

/**
 * Show partners by their names.
 * @param {{ source: string, name: string }[]} partners
 */
export function nameSources(partners) {
  for (const { source: key, name } of partners) SOURCES[key] = name;
}

/** @param {string} key */
export const source = (key) => SOURCES[key] ?? key;
