/* Customers per stage over time, stacked (flags: a line each, for a customer may hold several). */
import { el } from "../element.js";
import { date, number, time } from "../format.js";
import { faint, stageColours } from "../palette.js";
import { label } from "../text.js";
import { ramp } from "../theme.js";
import { scrolling, table } from "./card.js";
import { chart, plain } from "./chart.js";

/** Build the chart and keep it right. */
export function stageHistory({ store, scope }, framework) {
  const drawing = chart({ scope, height: 320 });
  const few = el("p", { class: "muted" }, "History begins with the first full hour.");

  const draw = scope.paced(5_000, () => {
    const { days, hours } = store.get();
    const points = days.length >= 4 ? days : hours;
    few.hidden = points.length > 1;
    drawing.node.hidden = points.length < 2;
    if (points.length < 2) return;
    const write = points === days ? date : time;
    const count = (point, stage) => point.kpis.stages[framework.name]?.[stage] ?? 0;
    drawing.show({
      summary: `Customers per stage, from ${write(points[0].start)} to ${write(points.at(-1).start)}.`,
      table: () =>
        scrolling(
          "Customers per stage over time",
          table(
            [["Begin"], ...framework.stages.map(({ name }) => [label(name), true])],
            [...points]
              .reverse()
              .map((point) => [
                write(point.start),
                ...framework.stages.map(({ name }) => number(count(point, name))),
              ]),
          ),
        ),
      draw() {
        const colours = stageColours(framework, ramp());
        const stacked = framework.kind !== "flags";
        return {
          data: framework.stages.map(({ name }) => ({
            type: "scatter",
            mode: "lines",
            name: plain(label(name)),
            x: points.map(({ start }) => new Date(start)),
            y: points.map((point) => count(point, name)),
            stackgroup: stacked ? "all" : undefined,
            line: { color: colours.get(name), width: stacked ? 0.5 : 2 },
            fillcolor: faint(colours.get(name), 0.85),
            hovertemplate: "%{y} %{fullData.name}<extra></extra>",
          })),
          layout: {
            hovermode: "x unified",
            showlegend: true,
            legend: { orientation: "h", y: -0.15, traceorder: "normal" },
            margin: { l: 44, r: 12, t: 8, b: 60 },
          },
        };
      },
    });
  });
  scope.add(store.watch((all) => all.days, draw));
  scope.add(store.watch((all) => all.hours, draw));
  return el("div", {}, drawing.node, few);
}
