// Tells the site that frames this page how high the page is, and its title. embed.js on that site listens.
// Height and title are not secret: the browser shows the page only on sites that the petition allows.

const postHeight = () => {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  window.parent.postMessage({ petition: { height, title: document.title } }, "*");
};
// Post the height now too: browsers call an observer only when they draw, and do not draw a frame that is out of sight.
postHeight();
new ResizeObserver(postHeight).observe(document.body);

// Browsers ignore `autofocus` in a frame of another site.
/** @type {HTMLElement | null} */ (document.querySelector("[autofocus]"))?.focus();
