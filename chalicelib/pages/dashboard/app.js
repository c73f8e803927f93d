// The start of the staff pages: sign the user in, draw the menu, and show the view for the address.

import { ask, isRefusal, messageOf, root, signOut, token } from "./api.js";
import { askToConfirm, button, h } from "./dom.js";
import { nameSources } from "./format.js";
import { showNumbers } from "./numbers.js";
import { showOverview } from "./overview.js";
import { signInForm } from "./sign-in-form.js";
import { forgetAll, unsavedPages, warnBeforeLeaving } from "./typed.js";

/** @import { MyToken, Right } from "#api" */
/**
 * @typedef {object} ViewContext
 * @property {HTMLElement} container the view's own element. It is removed when the user leaves the view, so that what
 * is added to it later is not seen
 * @property {string} slug of the petition, for views that show one
 * @property {string} id of a part of the petition, for views that show one
 * @property {MyToken} me
 * @property {(route: string) => boolean} may whether the token allows a route, such as "GET /api/staff/audit"
 * @property {AbortSignal} signal aborted when the user leaves the view
 */
/** @typedef {(context: ViewContext) => Promise<void>} View */
/**
 * @typedef {object} Page
 * @property {string} path `:slug` stands for a petition, `:id` for a part of it
 * @property {string} [needs] the route of the API without which the view is useless
 * @property {string} [menu] the text in the menu
 * @property {() => Promise<View>} load
 */

// The views that show numbers are loaded with the page. Each other view is loaded when the user opens it.
/** @type {Page[]} */
const PAGES = [
  { path: "/", menu: "Petitions", load: async () => showOverview },
  { path: "/petitions/:slug", needs: "GET /api/staff/petitions/*/counts", load: async () => showNumbers },
  {
    path: "/petitions/:slug/edit",
    needs: "PUT /api/staff/petitions/*",
    load: async () => (await import("./edit.js")).showEdit,
  },
  {
    path: "/petitions/:slug/share",
    needs: "GET /api/staff/petitions/*",
    load: async () => (await import("./share.js")).showShare,
  },
  {
    path: "/petitions/:slug/exports",
    needs: "POST /api/staff/petitions/*/exports",
    load: async () => (await import("./exports.js")).showExports,
  },
  {
    path: "/petitions/:slug/updates",
    needs: "POST /api/staff/petitions/*/updates",
    load: async () => (await import("./updates.js")).showUpdates,
  },
  {
    path: "/petitions/:slug/updates/:id",
    needs: "PUT /api/staff/petitions/*/updates/*",
    load: async () => (await import("./update.js")).showUpdate,
  },
  {
    path: "/petitions/:slug/letters",
    needs: "GET /api/staff/petitions/*/letters",
    load: async () => (await import("./letters.js")).showLetters,
  },
  {
    path: "/petitions/:slug/elsewhere",
    needs: "POST /api/staff/petitions/*/figures",
    load: async () => (await import("./elsewhere.js")).showElsewhere,
  },
  {
    path: "/petitions/:slug/lists",
    needs: "POST /api/staff/petitions/*/lists",
    load: async () => (await import("./lists.js")).showLists,
  },
  {
    path: "/petitions/:slug/reminders",
    needs: "POST /api/staff/petitions/*/reminders",
    load: async () => (await import("./reminders.js")).showReminders,
  },
  {
    path: "/petitions/:slug/removals",
    needs: "POST /api/staff/petitions/*/removals",
    load: async () => (await import("./removals.js")).showRemovals,
  },
  {
    path: "/petitions/:slug/imports",
    needs: "POST /api/staff/petitions/*/imports",
    load: async () => (await import("./imports.js")).showImports,
  },
  {
    path: "/partners",
    menu: "Partners",
    needs: "POST /api/staff/partners",
    load: async () => (await import("./partners.js")).showPartners,
  },
  {
    path: "/new",
    menu: "New petition",
    needs: "POST /api/staff/petitions",
    load: async () => (await import("./new.js")).showNew,
  },
  {
    path: "/new/:slug",
    needs: "POST /api/staff/petitions",
    load: async () => (await import("./new.js")).showNew,
  },
  {
    path: "/people",
    menu: "A person’s data",
    needs: "POST /api/staff/people/find",
    load: async () => (await import("./people.js")).showPeople,
  },
  {
    path: "/tokens",
    menu: "Tokens",
    needs: "POST /api/staff/tokens",
    load: async () => (await import("./tokens.js")).showTokens,
  },
  {
    path: "/audit",
    menu: "Activity log",
    needs: "GET /api/staff/audit",
    load: async () => (await import("./audit.js")).showAudit,
  },
];

const SIGN_OUT = "There is text that you typed and did not save. It is discarded when you sign out.";

let viewAbort = new AbortController();
/** @type {MyToken | null} */
let me = null;

/**
 * @param {string | undefined} route
 * @returns {Right | undefined}
 */
const rightFor = (route) => (route ? me?.routes[route] : undefined);

