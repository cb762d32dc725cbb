/* A card: a heading, what stands beside it, and a body. */
import { el } from "../element.js";

/** Make a card; `beside` stands at the end of its heading. */
export function card(heading, { beside = null, note = null, kind = "", level = "h2" } = {}, ...body) {
  return el(
    "section",
    { class: `card ${kind}` },
    el(
      "div",
      { class: "card-head" },
      el(level, {}, heading),
      note && el("span", { class: "note" }, note),
      beside,
    ),
    ...body,
  );
}

/** A table that scrolls sideways where it is too wide; it can be reached by keyboard. */
export function scrolling(name, table) {
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name }, table);
}

/** A table of texts: `columns` are `[heading, isNumber]`, the first cell of each row names it. */
export function table(columns, rows, caption = null) {
  const kind = (i) => (columns[i]?.[1] ? "number" : null);
  return el(
    "table",
    {},
    caption && el("caption", {}, caption),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        columns.map(([text], i) => el("th", { scope: "col", class: kind(i) }, text)),
      ),
    ),
    el(
      "tbody",
      {},
      rows.map((row) =>
        el(
          "tr",
          {},
          row.map((cell, i) => (i ? el("td", { class: kind(i) }, cell) : el("th", { scope: "row" }, cell))),
        ),
      ),
    ),
  );
}
