/* One signal by day: how often it came, and what its amounts come to. */
import { el, say } from "../element.js";
import { compact, number } from "../format.js";
import { label } from "../text.js";
import { token } from "../theme.js";
import { card, table } from "./card.js";
import { byDay } from "../figures.js";
import { chart } from "./chart.js";
import { segments } from "./choose.js";

/** Build the card, null where the model knows no signal. */
export function signalDays({ store, scope }, model) {
  if (model.signals.length === 0) return null;
  const drawing = chart({ scope, height: 240 });
  const note = el("span", {});
  let signal = model.signals[0];
  let what = 0; // 0: times, 1: amounts

  const draw = scope.paced(2_000, () => {
    const { days, kpis } = store.get();
    if (!kpis) return;
    const figure = (figures) => figures.signals[signal]?.[what] ?? 0;
    const points = byDay(days, kpis, figure);
    const total = points.reduce((all, [, count]) => all + count, 0);
    say(note, `${compact(total)} in ${number(points.length)} days`);
    drawing.show({
      summary: `${label(signal)} by day: ${compact(total)} in ${points.length} days, ${compact(points.at(-1)[1])} today.`,
      table: () =>
        table(
          [["Day (UTC)"], [what ? "Amount" : "Times", true]],
          [...points].reverse().map(([day, count]) => [day, number(count)]),
        ),
      draw: () => ({
        data: [
          {
            type: "bar",
            x: points.map(([day]) => day),
            y: points.map(([, count]) => count),
            marker: { color: token("accent"), cornerradius: 2 },
            hovertemplate: "%{x}: %{y}<extra></extra>",
          },
        ],
        layout: {
          bargap: 0.15,
          xaxis: { showgrid: false, type: "date" },
          yaxis: { nticks: 4, rangemode: "tozero" },
        },
      }),
    });
  });
  scope.add(store.watch((all) => all.kpis, draw));
  scope.add(store.watch((all) => all.days, draw));

  const list = el(
    "select",
    {
      "aria-label": "Signal",
      onchange() {
        signal = list.value;
        draw();
      },
    },
    model.signals.map((name) => el("option", { value: name }, label(name))),
  );
  const choose = segments(
    "What to show",
    [
      [0, "Times"],
      [1, "Amount"],
    ],
    what,
    (value) => {
      what = value;
      draw();
    },
  );
  return card(
    "Signals by day",
    { kind: "part", note, beside: el("div", { class: "fields" }, list, choose) },
    drawing.node,
  );
}
