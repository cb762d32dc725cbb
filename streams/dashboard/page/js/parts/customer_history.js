/* A customer over time: its scores as they were sent, its stages as ribbons, its movements and alerts. */
import { customerPath } from "../api.js";
import { el, fill } from "../element.js";
import { date, decimal, exactTime, time } from "../format.js";
import { hue, inkOn, NEUTRAL } from "../palette.js";
import { flagSegments, placed, segments } from "../ribbons.js";
import { label, title } from "../text.js";
import { token } from "../theme.js";
import { table } from "./card.js";
import { chart, plain } from "./chart.js";
import { movement, raised } from "./feed.js";
import { foreign } from "./names.js";

const SHOWN = 500;

/** Build the parts; `read()` reads all of it anew, `showUntil(instant)` says as of when the customer is known. */
export function customerHistory(page, model, id, colours) {
  const { api, scope } = page;
  const names = Object.keys(model.scores);
  const line = names.length ? chart({ scope, height: 320 }) : null;
  const ribbons = el("div", { class: "ribbons" });
  const happened = el("ul", { class: "feed", "aria-label": "Movements and alerts of this customer" });
  const none = el("p", { class: "muted" }, "Nothing yet.");
  let transitions = [];
  let until = page.now(); // until when the ribbons go
  let drawn = "";

  async function read() {
    const [scores, moves, alerts] = await Promise.all([
      api.get(customerPath("/v1/customers", id, "/scores"), { limit: SHOWN }, scope.signal),
      api.get("/v1/transitions", { customer: id, limit: SHOWN }, scope.signal),
      api.get("/v1/alerts", { customer: id, state: "all", limit: 50 }, scope.signal),
    ]);
    const shape = JSON.stringify([
      scores.points.length,
      scores.points[0]?.at,
      moves.transitions[0]?.id,
      alerts.alerts,
    ]);
    if (shape === drawn) return;
    drawn = shape;
    if (line) showScores(line, scores.points, names, until);
    transitions = moves.transitions;
    showRibbons();
    showHappened(
      moves.transitions,
      alerts.alerts.map((entry) => entry.raised),
    );
  }

  function showRibbons() {
    const instants = transitions.map((move) => Date.parse(move.at));
    const to = Math.max(until, ...instants);
    const from = Math.min(to - 3_600_000, ...instants);
    const span = { from, to };
    const rows = model.frameworks.flatMap((framework) => {
      const own = transitions.filter((move) => move.framework === framework.name);
      if (framework.kind !== "flags") return [[title(framework.name), segments(own, span), framework]];
      return [...flagSegments(own, span)].map(([flag, parts]) => [
        `${title(framework.name)} · ${label(flag)}`,
        parts,
        framework,
      ]);
    });
    fill(
      ribbons,
      rows.map(([name, parts, framework]) => ribbon(name, placed(parts, span), colours.get(framework.name))),
      el(
        "p",
        { class: "ribbon-ends" },
        el("span", {}, date(new Date(from).toISOString())),
        el("span", {}, time(new Date(to).toISOString())),
      ),
    );
  }

  function showHappened(moves, alerts) {
    const all = [...moves.map((move) => [move, movement]), ...alerts.map((alert) => [alert, raised])]
      .sort(([a], [b]) => (a.at < b.at ? 1 : -1))
      .slice(0, 20);
    none.hidden = all.length > 0;
    fill(
      happened,
      all.map(([item, make]) => make(item, page.now())),
    );
    for (const link of happened.querySelectorAll("a.customer")) link.remove();
  }

  return {
    read,
    showUntil(instant) {
      until = Date.parse(instant);
      if (drawn) showRibbons();
    },
    scores: line?.node ?? null,
    ribbons,
    happened: el("div", {}, happened, none),
  };
}

function showScores(line, points, names, until) {
  const last = points[0];
  const oldest = [...points].reverse();
  if (last && Date.parse(last.at) < until) oldest.push({ ...last, at: new Date(until).toISOString() });
  line.show({
    summary: last
      ? `Scores over time, ${points.length} values; the last: ${names.map((name) => `${label(name)} ${value(last.scores[name])}`).join(", ")}.`
      : "No scores were sent yet.",
    table: () =>
      table(
        [["When"], ...names.map((name) => [label(name), true])],
        points
          .slice(0, 100)
          .map((point) => [exactTime(point.at), ...names.map((name) => value(point.scores[name]))]),
      ),
    draw: () => ({
      data: names.map((name, i) => ({
        type: "scatter",
        mode: oldest.length < 3 ? "lines+markers" : "lines",
        name: plain(label(name)),
        x: oldest.map(({ at }) => new Date(at)),
        y: oldest.map(({ scores }) => scores[name] ?? null),
        line: { color: i === 0 ? token("accent") : hue(i), width: 2, shape: "hv" },
        hovertemplate: `%{y:.1f} %{fullData.name}<extra></extra>`,
      })),
      layout: {
        hovermode: "x unified",
        showlegend: names.length > 1,
        legend: { orientation: "h", y: 1.15 },
        yaxis: { range: [0, 100], nticks: 5 },
      },
    }),
  });
}

const value = (score) => (score === null || score === undefined ? "none" : decimal(score));

function ribbon(name, parts, colours) {
  const words = parts
    .map((part) => `${label(part.stage)} from ${time(new Date(part.start).toISOString())}`)
    .join("; ");
  return el(
    "div",
    {},
    el("h3", {}, foreign(name)),
    el(
      "div",
      { class: "ribbon", role: "img", "aria-label": words || "no stage" },
      parts.map((part) => {
        const ground = colours.get(part.stage) ?? NEUTRAL;
        return el(
          "i",
          {
            title: `${label(part.stage)}, from ${time(new Date(part.start).toISOString())}`,
            style: {
              left: `${part.left * 100}%`,
              width: `${part.width * 100}%`,
              background: ground,
              color: inkOn(ground),
            },
          },
          part.width > 0.07 ? label(part.stage) : "",
        );
      }),
    ),
  );
}
