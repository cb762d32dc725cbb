/* What is computed from the figures about everybody before they are shown. Pure. */

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

export const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);

/**
 * The figures to compare `kpis` with, and since when in words: those of the same hour a day ago, or else those
 * of the end of the last day; null where neither was kept.
 */
export function before(kpis, { hours, days }) {
  const now = Date.parse(kpis.as_of);
  const within = (point, from, to) => Date.parse(point.start) > from && Date.parse(point.start) <= to;
  const then = now - DAY_MS;
  const hour = hours.findLast((point) => within(point, then - 2 * HOUR_MS, then));
  if (hour) return { kpis: hour.kpis, since: "in a day", sameTime: true };
  const yesterday = Math.floor(now / DAY_MS) * DAY_MS - DAY_MS;
  const day = days.findLast((point) => within(point, yesterday - DAY_MS, yesterday));
  return day ? { kpis: day.kpis, since: "since midnight", sameTime: false } : null;
}

/**
 * A trend of `pick(kpis)`: by day where there are three days of history, else by hour. A figure that begins
 * anew at midnight (`daily`) is shown for whole days alone.
 */
export function trend(pick, { days, hours, kpis }, daily = false) {
  const points = days.length >= 3 ? days : hours;
  const step = days.length >= 3 ? "day" : "hour";
  const length = step === "day" ? DAY_MS : HOUR_MS;
  const earlier = points.filter(({ start }) => Date.parse(start) + length <= Date.parse(kpis.as_of));
  const now = daily && step === "day" ? [] : [pick(kpis)];
  const values = [...earlier.map((point) => pick(point.kpis)), ...now];
  return { step, values: values.filter((value) => value !== null && value !== undefined) };
}

/** Every record read has exactly one of these outcomes; other counts tell more about some of them. */
export const OUTCOMES = ["applied", "duplicate", "late", "suppressed", "dead_letter", "internal"];

/** What became of today's touchpoints: running totals less those of the last day before. */
export function outcomesToday(kpis, days) {
  const midnight = Math.floor(Date.parse(kpis.as_of) / DAY_MS) * DAY_MS;
  const before = days.filter(({ start }) => Date.parse(start) < midnight).at(-1)?.kpis.outcomes ?? {};
  const since = OUTCOMES.map((name) => [name, (kpis.outcomes[name] ?? 0) - (before[name] ?? 0)]);
  return Object.fromEntries(since.filter(([, count]) => count > 0));
}

/** Sum up the answers to a question in its own way; null without answers. */
export function answersFigure(question, figures) {
  if (!figures || figures.answers === 0) return null;
  const count = (from, to) =>
    Object.entries(figures.values).reduce(
      (total, [value, times]) => total + (Number(value) >= from && Number(value) <= to ? times : 0),
      0,
    );
  if (question.figure === "nps") return ((count(9, 10) - count(0, 6)) / figures.answers) * 100;
  if (question.figure === "top_two") return count(question.high - 1, question.high) / figures.answers;
  return figures.sum / figures.answers;
}

/** The rows of a funnel: stages in the model's order, with counts, shares and the change since `before`. */
export function funnel(framework, kpis, before) {
  const counts = kpis.stages[framework.name] ?? {};
  const was = before?.stages[framework.name] ?? null;
  const all = framework.kind === "flags" ? kpis.customers : sum(counts);
  const known = new Set(framework.stages.map(({ name }) => name));
  const names = [
    ...framework.stages,
    ...Object.keys(counts)
      .filter((name) => !known.has(name))
      .map((name) => ({ name })),
  ];
  const most = Math.max(1, ...Object.values(counts));
  return names.map(({ name, exit = false }) => {
    const count = counts[name] ?? 0;
    return {
      name,
      exit,
      count,
      share: all ? count / all : 0,
      width: count / most,
      change: was === null ? null : count - (was[name] ?? 0),
    };
  });
}

/** Counts as rows, the largest first; the rest beyond `most` rows as one. */
export function ranked(counts, most = 8) {
  const rows = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .map(([name, count]) => ({ name, count }));
  const total = rows.reduce((all, { count }) => all + count, 0);
  const shown = rows.length > most ? rows.slice(0, most - 1) : rows;
  const rest = total - shown.reduce((all, { count }) => all + count, 0);
  if (rest > 0) shown.push({ name: null, count: rest });
  const largest = Math.max(1, ...shown.map(({ count }) => count));
  return shown.map((row) => ({ ...row, share: row.count / total, width: row.count / largest }));
}

/** A figure of a day for each of the last 28 days (UTC) since the first that is known; today is `kpis`. */
export function byDay(days, kpis, figure) {
  const known = new Map(days.map((point) => [point.start.slice(0, 10), figure(point.kpis)]));
  const now = Date.parse(kpis.as_of);
  known.set(kpis.as_of.slice(0, 10), figure(kpis));
  const all = Array.from({ length: 28 }, (_, i) =>
    new Date(now - (27 - i) * DAY_MS).toISOString().slice(0, 10),
  );
  const first = [...known.keys()].sort()[0];
  return all.filter((day) => day >= first).map((day) => [day, known.get(day) ?? 0]);
}

/** The mean of a score, null when nobody has it. */
export const mean = (figures) => (figures && figures.customers ? figures.sum / figures.customers : null);

/** The ten ranges of a distribution. */
export const BINS = Array.from({ length: 10 }, (_, i) => (i === 9 ? "90–100" : `${i * 10}–${i * 10 + 9}`));
