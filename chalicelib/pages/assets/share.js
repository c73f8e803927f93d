// Buttons that open the device's own share sheet, where there is one, and that copy the link to share.
// Without this script, the links for sharing still work.

const SHOWN_MS = 4_000;

/** @param {HTMLElement} box */
function enableSharing(box) {
  const { title = "", text = "", url = "", copied = "" } = box.dataset;
  const native = /** @type {HTMLElement} */ (box.querySelector("[data-native]"));
  const copy = /** @type {HTMLElement} */ (box.querySelector("[data-copy]"));
  const confirmation = /** @type {HTMLElement} */ (box.querySelector("[data-copied]"));
  native.hidden = !navigator.share;
  native.addEventListener("click", () => {
    navigator.share({ title, text, url }).catch(() => {
      // The person closed the sheet.
    });
  });
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(copied);
    confirmation.hidden = false;
    setTimeout(() => {
      confirmation.hidden = true;
    }, SHOWN_MS);
  });
}

for (const box of document.querySelectorAll("[data-share]")) enableSharing(/** @type {HTMLElement} */ (box));
