/* The overview: how everybody is, where they are, and what is happening. */
import { el, fill } from "../element.js";
import { time } from "../format.js";
import { label, title } from "../text.js";
import { chooser, segments } from "../parts/choose.js";
import { card } from "../parts/card.js";
import { timeAt } from "../parts/names.js";
import { firstTouchpoint } from "../parts/notice.js";
import { until, viewHead } from "../parts/view.js";
import { distribution } from "../parts/distribution.js";
import { flowChart } from "../parts/flow_chart.js";
import { funnelBars } from "../parts/funnel.js";
import { happenings } from "../parts/happenings.js";
import { signalDays } from "../parts/signal_days.js";
import { tiles } from "../parts/tiles.js";
import { today } from "../parts/today.js";

const PERIODS = [
  ["1", "Today"],
  ["7", "7 days"],
  ["28", "28 days"],
  ["90", "90 days"],
];

export async function overview(page) {
  const [model, kpis] = await Promise.all([until(page, (all) => all.model), until(page, (all) => all.kpis)]);
  const body = el("div", { class: "view" });
  const node = el("div", { class: "view" }, viewHead("Overview", { words: asOf(page) }), body);

  if (kpis.customers > 0) {
    fill(body, ...everybody(page, model));
  } else {
    fill(body, firstTouchpoint(page));
    page.scope.add(
      page.store.watch(
        (all) => all.kpis.customers > 0 || null,
        () => fill(body, ...everybody(page, model)),
      ),
    );
  }
  return { title: "Overview", node };
}

/** As of which instant the figures are, in words. */
function asOf({ store, scope }) {
  const words = el("span", {});
  scope.add(
    store.watch(
      (all) => all.kpis,
      (kpis) => kpis.customers > 0 && fill(words, "Everybody as of ", timeAt(kpis.as_of, time)),
    ),
  );
  return words;
}

function everybody(page, model) {
  const names = model.frameworks.map(({ name }) => [name, title(name)]);
  let framework = model.frameworks[0];
  const stages = funnelBars(page);
  const flows = flowChart(page, { height: 330 });
  const scores = Object.keys(model.scores);
  const scoreChart = scores.length ? distribution(page, { height: 240 }) : null;
  let days = "7";

  function choose(name) {
    framework = model.frameworks.find((each) => each.name === name);
    stages.of(framework);
    flows.of(framework, days);
  }
  if (framework) choose(framework.name);
  scoreChart?.of(scores[0]);

  return [
    tiles(page, model),
    el(
      "div",
      { class: "grid" },
      framework &&
        card(
          "Customers by stage",
          {
            kind: "half",
            beside: chooser("Framework", names, framework.name, choose),
            note: names.length === 1 ? names[0][1] : null,
          },
          stages.node,
        ),
      framework &&
        card(
          "Moves between stages",
          {
            kind: "half",
            beside: segments("Period", PERIODS, days, (value) => {
              days = value;
              flows.of(framework, days);
            }),
          },
          flows.node,
        ),
      ...happenings(page),
      scoreChart &&
        card(
          scores.length === 1 ? `${label(scores[0])} score` : "Scores",
          {
            kind: "part",
            beside: chooser(
              "Score",
              scores.map((name) => [name, label(name)]),
              scores[0],
              scoreChart.of,
            ),
            note: scoreChart.note,
          },
          scoreChart.node,
        ),
      today(page, model),
      signalDays(page, model),
    ),
  ];
}
