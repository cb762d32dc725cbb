/* Horizontal bars with their numbers: a funnel, a ranking. They are a list; the bar itself is decoration. */
import { el, keyed, say } from "../element.js";
import { change, number, share } from "../format.js";
import { foreign } from "./names.js";

/**
 * Make a list of bars. `show(rows)` draws rows of `{key, label, href, count, share, width, colour, change, apart}`;
 * rows that stay are changed in place.
 */
export function bars({ kind = "", name }) {
  const list = el("ul", { class: `bars ${kind}`, "aria-label": name });
  return {
    node: list,
    show(rows) {
      keyed(list, rows, { key: (row) => row.key, make, renew });
    },
  };
}

function make(row) {
  const text = foreign(row.label, { title: row.label });
  const item = el(
    "li",
    { class: row.apart ? "apart" : null },
    el("span", { class: "label" }, row.href ? el("a", { href: row.href, class: "quiet-link" }, text) : text),
    el("span", { class: "track", "aria-hidden": "true" }, el("span", { class: "fill" })),
    el("span", { class: "count" }),
    el("span", { class: "share" }),
  );
  renew(item, row);
  return item;
}

function renew(item, row) {
  const style = item.querySelector(".fill").style;
  style.width = row.count > 0 ? `max(2px, ${(row.width * 100).toFixed(2)}%)` : "0";
  if (row.colour) style.background = row.colour;
  item.classList.toggle("apart", Boolean(row.apart));
  say(item.querySelector(".count"), row.text ?? number(row.count));
  const more = row.change ? ` ${row.change > 0 ? "▲" : "▼"} ${change(row.change).replace(/^[+-]/, "")}` : "";
  say(item.querySelector(".share"), row.note ?? `${share(row.share)}${more}`);
}
