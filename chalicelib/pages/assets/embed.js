// For other sites: <script src=".../embed.js" data-petition="..." data-show="form"></script> adds a frame with the form
// or the counter. This is a classic script, because a module cannot find its own script element. It sets no cookie. It
// sets styles as properties, which a strict content security policy allows.

(() => {
  const WAIT_FOR_PAGE_MS = 3_000;
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement)) return;
  const { petition = "", show = "form", source, lang, title } = script.dataset;
  const path = `embed/${encodeURIComponent(petition)}${show === "counter" ? "/counter" : ""}`;
  const url = new URL(path, script.src);
  if (source) url.searchParams.set("source", source);
  if (lang) url.searchParams.set("lang", lang);

  const frame = document.createElement("iframe");
  frame.src = url.href;
  frame.title = title ?? "Petition";
  frame.style.width = "100%";
  frame.style.border = "0";
  frame.style.height = show === "counter" ? "10rem" : "60rem";

  let isShown = false;
  window.addEventListener("message", ({ origin, source: sender, data }) => {
    if (origin !== url.origin || sender !== frame.contentWindow) return;
    isShown = true;
    const page = data?.petition ?? {};
    if (Number.isFinite(page.height)) frame.style.height = `${page.height}px`;
    if (!title && typeof page.title === "string") frame.title = page.title;
  });

  // The page after the form is shorter than the form: without scrolling, the start of that page could be out of sight.
  let isFirst = true;
  frame.addEventListener("load", () => {
    if (!isFirst) frame.scrollIntoView();
    isFirst = false;
  });
  // The page posts its height as soon as it is drawn. A browser draws nothing if the petition does not allow this site.
  const linkIfNotShown = () => {
    if (isShown) return;
    const link = document.createElement("a");
    link.href = new URL(`petitions/${encodeURIComponent(petition)}${url.search}`, script.src).href;
    link.textContent = title ?? "Sign the petition";
    frame.replaceWith(link);
  };
  frame.addEventListener("load", () => setTimeout(linkIfNotShown, WAIT_FOR_PAGE_MS));
  script.after(frame);
})();
