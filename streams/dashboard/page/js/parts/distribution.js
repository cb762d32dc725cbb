/* How a score is distributed among customers: ten bins of ten points. */
import { el, say } from "../element.js";
import { decimal, number, share } from "../format.js";
import { BINS, mean } from "../figures.js";
import { label } from "../text.js";
import { token } from "../theme.js";
import { chart } from "./chart.js";
import { table } from "./card.js";

/** Make the chart; `of(score)` says which; `note` holds the mean in words. */
export function distribution({ store, scope }, { height }) {
  const drawing = chart({ scope, height });
  const note = el("span", {});
  let score = null;
  let drawn = "";

  const draw = scope.paced(1_000, () => {
    const figures = store.get().kpis?.scores[score];
    if (!figures) return;
    const average = mean(figures);
    say(
      note,
      average === null ? "nobody has it" : `mean ${decimal(average)} over ${number(figures.customers)}`,
    );
    const shape = JSON.stringify([score, figures.bins]);
    if (shape === drawn) return;
    drawn = shape;
    drawing.show({
      summary: `${label(score)}: ${number(figures.customers)} customers, mean ${average === null ? "none" : decimal(average)}.`,
      table: () =>
        table(
          [["Score"], ["Customers", true], ["Share", true]],
          figures.bins.map((count, i) => [
            BINS[i],
            number(count),
            share(figures.customers ? count / figures.customers : 0),
          ]),
        ),
      draw: () => ({
        data: [
          {
            type: "bar",
            x: BINS.map((_, i) => 10 * i + 5),
            width: 9,
            customdata: BINS,
            y: figures.bins,
            marker: { color: token("accent"), cornerradius: 3 },
            hovertemplate: "%{customdata}: %{y} customers<extra></extra>",
          },
        ],
        layout: { xaxis: { range: [0, 100], dtick: 20, showgrid: false }, yaxis: { nticks: 4 } },
      }),
    });
  });
  scope.add(store.watch((all) => all.kpis, draw));

  return {
    node: drawing.node,
    note,
    of(name) {
      score = name;
      draw();
    },
  };
}
