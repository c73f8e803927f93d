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
  // What follows the common start.
  const rest = typed.slice(same);
  const expected = right.slice(same);
  const isSwapped =
    rest.length > 1 && rest[0] === expected[1] && rest[1] === expected[0] && rest.slice(2) === expected.slice(2);
  const isWrong = rest.slice(1) === expected || rest === expected.slice(1) || rest.slice(1) === expected.slice(1);
  return typed !== right && (isSwapped || isWrong);
}

/**
 * The address that the user probably meant; "" if the typed one looks right.
 * @param {string} typed
 * @param {Mailboxes} mailboxes
 */
export function suggestedAddress(typed, mailboxes) {
  const at = typed.lastIndexOf("@");
  const domain = typed
    .slice(at + 1)
    .trim()
    .toLowerCase();
  if (at < 1 || domain in mailboxes.webmail || mailboxes.real.includes(domain)) return "";
  const meant = mailboxes.meant.find((each) => isSlip(domain, each));
  return meant ? typed.slice(0, at + 1).trim() + meant : "";
}

/** @param {HTMLFormElement} form */
function askOnce(form) {
  const field = /** @type {HTMLInputElement} */ (form.querySelector("#email"));
  const question = /** @type {HTMLElement} */ (form.querySelector("[data-meant]"));
  const box = /** @type {HTMLInputElement} */ (question.querySelector("input[type=checkbox]"));
  const askedInput = /** @type {HTMLInputElement} */ (question.querySelector("input[type=hidden]"));
  /** @type {Mailboxes | undefined} */
  let mailboxes;

  /** Returns whether the user must see the question before the form is sent. */
  const showQuestion = () => {
    const suggestion = mailboxes && field.value !== askedInput.value ? suggestedAddress(field.value, mailboxes) : "";
    question.hidden = !suggestion && !box.checked;
    if (suggestion && box.value !== suggestion) box.checked = false;
    if (suggestion) box.value = suggestion;
    if (suggestion) question.querySelector("[data-suggestion]")?.replaceChildren(suggestion);
    return suggestion !== "" && !box.checked;
  };
  field.addEventListener("focus", load, { once: true });
  // Ask on submit and not earlier: a question that appears would move what the person is about to press.
  // The script is before petition.js, so that this listener runs before the one that sends.
  form.addEventListener("submit", (event) => {
    if (!showQuestion()) return;
    askedInput.value = field.value;
    event.preventDefault();
    event.stopImmediatePropagation();
    box.focus();
  });

  async function load() {
    try {
      mailboxes = await (await fetch(form.dataset.mailboxes ?? "")).json();
    } catch {
      // Without the list there is no question.
    }
  }
}

for (const form of document.querySelectorAll("form[data-mailboxes]")) askOnce(/** @type {HTMLFormElement} */ (form));
