/* Moves between stages, made ready for a Sankey diagram and for a table. Pure. */

export const NOWHERE = ""; // no stage: before the first, or a flag that is off

/**
 * Nodes on the left (from) and on the right (to), in the model's order, and the links between them.
 * `y` is the middle of a node (0 to 1), so that the order holds.
 */
export function sankey(flows, order) {
  const moves = flows.filter(({ moves }) => moves > 0);
  const place = new Map([NOWHERE, ...order].map((name, i) => [name, i]));
  const names = (pick) =>
    [...new Set(moves.map((flow) => pick(flow) ?? NOWHERE))].sort(
      (a, b) => (place.get(a) ?? 99) - (place.get(b) ?? 99),
    );
  const left = side(
    names((flow) => flow.from_stage),
    moves,
    (flow) => flow.from_stage,
    0.001,
  );
  const right = side(
    names((flow) => flow.to_stage),
    moves,
    (flow) => flow.to_stage,
    0.999,
  );
  const nodes = [...left, ...right];
  const at = (list, start, name) => start + list.findIndex((node) => node.name === (name ?? NOWHERE));
  const links = moves.map((flow) => ({
    source: at(left, 0, flow.from_stage),
    target: at(right, left.length, flow.to_stage),
    moves: flow.moves,
  }));
  return { nodes, links, total: moves.reduce((all, flow) => all + flow.moves, 0) };
}

function side(names, moves, pick, x) {
  const gap = 0.04;
  const counts = names.map((name) =>
    moves.reduce((all, flow) => all + ((pick(flow) ?? NOWHERE) === name ? flow.moves : 0), 0),
  );
  const total = counts.reduce((all, count) => all + count, 0) || 1;
  const room = 1 - gap * Math.max(0, names.length - 1);
  let top = 0;
  return names.map((name, i) => {
    const height = (counts[i] / total) * room;
    const node = { name, moves: counts[i], x, y: Math.min(0.999, Math.max(0.001, top + height / 2)) };
    top += height + gap;
    return node;
  });
}

/** The moves as a matrix: rows from, columns to. */
export function matrix(flows, order) {
  const seen = new Set(flows.flatMap((flow) => [flow.from_stage ?? NOWHERE, flow.to_stage ?? NOWHERE]));
  const names = [NOWHERE, ...order].filter((name) => seen.has(name));
  const counts = new Map(
    flows.map((flow) => [`${flow.from_stage ?? NOWHERE}>${flow.to_stage ?? NOWHERE}`, flow.moves]),
  );
  return {
    from: names,
    to: names,
    cells: names.map((from) => names.map((to) => counts.get(`${from}>${to}`) ?? 0)),
    most: Math.max(1, ...flows.map(({ moves }) => moves)),
  };
}

/** In words: how many moves, and the most frequent. */
export function inWords(flows, name) {
  const total = flows.reduce((all, flow) => all + flow.moves, 0);
  if (total === 0) return "No moves.";
  const [first] = [...flows].sort((a, b) => b.moves - a.moves);
  return `${total} moves; most often from ${name(first.from_stage)} to ${name(first.to_stage)} (${first.moves}).`;
}