/** @param {string | undefined} route */
function may(route) {
  if (!route) return true;
  const right = rightFor(route);
  return right !== undefined && Boolean(me?.rights.includes(right));
}

/** @param {string} path */
function menu(path) {
  const items = PAGES.filter((page) => page.menu && may(page.needs)).map((page) => {
    const link = { href: `#${page.path}`, "aria-current": page.path === path ? "page" : null };
    return h("li", {}, h("a", link, page.menu));
  });
  const signOutButton = button("Sign out", async () => {
    if (unsavedPages().length && !(await askToConfirm("Sign out?", SIGN_OUT, "Sign out and discard it"))) return;
    signOut();
    forgetAll();
    me = null;
    location.hash = "";
    openPage();
  });
  return h(
    "div",
    { class: "staff-bar" },
    h("nav", { "aria-label": "Staff" }, h("ul", {}, items)),
    h("p", { class: "small" }, `Signed in as ${me?.owner}`, signOutButton),
  );
}

/** @param {string | undefined} route */
function noAccess(route) {
  const text =
    `This page needs the right “${rightFor(route) ?? "–"}”, which your token does not have. ` +
    "Ask the person who issued your token for another one.";
  return h(
    "div",
    { class: "card" },
    h("h1", { tabindex: "-1" }, "You do not have access"),
    h("p", { class: "lead" }, text),
  );
}

/** @param {unknown} error */
const failure = (error) =>
  h(
    "div",
    { class: "card" },
    h("h1", {}, "Something went wrong"),
    h("p", { class: "lead", role: "alert" }, messageOf(error)),
    button("Try again", () => openPage()),
  );

/**
 * An unknown address shows the first page.
 * @param {string} path
 * @returns {{ page: Page, slug: string, id: string }}
 */
function pageFor(path) {
  for (const page of PAGES) {
    const match = path.match(new RegExp(`^${page.path.replace(/:\w+/g, "([a-z0-9-]+)")}$`));
    if (match) return { page, slug: match[1] ?? "", id: match[2] ?? "" };
  }
  return { page: /** @type {Page} */ (PAGES[0]), slug: "", id: "" };
}

/**
 * @param {string} path
 * @param {MyToken} user
 */
async function show(path, user) {
  viewAbort.abort();
  viewAbort = new AbortController();
  const { signal } = viewAbort;
  const { page, ...ids } = pageFor(path);
  const container = h("div", { class: "view" });
  const loading = h("p", { class: "loading", role: "status" }, "Loading …");
  root().replaceChildren(menu(path), unsavedLinks(), loading, container);
  new MutationObserver(() => loading.remove()).observe(container, { childList: true });
  if (may(page.needs)) {
    const start = async () => (await page.load())({ container, ...ids, me: user, may, signal });
    await start().catch((error) => container.replaceChildren(failure(error)));
  } else container.append(noAccess(page.needs));
  const title = container.querySelector("h1");
  if (!title) return;
  document.title = `${title.textContent} – Staff`;
  title.tabIndex = -1;
  title.focus();
}

/**
 * @param {string} path
 * @returns {string} the petition of the page, or the page's text in the menu; "New petition" for a copy
 */
const labelOf = (path) =>
  path.match(/^\/petitions\/([^/]+)/)?.[1] ?? PAGES.find((page) => page.path === path)?.menu ?? "New petition";

/** @returns {Promise<MyToken | null>} null when the sign-in form or an error is on the page */
async function currentUser() {
  try {
    if (!me) {
      me = (await ask("/me")).data;
      // Without the names, sources are shown by their keys.
      if (may("GET /api/staff/partners"))
        await ask("/partners").then(
          ({ data }) => nameSources(data.partners),
          () => {},
        );
    }
    return me;
  } catch (error) {
    // On 401, the event "signed-out" has already shown the sign-in form with the reason.
    if (!isRefusal(error, 401)) root().replaceChildren(failure(error));
    return null;
  }
}

function showSignIn(message = "") {
  viewAbort.abort();
  me = null;
  document.title = "Sign in – Staff";
  root().replaceChildren(signInForm(message, () => openPage()));
}

const currentPath = () => location.hash.slice(1) || "/";

/** Links to the other pages with unsaved text, for a user who has left them or had to sign in again. */
function unsavedLinks() {
  const links = unsavedPages()
    .filter((path) => path !== currentPath())
    .map((path) => h("a", { href: `#${path}` }, labelOf(path)));
  return links.length ? h("p", { class: "notice ways" }, "Typed and not saved: ", links) : "";
}

async function openPage() {
  if (!token()) return showSignIn();
  const user = await currentUser();
  if (user) await show(currentPath(), user);
}

window.addEventListener("hashchange", () => openPage());
warnBeforeLeaving(root(), currentPath);
window.addEventListener("signed-out", () => {
  signOut();
  const note = unsavedPages().length ? " What you typed is kept." : "";
  showSignIn(`This token is unknown or has expired. Sign in again.${note}`);
});
openPage();
