// The counter on a whole screen: the number climbs to the latest count, and a milestone is named when it passes.
// petition.js reads the count and says so by the event "counted".

/** @typedef {{ count: number, goal: number }} Shown as on the page: with a larger number from elsewhere, that one */

const CLIMB_MS = 1_500;
const NAMED_FOR_MS = 120_000;

const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const number = new Intl.NumberFormat(`${language}-u-nu-latn`);
/** @type {Record<string, string>} */
const texts = JSON.parse(document.body.dataset.texts ?? "{}");

/**
 * @param {string} english with {count}
 * @param {number} count
 */
const translated = (english, count) => (texts[english] ?? english).replace("{count}", number.format(count));

/**
 * The highest milestone that has passed, or undefined.
 * @param {number[]} milestones in rising order
 * @param {number} before
 * @param {number} count
 */
export const passedMilestone = (milestones, before, count) =>
  milestones.findLast((milestone) => before < milestone && milestone <= count);

/**
 * What is shown on the way from one number to the next: quickly at first, and exact at the end.
 * @param {number} from
 * @param {number} to
 * @param {number} elapsed milliseconds
 */
export const climbing = (from, to, elapsed) =>
  Math.round(to - (to - from) * (1 - Math.min(1, Math.max(0, elapsed) / CLIMB_MS)) ** 3);

/**
 * @param {HTMLElement} element
 * @param {number} from
 * @param {number} to
 */
function climb(element, from, to) {
  if (to <= from || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const start = performance.now();
  /** @param {number} now */
  const step = (now) => {
    // A later count has a climb of its own.
    if (Number(element.dataset.count) !== to) return;
    element.textContent = number.format(climbing(from, to, now - start));
    if (now - start < CLIMB_MS) requestAnimationFrame(step);
  };
  element.textContent = number.format(from);
  requestAnimationFrame(step);
}

/** @param {HTMLElement} screen */
function watch(screen) {
  const figure = /** @type {HTMLElement} */ (screen.querySelector("[data-count]"));
  const bar = /** @type {HTMLProgressElement} */ (screen.querySelector("progress"));
  const news = /** @type {HTMLElement} */ (screen.querySelector("[data-milestone]"));
  const milestones = (screen.dataset.milestones ?? "").split(" ").map(Number);
  // Without a count from the server, the first one that arrives passes no milestone.
  const isKnown = !bar.closest("[hidden]");
  let last = isKnown ? { count: Number(figure.dataset.count), goal: bar.max } : null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @param {Shown} shown */
  const show = (shown) => {
    const before = last ?? shown;
    last = shown;
    figure.dataset.count = String(shown.count);
    climb(figure, before.count, shown.count);
    const milestone = passedMilestone(milestones, before.count, shown.count);
    if (!milestone) return;
    const isGoal = milestone === before.goal;
    news.textContent = isGoal
      ? translated("We have reached our goal of {count}!", milestone)
      : translated("We have reached {count}!", milestone);
    clearTimeout(timer);
    timer = setTimeout(() => news.replaceChildren(), NAMED_FOR_MS);
  };
  document.addEventListener("counted", (event) => show(/** @type {CustomEvent<Shown>} */ (event).detail));
}

const screen = /** @type {HTMLElement | null} */ (document.querySelector(".screen"));
if (screen) watch(screen);
