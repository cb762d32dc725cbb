/* Customers per stage of a framework: bars in the model's order, each leading to its customers. */
import { el } from "../element.js";
import { before, funnel } from "../figures.js";
import { label } from "../text.js";
import { stageColours } from "../palette.js";
import { ramp } from "../theme.js";
import { bars } from "./bars.js";

/** Make the bars; `of(framework)` says which. */
export function funnelBars({ store, scope }) {
  const list = bars({ kind: "tall", name: "Customers by stage" });
  let framework = null;

  const draw = scope.paced(400, () => {
    const all = store.get();
    const { kpis } = all;
    if (!kpis || !framework) return;
    const colours = stageColours(framework, ramp());
    const rows = funnel(framework, kpis, before(kpis, all)?.kpis);
    list.show(
      rows.map((row, i) => ({
        ...row,
        key: `${framework.name}/${row.name}`,
        label: label(row.name),
        colour: colours.get(row.name),
        apart: row.exit && !rows[i - 1]?.exit,
        href: `/customers?${new URLSearchParams({ framework: framework.name, stage: row.name })}`,
      })),
    );
  });
  scope.add(store.watch((all) => all.kpis, draw));
  scope.add(store.watch((all) => all.days, draw));

  return {
    node: el("div", {}, list.node),
    of(chosen) {
      framework = chosen;
      draw();
    },
  };
}
