// Elements without a framework. Text always goes in as text: nothing that somebody typed can become markup here.

// `on…` listens, a boolean is an attribute that is there or not, `value` is what a field holds.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else if (name === "value") element.value = value;
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const button = (text, onclick, attributes = {}) =>
  h("button", { type: "button", class: "act", onclick, ...attributes }, text);

// `columns`: {title, cell: row → text or element, number?: whether it lines up on the right}. Under a heading that says
// the same, the caption is for screen readers alone.
export function table(caption, columns, rows, { headed = false } = {}) {
  const kind = ({ number }) => (number ? { class: "number" } : {});
  const head = h(
    "tr",
    {},
    columns.map((column) => h("th", { scope: "col", ...kind(column) }, column.title)),
  );
  const line = (row) =>
    h(
      "tr",
      {},
      columns.map((column, index) =>
        h(index ? "td" : "th", { ...(index ? {} : { scope: "row" }), ...kind(column) }, column.cell(row)),
      ),
    );
  // It scrolls sideways on a phone, so the keyboard must be able to reach it.
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", headed ? { class: "unseen" } : {}, caption),
      h("thead", {}, head),
      h("tbody", {}, rows.map(line)),
    ),
  );
}

export function field(label, input, hint = "") {
  const id = input.id || `field-${input.name}`;
  input.id = id;
  const help = hint ? h("p", { class: "hint", id: `${id}-hint` }, hint) : null;
  if (help) input.setAttribute("aria-describedby", help.id);
  return h("div", { class: "field" }, h("label", { for: id }, label), help, input);
}

export function tick(label, attributes) {
  const id = `tick-${attributes.name}-${attributes.value}`;
  return h(
    "div",
    { class: "tick" },
    h("input", { type: "checkbox", id, ...attributes }),
    h("label", { for: id }, label),
  );
}

// The API's name of a field is no word of the page; its label is.
const labelOf = (place, name) => place.closest("form")?.elements[name]?.labels?.[0]?.textContent ?? name;

// What went wrong in a form: all of it at the top, where the focus goes.
export function showErrors(place, message, errors = []) {
  const list = errors.map(({ field: name, message: text }) => h("li", {}, `${labelOf(place, name)}: ${text}`));
  const summary = h(
    "div",
    { class: "error-summary", role: "alert", tabindex: "-1" },
    h("h2", {}, message),
    h("ul", {}, list),
  );
  place.replaceChildren(summary);
  summary.focus();
}

// A window that has to be answered. Resolves to what was pressed, or "" when it was closed.
export function dialog(title, content, buttons) {
  return new Promise((resolve) => {
    const form = h(
      "form",
      { method: "dialog", class: "asking" },
      h("h2", { id: "dialog-title" }, title),
      content,
      h(
        "p",
        { class: "acts" },
        buttons.map(({ value, text, kind }) =>
          h("button", { class: `act ${kind ?? ""}`, value, formnovalidate: !value }, text),
        ),
      ),
    );
    const box = h("dialog", { "aria-labelledby": "dialog-title", class: "card" }, form);
    box.addEventListener("close", () => {
      box.remove();
      resolve(box.returnValue);
    });
    document.querySelector("[data-staff]").append(box);
    box.showModal();
  });
}

export const CANCEL = { value: "", text: "Cancel" };

export const sure = async (title, text, act, kind = "") =>
  (await dialog(title, h("p", {}, text), [{ value: "yes", text: act, kind }, CANCEL])) === "yes";
