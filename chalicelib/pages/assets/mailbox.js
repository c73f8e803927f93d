// Asks once about an email address whose domain is one slip away from a well-known one, before the form is sent.
// Without this script the server asks the same (signatures/mailboxes.py).

/** @typedef {{ webmail: Record<string, string>, meant: string[], real: string[] }} Mailboxes */

/**
 * Whether one character is wrong, missing, doubled or swapped with the next.
 * @param {string} typed
 * @param {string} right
 */
export function isSlip(typed, right) {
  let same = 0;
  while (same < typed.length && typed[same] === right[same]) same += 1;
  const left = typed.slice(same);
  const wanted = right.slice(same);
  const swapped =
    left.length > 1 && left[0] === wanted[1] && left[1] === wanted[0] && left.slice(2) === wanted.slice(2);
  const wrong = left.slice(1) === wanted || left === wanted.slice(1) || left.slice(1) === wanted.slice(1);
  return typed !== right && (swapped || wrong);
}

/**
 * The address that was probably meant; "" if nothing looks wrong.
 * @param {string} typed
 * @param {Mailboxes} known
 */
export function meant(typed, known) {
  const at = typed.lastIndexOf("@");
  const domain = typed
    .slice(at + 1)
    .trim()
    .toLowerCase();
  if (at < 1 || domain in known.webmail || known.real.includes(domain)) return "";
  const found = known.meant.find((each) => isSlip(domain, each));
  return found ? typed.slice(0, at + 1).trim() + found : "";
}

/** @param {HTMLFormElement} form */
function askOnce(form) {
  const field = /** @type {HTMLInputElement} */ (form.querySelector("#email"));
  const question = /** @type {HTMLElement} */ (form.querySelector("[data-meant]"));
  const box = /** @type {HTMLInputElement} */ (question.querySelector("input[type=checkbox]"));
  const asked = /** @type {HTMLInputElement} */ (question.querySelector("input[type=hidden]"));
  /** @type {Mailboxes | undefined} */
  let known;

  const show = () => {
    const suggestion = known && field.value !== asked.value ? meant(field.value, known) : "";
    question.hidden = !suggestion && !box.checked;
    if (suggestion && box.value !== suggestion) box.checked = false;
    if (suggestion) box.value = suggestion;
    if (suggestion) question.querySelector("[data-suggestion]")?.replaceChildren(suggestion);
    return suggestion !== "" && !box.checked;
  };
  field.addEventListener("focus", load, { once: true });
  // Not before: a question that appears on the way to the next field would move what the person is about to press.
  // The script is before petition.js, so that this listener runs before the one that sends.
  form.addEventListener("submit", (event) => {
    if (!show()) return;
    asked.value = field.value;
    event.preventDefault();
    event.stopImmediatePropagation();
    box.focus();
  });

  async function load() {
    try {
      known = await (await fetch(form.dataset.mailboxes ?? "")).json();
    } catch {
      // Without the list there is no question.
    }
  }
}

for (const form of document.querySelectorAll("form[data-mailboxes]")) askOnce(/** @type {HTMLFormElement} */ (form));
