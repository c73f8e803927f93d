// The share kit of a petition: links with a source, QR codes, paper for the street, and the code of a frame.

import { ask, site } from "./api.js";
import { copyButton } from "./copy.js";
import { h } from "./dom.js";
import { field } from "./forms.js";
import { petitionLink } from "./petition-link.js";

/** @import { ManagedPetition } from "#api" */
/** @import { ViewContext } from "./app.js" */

const SOURCE = /^[a-z0-9-]{1,40}$/;
const HINT = "Where you put it, such as spring-leaflet: small letters, digits and hyphens. Your numbers show it.";
const PAPER =
  "Enter what people sign on paper under “Elsewhere”, as a figure of the kind “Paper”. Keep the sheets as carefully " +
  "as an export.";
const FRAME = "Paste it into a page of a site that the petition’s settings allow to show the form.";

/** @param {string} path */
const publicAddress = (path) => new URL(`${site()}${path}`, location.href).href;

/**
 * @param {string} slug
 * @param {string} source
 */
export const embedCode = (slug, source) =>
  `<script src="${publicAddress("/embed.js")}" data-petition="${slug}" data-show="form" ` +
  `data-source="${source}"></script>`;

/**
 * A text with a button that copies it.
 * @param {string} label
 * @param {string} text
 */
const copied = (label, text) => [
  h("p", {}, h("code", {}, text)),
  h("p", { class: "acts" }, copyButton(label, text)),
];

/**
 * @param {string} slug
 * @param {string} source
 */
function withSource(slug, source) {
  const query = `?source=${source}`;
  const page = `/petitions/${slug}`;
  /** @param {string} kind */
  const download = (kind) =>
    h(
      "a",
      { href: publicAddress(`${page}/qr.${kind}${query}`), download: `${slug}-${source}.${kind}` },
      kind.toUpperCase(),
    );
  return [
    ...copied("Copy the link", publicAddress(page + query)),
    h("h2", {}, "QR code"),
    h("img", {
      src: publicAddress(`${page}/qr.svg${query}`),
      width: "160",
      height: "160",
      alt: "QR code of this link",
    }),
    h("p", { class: "ways" }, "Download: ", download("svg"), download("png")),
    h("h2", {}, "On your website"),
    h("p", {}, FRAME),
    ...copied("Copy the code", embedCode(slug, source)),
    h("p", {}, h("a", { href: publicAddress(`/embed/${slug}${query}`), target: "_blank" }, "Look at the form")),
  ];
}

/** @param {ManagedPetition} petition */
function paper({ slug, language: main, translations }) {
  const languages = [main, ...Object.keys(translations)];
  /**
   * @param {string} name
   * @param {string} text
   */
  const links = (name, text) =>
    languages.map((language) =>
      h("a", { href: publicAddress(`/petitions/${slug}/${name}.pdf?lang=${language}`) }, `${text} (${language})`),
    );
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "For the street"),
    h("p", {}, PAPER),
    h("p", { class: "ways" }, links("poster", "Poster, A4"), links("sheet", "Signature sheet, A4")),
  );
}

/** @param {ViewContext} context */
export async function showShare({ container, slug, may }) {
  /** @type {ManagedPetition} */
  const petition = (await ask(`/petitions/${slug}`)).data;
  container.append(h("p", { class: "over" }, petitionLink(petition, may)), h("h1", {}, "Share"));
  if (petition.state === "draft") {
    container.append(h("p", { class: "notice" }, "The petition is a draft. Links and codes work once it is open."));
    return;
  }
  const source = h("input", { name: "source", pattern: "[a-z0-9\\-]{1,40}", value: "shared", required: true });
  const result = h("div");
  const refresh = () => {
    if (SOURCE.test(source.value)) result.replaceChildren(...withSource(slug, source.value));
    else result.replaceChildren(h("p", { role: "status" }, "Type a source of small letters, digits and hyphens."));
  };
  source.addEventListener("input", refresh);
  refresh();
  container.append(h("section", { class: "card" }, field("Source", source, HINT), result), paper(petition));
}
