// A fake of the browser APIs that the modules use, for unit tests. tests/browser uses a real browser.

export class FakeElement {
  attributes = {};
  children = [];
  listeners = {};
  style = {};
  value = "";

  constructor(tag) {
    this.tag = tag;
  }

  get name() {
    return this.attributes.name;
  }

  get pattern() {
    return this.attributes.pattern ?? "";
  }

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  toggleAttribute(name, present) {
    this.attributes[name] = present;
  }

  addEventListener(name, listener) {
    this.listeners[name] = listener;
  }

  append(...children) {
    this.children.push(...children);
  }

  replaceChildren(...children) {
    this.children = children;
  }

  get textContent() {
    return this.children.map((child) => child?.textContent ?? child).join(" ");
  }

  set textContent(text) {
    this.children = [text];
  }

  contains() {
    return false;
  }

  querySelectorAll() {
    return [];
  }

  /** This element and all below it. */
  *all() {
    yield this;
    for (const child of this.children) if (child instanceof FakeElement) yield* child.all();
  }
}

class FakeDocument extends EventTarget {
  hidden = false;
  documentElement = { lang: "en" };
  body = { dataset: {} };

  createElement(tag) {
    return new FakeElement(tag);
  }

  querySelector(selector) {
    return selector === "[data-staff]"
      ? { dataset: { site: "/prod", languages: '{"en":"English","cy":"Cymraeg"}' } }
      : null;
  }

  querySelectorAll() {
    return [];
  }
}

/** Install a fresh browser. Call it before a module is imported that looks at the page. */
export function installBrowser() {
  const stored = new Map();
  globalThis.document = new FakeDocument();
  globalThis.window = new EventTarget();
  globalThis.sessionStorage = {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => stored.set(key, value),
    removeItem: (key) => stored.delete(key),
  };
}

/**
 * Answer every request with what `respond` returns or throws.
 * @returns the requests, as [url, options]
 */
export function installFetch(respond) {
  const requests = [];
  globalThis.fetch = async (url, options) => {
    requests.push([url, options]);
    return respond(requests.length, options);
  };
  return requests;
}

/** Run the callbacks of all settled promises. */
export const runCallbacks = () => new Promise((resolve) => setImmediate(resolve));
