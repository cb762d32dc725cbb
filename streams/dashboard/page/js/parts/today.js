/* What came in today: touchpoints by channel, type and source, and signals with their amounts. */
import { el } from "../element.js";
import { compact, number } from "../format.js";
import { ranked } from "../figures.js";
import { label } from "../text.js";
import { bars } from "./bars.js";
import { card } from "./card.js";
import { segments } from "./choose.js";

const KINDS = [
  ["channels", "Channel"],
  ["types", "Type"],
  ["sources", "Source"],
  ["signals", "Signal"],
];

/** Build the card and keep it right. */
export function today({ store, scope }, model) {
  const list = bars({ kind: "thin", name: "Touchpoints today" });
  const empty = el("p", { class: "muted" }, "Nothing came in today.");
  let kind = "channels";

  const draw = scope.paced(900, () => {
    const { kpis } = store.get();
    if (!kpis) return;
    const counts =
      kind === "signals"
        ? Object.fromEntries(Object.entries(kpis.signals).map(([name, [count]]) => [name, count]))
        : kpis[kind];
    const rows = ranked(counts, 9);
    empty.hidden = rows.length > 0;
    list.show(
      rows.map((row) => ({
        ...row,
        key: `${kind}/${row.name ?? "rest of them"}`,
        label:
          row.name === null
            ? "Others"
            : row.name === ""
              ? `(without a ${kind.slice(0, -1)})`
              : label(row.name),
        note: kind === "signals" ? amount(kpis.signals[row.name]) : undefined,
      })),
    );
  });
  scope.add(store.watch((all) => all.kpis, draw));

  return card(
    "Today",
    {
      kind: "part",
      beside: segments(
        "Touchpoints today by",
        KINDS.filter(([name]) => name !== "signals" || model.signals.length),
        kind,
        (value) => {
          kind = value;
          draw();
        },
      ),
    },
    el("div", { class: "grow" }, list.node, empty),
  );
}

function amount(figures) {
  if (!figures || figures[1] === figures[0]) return " "; // without amounts each counts as one
  return `Σ ${Math.abs(figures[1]) < 100_000 ? number(Math.round(figures[1] * 100) / 100) : compact(figures[1])}`;
}
