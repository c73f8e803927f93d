// Replace the content of an element. Keep the keyboard focus and how far its tables are scrolled.

const FOCUSABLE = "a[href], button, input, summary, [tabindex='0']";

/** @param {Element} element */
const labelOf = (element) => element.getAttribute("aria-label") ?? element.textContent;

/** @param {Element} element */
const keyOf = (element) => element.closest("[data-key]")?.getAttribute("data-key");

/**
 * The element that gets the focus of `old`: the one with the same label in the row of the same key, or else a table.
 * Never another button: a key press must not revoke the token of the next row.
 * @param {HTMLElement} place
 * @param {Element} old
 */
function successorOf(place, old) {
  const [key, label] = [keyOf(old), labelOf(old)];
  const same = [...place.querySelectorAll(FOCUSABLE)].find((each) => keyOf(each) === key && labelOf(each) === label);
  return /** @type {HTMLElement | null} */ (same ?? place.querySelector(".scroll"));
}

/**
 * @param {HTMLElement} place
 * @param {...(Node | string)} children
 */
export function refill(place, ...children) {
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const scrolled = [...place.querySelectorAll(".scroll")].map(({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop]);
  place.replaceChildren(...children);
  for (const [index, region] of place.querySelectorAll(".scroll").entries())
    region.scrollTo(.../** @type {[number, number]} */ (scrolled[index] ?? [0, 0]));
  if (focused) successorOf(place, focused)?.focus({ preventScroll: true });
}
