/* The tiles of the overview: figures about everybody, each with its change and its trend. */
import { el } from "../element.js";
import { change, compact, decimal, number, share } from "../format.js";
import { answersFigure, before, OUTCOMES, outcomesToday, sum, trend } from "../figures.js";
import { label, title } from "../text.js";
import { sharesTile, tile } from "./tile.js";

const OUTCOME_COLOURS = ["var(--accent)", "#009e73", "#e69f00", "#cc79a7", "#d55e00", "#8a94a1"];

/** Build the tiles and keep them right. */
export function tiles(page, model) {
  const { store, scope } = page;
  const list = el("div", { class: "tiles" });
  const figures = [];

  function add(name, pick, { write = compact, hint = null, daily = false } = {}) {
    const one = tile(name, { hint });
    list.append(one.node);
    figures.push((all, then) => {
      const value = pick(all.kpis);
      const earlier = then && (then.sameTime || !daily) ? pick(then.kpis) : null;
      one.show({
        value: value === null || value === undefined ? "–" : write(value),
        change: earlier === null || value === null ? null : round(value - earlier),
        since: then?.since,
        trend: trend(pick, all, daily),
      });
    });
  }

  add("Customers", (kpis) => kpis.customers);
  add("New today", (kpis) => kpis.new_today, {
    hint: "Since midnight UTC, against the same time yesterday",
    daily: true,
  });
  for (const [back, name] of [
    ["1", "Active today"],
    ["7", "Active this week"],
    ["28", "Active this month"],
  ]) {
    add(name, (kpis) => kpis.active[back] ?? null, {
      hint: `Active in the last ${back} UTC days, today included`,
      daily: back === "1",
    });
  }
  add("Open alerts", (kpis) => sum(kpis.alerts_open));
  const touchpoints = sharesTile("Touchpoints today");
  list.append(touchpoints.node);
  for (const question of model.questions) {
    const one = tile(title(question.name), {
      hint: `Answers of the last ${number(question.window_ms / 86_400_000)} days`,
    });
    one.node.hidden = true;
    list.append(one.node);
    const pick = (kpis) => answersFigure(question, kpis.answers[question.name]);
    const write =
      question.figure === "nps"
        ? (value) => change(Math.round(value))
        : question.figure === "top_two"
          ? share
          : decimal;
    figures.push((all, then) => {
      const value = pick(all.kpis);
      one.node.hidden = value === null;
      if (value === null) return;
      const answers = all.kpis.answers[question.name].answers;
      const earlier = then && pick(then.kpis);
      const moved = earlier === null || earlier === undefined ? "" : delta(value - earlier, question.figure);
      one.show({ value: write(value), note: `${number(answers)} answers${moved}`, trend: trend(pick, all) });
    });
  }
  for (const score of Object.keys(model.scores)) {
    const pick = (kpis) =>
      kpis.scores[score]?.customers ? kpis.scores[score].sum / kpis.scores[score].customers : null;
    add(`${label(score)}, mean`, pick, { write: decimal, hint: "The mean of everybody's score, 0 to 100" });
  }

  const draw = scope.paced(400, () => {
    const all = store.get();
    const then = before(all.kpis, all);
    for (const show of figures) show(all, then);
    showTouchpoints(touchpoints, all);
  });
  scope.add(store.watch((all) => all.kpis, draw));
  scope.add(store.watch((all) => all.hours, draw));
  scope.add(store.watch((all) => all.days, draw));
  return list;
}

function showTouchpoints(one, { kpis, days }) {
  const outcomes = Object.entries(outcomesToday(kpis, days));
  const total = outcomes.reduce((all, [, count]) => all + count, 0);
  one.show({
    value: compact(sum(kpis.channels)),
    rows: outcomes
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => ({
        label: label(name).toLowerCase(),
        share: total ? count / total : 0,
        colour: OUTCOME_COLOURS[OUTCOMES.indexOf(name)],
      }))
      .slice(0, 3),
  });
}

const round = (value) => Math.round(value * 10) / 10;

function delta(difference, figure) {
  const points = round(figure === "top_two" ? difference * 100 : difference);
  if (points === 0) return "";
  return ` · ${points > 0 ? "▲" : "▼"} ${number(Math.abs(points))}`;
}
