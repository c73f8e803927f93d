// Before an update goes out: how many people get it, how long that takes, and who gets it in another language.

import { countOfPeople, number } from "./format.js";
import { languages as names } from "./updates.js";

/** @import { Audience } from "#api" */

/**
 * In days or hours if there are at least two, else in minutes.
 * @param {number} seconds
 */
export function durationInWords(seconds) {
  if (seconds >= 2 * 86_400) return `about ${Math.round(seconds / 86_400)} days`;
  if (seconds >= 2 * 3_600) return `about ${Math.round(seconds / 3_600)} hours`;
  const minutes = Math.round(seconds / 60);
  return minutes < 2 ? "about a minute" : `about ${minutes} minutes`;
}

/**
 * @param {Audience} audience
 * @returns {string[]} a sentence for each fact
 */
export function audienceInWords({ people, languages, waiting, seconds }) {
  if (!people) return ["At the moment nobody gets it by email: nobody has confirmed and asked for updates."];
  const before = waiting ? ` ${number(waiting)} other emails wait and go first.` : "";
  const others = languages
    .filter(({ language, text_in: text }) => language !== text)
    .map(({ language, people: readers, text_in: text }) => {
      const name = names.of(language);
      return `${countOfPeople(readers)} signed in ${name}. There is no text in ${name}: they get the one in ${names.of(text)}.`;
    });
  const duration = `At the present rate, sending takes ${durationInWords(seconds)}.${before} People who sign get their email first.`;
  return [`${countOfPeople(people)} ${people === 1 ? "gets" : "get"} it by email.`, duration, ...others];
}
