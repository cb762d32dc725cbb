/* One framework at a time: its stages now, who came and left in a period, flows, history and rules. */
import { el, fill } from "../element.js";
import { duration, number, share } from "../format.js";
import { matrix, NOWHERE } from "../flows.js";
import { narrow } from "../router.js";
import { faint, stageColours } from "../palette.js";
import { label, title } from "../text.js";
import { ramp, token } from "../theme.js";
import { card, scrolling, table } from "../parts/card.js";
import { segments } from "../parts/choose.js";
import { flowChart } from "../parts/flow_chart.js";
import { funnelBars } from "../parts/funnel.js";
import { foreign, stageName } from "../parts/names.js";
import { nothing } from "../parts/notice.js";
import { rulesOf } from "../parts/rules.js";
import { segmentsTable } from "../parts/segments_table.js";
import { stageHistory } from "../parts/stage_history.js";
import { until, viewHead } from "../parts/view.js";

const PERIODS = [
  ["1", "Today"],
  ["7", "7 days"],
  ["28", "28 days"],
  ["90", "90 days"],
];

export async function frameworks(page, { name, query }) {
  const model = await until(page, (all) => all.model);
  const framework =
    name === undefined ? model.frameworks[0] : model.frameworks.find((each) => each.name === name);
  if (!framework) return missing(name);
  const colours = stageColours(framework, ramp());
  const flags = framework.kind === "flags";
  let days = PERIODS.some(([value]) => value === query.days) ? query.days : "7";

  const stages = el("div", {});
  const crossing = el("div", {});
  const flows = flowChart(page, {
    height: 380,
    loaded(found) {
      fill(stages, stageTable(found, colours, flags));
      fill(crossing, flowMatrix(found, framework, colours));
    },
  });
  const bars = flags ? funnelBars(page) : null;
  bars?.of(framework);
  flows.of(framework, days);
  const period = segments("Period", PERIODS, days, (value) => {
    days = value;
    narrow({ days });
    flows.of(framework, days);
  });

  return {
    title: title(framework.name),
    node: el(
      "div",
      { class: "view" },
      viewHead(title(framework.name), {
        words: kindInWords(framework),
        beside: el("div", { class: "fields" }, tabs(model, framework), period),
      }),
      el(
        "div",
        { class: "grid" },
        card("Stages", { kind: "half" }, stages, bars?.node),
        card("Moves between stages", { kind: "half" }, flows.node),
        card("Customers per stage over time", {}, stageHistory(page, framework)),
        segmentsTable(page, model, framework, colours),
        card("From and to", { kind: "half" }, crossing),
        card("Rules", { kind: "half" }, rulesOf(framework, colours)),
      ),
    ),
  };
}

function kindInWords({ kind, levels, dwell_ms: dwell, hard }) {
  const kinds = {
    ladder: "A ladder: everybody is on one stage, the most advanced whose rule holds",
    free: "Free: everybody is in one stage, and may go from any to any",
    flags: levels ? "Flags, of which the highest held counts" : "Flags: each is on or off by itself",
  };
  const more = [];
  if (dwell > 0) more.push(`a stage is kept for ${duration(dwell)} at least`);
  if (dwell > 0 && hard.length) more.push(`but for ${hard.map(label).join(", ").toLowerCase()}`);
  return `${[kinds[kind] ?? label(kind), ...more].join("; ")}.`;
}

function tabs(model, current) {
  if (model.frameworks.length < 2) return null;
  return el(
    "nav",
    { class: "segments links", "aria-label": "Frameworks" },
    model.frameworks.map(({ name }) =>
      el(
        "a",
        {
          href: `/frameworks/${encodeURIComponent(name)}`,
          "aria-current": name === current.name ? "page" : null,
        },
        title(name),
      ),
    ),
  );
}

function stageTable({ stages, framework }, colours, flags) {
  const total = stages.reduce((all, { customers }) => all + customers, 0);
  return scrolling(
    "Stages",
    table(
      [
        ["Stage"],
        ["Customers", true],
        ...(flags ? [] : [["Share", true]]),
        ["Mean time", true],
        ["Came", true],
        ["Left", true],
      ],
      stages.map((stage) => [
        el(
          "a",
          {
            href: `/customers?${new URLSearchParams({ framework, stage: stage.stage })}`,
            class: "quiet-link",
          },
          stageName(stage.stage, colours),
        ),
        number(stage.customers),
        ...(flags ? [] : [share(total ? stage.customers / total : 0)]),
        duration(stage.mean_ms),
        number(stage.entered),
        number(stage.left),
      ]),
    ),
  );
}

function flowMatrix({ flows }, framework, colours) {
  const { from, to, cells, most } = matrix(
    flows,
    framework.stages.map(({ name }) => name),
  );
  if (from.length === 0) return nothing("Nobody moved in this time.");
  const name = (stage) =>
    stage === NOWHERE ? (framework.kind === "flags" ? "(off)" : "(new)") : label(stage);
  const accent = token("accent");
  const heat = (count) => (count ? { background: faint(accent, 0.08 + (0.4 * count) / most) } : {});
  return scrolling(
    "Moves, from rows to columns",
    el(
      "table",
      { class: "matrix" },
      el("caption", { class: "unseen" }, "Moves, from the stage of the row to the stage of the column"),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("td", {}, "from ↓ to →"),
          to.map((stage) =>
            el("th", { scope: "col", class: "number upright" }, el("span", {}, foreign(name(stage)))),
          ),
        ),
      ),
      el(
        "tbody",
        {},
        from.map((stage, row) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, stage === NOWHERE ? name(stage) : stageName(stage, colours)),
            cells[row].map((count) =>
              el("td", { class: "number", style: heat(count) }, count ? number(count) : "·"),
            ),
          ),
        ),
      ),
    ),
  );
}

function missing(name) {
  return {
    title: "Frameworks",
    node: el(
      "div",
      { class: "view" },
      viewHead("Frameworks"),
      name === undefined
        ? nothing(
            "The model has no framework.",
            el(
              "p",
              {},
              "Frameworks are told in the model's file, under ",
              el("code", {}, "frameworks:"),
              ".",
            ),
          )
        : nothing(
            "The model has no framework of this name.",
            el("p", {}, el("a", { href: "/frameworks" }, "See those that it has")),
          ),
    ),
  };
}
