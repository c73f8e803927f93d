// Before the form is sent, asks once whether the typed email address has a slip in its domain, such as gmial.com.
// Without this script, the server asks the same (signatures/mailboxes.py).

/**
 * `webmail`: the webmail's URL by domain. `meant`: well-known domains. `real`: domains that look like a slip but exist.
 * @typedef {{ webmail: Record<string, string>, meant: string[], real: string[] }} Mailboxes
 */

/**
 * Whether exactly one character is wrong, missing, added or swapped with the next one.
 * @param {string} typed
 * @param {string} right
 */
export function isSlip(typed, right) {
  let commonLength = 0;
  while (commonLength < typed.length && typed[commonLength] === right[commonLength]) commonLength += 1;
  // What follows the common start.
  const rest = typed.slice(commonLength);
  const expected = right.slice(commonLength);
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
  // Ask on submit and not earlier: otherwise the question would move the button while the person is about to press it.
  // The page has this script before petition.js, so that this listener runs before the listener that sends the form.
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
      // Without the list of mailboxes, ask nothing.
    }
  }
}

for (const form of document.querySelectorAll("form[data-mailboxes]")) askOnce(/** @type {HTMLFormElement} */ (form));
