/* Moves between the stages of a framework in a period, as a Sankey diagram and as a table. */
import { el, fill } from "../element.js";
import { number } from "../format.js";
import { inWords, NOWHERE, sankey } from "../flows.js";
import { faint, NEUTRAL, stageColours } from "../palette.js";
import { ramp, token } from "../theme.js";
import { label } from "../text.js";
import { chart, plain } from "./chart.js";
import { nothing, trouble } from "./notice.js";
import { table } from "./card.js";
import { foreign } from "./names.js";

/** Make the diagram; `of(framework, days)` reads the flows and draws them, and again after movements. */
export function flowChart({ api, live, scope }, { height, loaded = () => {} }) {
  const drawing = chart({ scope, height });
  const said = el("div", {});
  const node = el("div", {}, drawing.node, said);
  let asked = null;
  let drawn = "";

  async function read() {
    const mine = asked;
    if (mine === null) return;
    try {
      const path = `/v1/frameworks/${encodeURIComponent(mine.framework.name)}/flows`;
      const flows = await api.get(path, { days: mine.days }, scope.signal);
      if (mine !== asked) return;
      loaded(flows);
      show(mine.framework, flows);
    } catch (error) {
      if (error.name !== "AbortError" && mine === asked) fill(said, trouble(error, read));
    }
  }
  const again = scope.paced(5_000, read);
  scope.add(live.on("transition", (change) => change.framework === asked?.framework.name && again()));

  scope.add(live.on("resumed", read));

  function show(framework, { flows }) {
    const some = flows.some(({ moves }) => moves > 0);
    drawing.node.hidden = !some;
    fill(said, some ? null : nothing("Nobody moved in this time."));
    const shape = JSON.stringify([framework.name, flows]);
    if (!some || shape === drawn) return;
    drawn = shape;
    const name = (stage) => (stage ? label(stage) : framework.kind === "flags" ? "(off)" : "(new)");
    drawing.show({
      summary: inWords(flows, name),
      table: () => flowTable(flows, name),
      draw: () => traces(framework, flows, name),
    });
  }

  return {
    node,
    of(framework, days) {
      asked = { framework, days };
      read();
    },
  };
}

function traces(framework, flows, name) {
  const colours = stageColours(framework, ramp());
  const { nodes, links } = sankey(
    flows,
    framework.stages.map((stage) => stage.name),
  );
  const colour = (stage) => colours.get(stage) ?? NEUTRAL;
  return {
    data: [
      {
        type: "sankey",
        arrangement: "fixed",
        textfont: { color: token("text"), size: 12 },
        node: {
          label: nodes.map((node) => plain(`${name(node.name)}  ${number(node.moves)}`)),
          color: nodes.map((node) => (node.name === NOWHERE ? NEUTRAL : colour(node.name))),
          x: nodes.map(({ x }) => x),
          y: nodes.map(({ y }) => y),
          pad: 10,
          thickness: 10,
          line: { width: 0 },
          hovertemplate: "%{label}<extra></extra>",
        },
        link: {
          source: links.map(({ source }) => source),
          target: links.map(({ target }) => target),
          value: links.map(({ moves }) => moves),
          color: links.map(({ target }) => faint(colour(nodes[target].name), 0.35)),
          hovertemplate: "%{source.label} → %{target.label}: %{value}<extra></extra>",
        },
      },
    ],
    layout: { margin: { l: 4, r: 4, t: 8, b: 8 } },
  };
}

function flowTable(flows, name) {
  const rows = [...flows].filter(({ moves }) => moves > 0).sort((a, b) => b.moves - a.moves);
  return table(
    [["From"], ["To"], ["Moves", true]],
    rows.map(({ from_stage, to_stage, moves }) => [
      foreign(name(from_stage)),
      foreign(name(to_stage)),
      number(moves),
    ]),
  );
}
