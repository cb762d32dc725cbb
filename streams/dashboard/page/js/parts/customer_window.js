/* A table of very many customers, of which only the rows in sight (and some around them) are in the document. */
import { el, fill } from "../element.js";
import { decimal } from "../format.js";
import { label, title } from "../text.js";
import { customerLink, foreign, stageName } from "./names.js";

const ROW_PX = 40;
const AROUND = 12;
const NEAR_END = 60;

/** Make the window; `show(rows, {ended, top})` sets its rows, `more()` is called near their end. */
export function customerWindow({ page, model, colours, more }) {
  const scores = Object.keys(model.scores);
  const columns = ["Customer", ...scores.map(label), ...model.frameworks.map(({ name }) => title(name))];
  const head = el(
    "thead",
    {},
    el(
      "tr",
      {},
      columns.map((text) => el("th", { scope: "col" }, text)),
    ),
  );
  const above = spacer(columns.length);
  const below = spacer(columns.length);
  const body = el("tbody", {});
  const table = el(
    "table",
    {},
    el("caption", { class: "unseen" }, "Customers, in the order of their ids"),
    head,
    body,
  );
  const node = el(
    "div",
    { class: "window", tabindex: "0", role: "region", "aria-label": "Customers" },
    table,
  );
  let rows = [];
  let ended = true;
  let drawn = "";

  function draw() {
    const visible = Math.ceil((node.clientHeight || 800) / ROW_PX);
    const first = Math.max(0, Math.floor(node.scrollTop / ROW_PX) - AROUND);
    const last = Math.min(rows.length, first + visible + 2 * AROUND);
    if (!ended && last > rows.length - NEAR_END) more();
    const part = `${first}-${last}-${rows.length}`;
    if (part === drawn) return;
    drawn = part;
    above.firstChild.style.height = `${first * ROW_PX}px`;
    below.firstChild.style.height = `${(rows.length - last) * ROW_PX}px`;
    const focused = body.contains(document.activeElement)
      ? document.activeElement.getAttribute("href")
      : null;
    fill(
      body,
      above,
      rows.slice(first, last).map((row, i) => line(row, first + i)),
      below,
    );
    if (focused)
      [...body.querySelectorAll("a")]
        .find((link) => link.getAttribute("href") === focused)
        ?.focus({ preventScroll: true });
  }

  function line(row, index) {
    return el(
      "tr",
      { "aria-rowindex": String(index + 2) },
      el("th", { scope: "row" }, customerLink(row.customer_id)),
      scores.map((name) => el("td", {}, scoreCell(row.scores[name], row.levels[name]))),
      model.frameworks.map(({ name }) => el("td", {}, stageCell(row.stages[name], colours.get(name)))),
    );
  }

  let frame = null;
  node.addEventListener(
    "scroll",
    () => {
      frame ??= requestAnimationFrame(() => {
        frame = null;
        draw();
      });
    },
    { passive: true },
  );
  const resized = new ResizeObserver(() => rows.length && draw());
  resized.observe(node);
  page.scope.add(() => resized.disconnect());

  return {
    node,
    show(all, state) {
      rows = all;
      ended = state.ended;
      drawn = "";
      node.hidden = rows.length === 0;
      table.setAttribute("aria-rowcount", ended ? String(rows.length + 1) : "-1");
      if (state.top) node.scrollTop = 0;
      draw();
    },
  };
}

const spacer = (columns) =>
  el("tr", { class: "spacer", "aria-hidden": "true" }, el("td", { colspan: String(columns) }));

function scoreCell(value, level) {
  if (value === null || value === undefined) return el("span", { class: "muted" }, "none");
  return el(
    "span",
    { class: "score-cell", title: level ? label(level) : null },
    decimal(value),
    el("i", { "aria-hidden": "true" }, el("b", { style: { width: `${value}%` } })),
  );
}

function stageCell(stages, colours) {
  if (!Array.isArray(stages)) return stageName(stages, colours);
  if (stages.length === 0) return stageName(null);
  return foreign(stages.map(label).join(", "));
}
