/* The touchpoint map as a table: each line, how often it matched, and what never came. */
import { el, fill } from "../element.js";
import { number } from "../format.js";
import { label, plural } from "../text.js";
import { scrolling } from "./card.js";
import { segments } from "./choose.js";
import { chip, foreign } from "./names.js";

/** Build the table; the reader may ask for what never came alone. */
export function touchpointMap(model) {
  const lines = model.touchpoints;
  const never = lines.filter(({ matched }) => matched === 0);
  const most = Math.max(1, ...lines.map(({ matched }) => matched ?? 0));
  const body = el("tbody", {});
  const show = (which) =>
    fill(
      body,
      (which === "never" ? never : lines).map((line) => row(line, most)),
      which === "all" && unmapped(model),
    );
  show("all");
  return el(
    "div",
    { class: "why" },
    never.length > 0 &&
      el(
        "div",
        { class: "fields" },
        segments(
          "Which lines",
          [
            ["all", `All ${number(lines.length)}`],
            ["never", `Never matched ${number(never.length)}`],
          ],
          "all",
          show,
        ),
        el(
          "p",
          { class: "small muted" },
          `${number(never.length)} ${plural(never.length, "line has", "lines have")} never matched: is the event spelled like this?`,
        ),
      ),
    scrolling(
      "Touchpoint map",
      el(
        "table",
        { class: "map" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            ["Event", "Where", "Type", "Gives"].map((text) => el("th", { scope: "col" }, text)),
            el("th", { scope: "col", class: "number" }, "Matched"),
          ),
        ),
        body,
      ),
    ),
  );
}

function row(line, most) {
  const gives = [
    ...line.signals.map((name) => chip(label(name))),
    ...line.dimensions.map((name) => el("span", { class: "small muted" }, label(name))),
    ...line.answers.map((name) => chip(`answer: ${label(name)}`)),
  ];
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, foreign(line.event)),
    el(
      "td",
      { class: "small" },
      line.where.map((condition) => el("code", { class: "condition" }, foreign(condition))),
    ),
    el("td", {}, line.type && label(line.type)),
    el("td", {}, el("span", { class: "stage-heads" }, gives)),
    el("td", { class: "number" }, matched(line.matched, most)),
  );
}

function matched(count, most) {
  if (count === null) return el("span", { class: "muted" }, "unknown");
  if (count === 0) return el("span", { class: "never" }, "never");
  const width = `${Math.max(2, Math.sqrt(count / most) * 100)}%`;
  return el(
    "span",
    { class: "score-cell" },
    number(count),
    el("i", { "aria-hidden": "true" }, el("b", { style: { width } })),
  );
}

function unmapped({ unmapped: count }) {
  if (count === null || count === 0) return null;
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, el("em", {}, "matched by no line")),
    el("td", { colspan: "3", class: "small muted" }, "They count as activity, and give nothing else."),
    el("td", { class: "number" }, number(count)),
  );
}
