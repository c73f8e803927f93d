// The picture of a petition: choose a file, say what it shows in each language, or remove it.

import { ask } from "./api.js";
import { askToConfirm, button, h } from "./dom.js";
import { field, sendingForm, submitButton } from "./forms.js";

/** @import { ManagedPetition } from "#api" */

const MAX_BYTES = 3_000_000;
const FILE_HINT = "JPEG, PNG or WebP, up to 3 MB. We store it without what the camera added, such as the place.";
const languages = new Intl.DisplayNames(["en-GB"], { type: "language" });

/**
 * @param {File} file
 * @returns {Promise<string>} in base64
 */
const contentOf = (file) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(new Error("We could not read this file. Choose it again."));
    reader.readAsDataURL(file);
  });

/**
 * @param {string} path
 * @param {ManagedPetition} petition
 * @param {(message: string) => Promise<void>} reload
 */
export function pictureForm(path, petition, reload) {
  const { picture } = petition;
  const file = h("input", {
    name: "data",
    type: "file",
    accept: "image/jpeg,image/png,image/webp",
    required: !picture,
  });
  const codes = [petition.language, ...Object.keys(petition.translations)];
  const alts = codes.map((code) => {
    const value = picture?.alts[code] ?? "";
    const input = h("input", { name: `alts.${code}`, maxlength: "200", required: true, lang: code, value });
    return field(`What the picture shows (${languages.of(code)})`, input);
  });
  /** @param {HTMLFormElement} form */
  const save = async (form) => {
    const typed = new FormData(form);
    const [chosen] = file.files ?? [];
    if (chosen && chosen.size > MAX_BYTES) throw new Error("Choose a picture of at most 3 MB.");
    const data = chosen ? await contentOf(chosen) : null;
    const body = { data, alts: Object.fromEntries(codes.map((code) => [code, String(typed.get(`alts.${code}`))])) };
    await ask(`${path}/picture`, { method: "PUT", body });
    await reload("The picture is saved.");
  };
  const remove = async () => {
    if (!(await askToConfirm("Remove the picture?", "The page is then without one.", "Remove the picture"))) return;
    await ask(`${path}/picture`, { method: "DELETE" });
    await reload("The picture is removed.");
  };
  const form = sendingForm(save, [field("Picture", file, FILE_HINT), alts, submitButton("Save the picture")]);
  const removal = picture ? h("p", { class: "acts" }, button("Remove the picture", remove)) : null;
  return h("details", {}, h("summary", {}, "Picture (optional)"), form, removal);
}
