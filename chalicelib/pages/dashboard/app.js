// Who sits there, what they may, and which view the address asks for.

import { ask, Refused, signOut, token } from "./api.js";
import { button, h } from "./dom.js";
import { showNumbers } from "./numbers.js";
import { showOverview } from "./overview.js";
import { signInForm } from "./sign-in-form.js";

const SLUG = "([a-z0-9-]+)";
// Numbers come with the page; the rest is fetched when somebody goes there.
const VIEWS = [
  { path: "/", show: showOverview },
  { path: `/petitions/${SLUG}`, show: showNumbers, right: "counts" },
  {
    path: `/petitions/${SLUG}/edit`,
    show: async (about) => (await import("./edit.js")).showEdit(about),
    right: "manage",
  },
  {
    path: `/petitions/${SLUG}/exports`,
    show: async (about) => (await import("./exports.js")).showExports(about),
    right: "export",
  },
  { path: "/new", show: async (about) => (await import("./edit.js")).showNew(about), right: "manage" },
  { path: "/people", show: async (about) => (await import("./people.js")).showPeople(about), right: "people" },
  { path: "/tokens", show: async (about) => (await import("./tokens.js")).showTokens(about), right: "manage" },
  { path: "/audit", show: async (about) => (await import("./audit.js")).showAudit(about), right: "manage" },
];
const MENU = [
  { href: "#/", text: "Petitions" },
  { href: "#/new", text: "New petition", right: "manage" },
  { href: "#/people", text: "A person’s data", right: "people" },
  { href: "#/tokens", text: "Tokens", right: "manage" },
  { href: "#/audit", text: "Who did what", right: "manage" },
];

const place = document.querySelector("[data-staff]");
let leave = new AbortController();
let me = null;

const may = (right) => !right || me.rights.includes(right);

function menu(path) {
  const items = MENU.filter(({ right }) => may(right)).map(({ href, text }) =>
    h("li", {}, h("a", { href, "aria-current": href === `#${path}` ? "page" : null }, text)),
  );
  const out = button("Sign out", () => {
    signOut();
    me = null;
    location.hash = "";
    open();
  });
  return h(
    "div",
    { class: "staff-bar" },
    h("nav", { "aria-label": "Staff" }, h("ul", {}, items)),
    h("p", { class: "small" }, `Signed in as ${me.owner}`, out),
  );
}

function lacking(right) {
  return h(
    "div",
    { class: "card" },
    h("h1", { tabindex: "-1" }, "This is not open to you"),
    h(
      "p",
      { class: "lead" },
      `This part needs the right “${right}”, which your token does not have. Whoever issued it can give you another.`,
    ),
  );
}

function found(path) {
  for (const view of VIEWS) {
    const match = path.match(new RegExp(`^${view.path}$`));
    if (match) return { ...view, slug: match[1] };
  }
  return { ...VIEWS[0] };
}

// A view fills its own element, so one that is left late writes where nobody looks.
async function show(path) {
  leave.abort();
  leave = new AbortController();
  const { show: view, right, slug } = found(path);
  const room = h("div", { class: "view" });
  place.replaceChildren(menu(path), room);
  if (!may(right)) room.append(lacking(right));
  else await view({ room, slug, me, may, signal: leave.signal }).catch((error) => room.replaceChildren(trouble(error)));
  const title = room.querySelector("h1");
  if (!title) return;
  document.title = `${title.textContent} – Staff`;
  title.tabIndex = -1;
  title.focus();
}

function trouble(error) {
  return h(
    "div",
    { class: "card" },
    h("h1", {}, "That did not work"),
    h("p", { class: "lead", role: "alert" }, error.message),
    button("Try again", () => open()),
  );
}

async function recognised() {
  try {
    me = (await ask("/me")).data;
    return true;
  } catch (error) {
    // Without its words for it, the form alone would look as if nothing had happened.
    if (error instanceof Refused && error.status === 401) return false;
    place.replaceChildren(trouble(error));
    return null;
  }
}

function askToSignIn(sentence = "") {
  leave.abort();
  me = null;
  document.title = "Sign in – Staff";
  place.replaceChildren(signInForm(sentence, () => open()));
}

async function open() {
  if (!token()) return askToSignIn();
  if (!me && !(await recognised())) return undefined;
  return show(location.hash.slice(1) || "/");
}

window.addEventListener("hashchange", () => open());
window.addEventListener("signed-out", () => {
  signOut();
  askToSignIn("This token is not known here, or its time is over. Sign in again.");
});
open();
