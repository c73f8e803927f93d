// Buttons that open the device's own share sheet, where there is one, and that copy the link to share; and a field for
// the words that are sent. Without this script, the links for sharing still work, with the words of the page.

const SHOWN_MS = 4_000;

/** @param {HTMLElement} box */
function enableSharing(box) {
  const { title = "", url = "", copied = "" } = box.dataset;
  /** @type {(selector: string) => HTMLElement | null} */
  const find = (selector) => box.querySelector(selector);
  const words = /** @type {HTMLTextAreaElement | null} */ (find("textarea"));
  find("[data-words]")?.removeAttribute("hidden");
  words?.addEventListener("input", () => {
    for (const link of box.querySelectorAll("a")) {
      const text = encodeURIComponent(words.value.trim());
      link.href = (link.dataset.pattern ?? "").replace("{text}", () => text);
    }
  });
  // On paper, the QR code is what leads to the petition.
  window.addEventListener("beforeprint", () => find(".qr")?.closest("details")?.setAttribute("open", ""));
  const native = find("[data-native]");
  native?.toggleAttribute("hidden", !navigator.share);
  native?.addEventListener("click", () => {
    const text = words?.value.trim() ?? box.dataset.text;
    navigator.share({ title, text, url }).catch(() => {
      // The person closed the sheet.
    });
  });
  const copy = find("[data-copy]");
  copy?.toggleAttribute("hidden", !navigator.clipboard);
  copy?.addEventListener("click", async () => {
    await navigator.clipboard.writeText(copied);
    find("[data-copied]")?.removeAttribute("hidden");
    setTimeout(() => find("[data-copied]")?.setAttribute("hidden", ""), SHOWN_MS);
  });
}

for (const box of document.querySelectorAll("[data-share]")) enableSharing(/** @type {HTMLElement} */ (box));
