// Tells the site that frames this page how high the page is, and its title. embed.js on that site listens.
// Neither is secret: the browser shows the page only on sites that the petition allows.

const tell = () => {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  window.parent.postMessage({ petition: { height, title: document.title } }, "*");
};
// At once, because browsers do not draw, and so do not observe, a frame that is out of sight.
tell();
new ResizeObserver(tell).observe(document.body);

// Browsers ignore `autofocus` in a frame of another site.
/** @type {HTMLElement | null} */ (document.querySelector("[autofocus]"))?.focus();
