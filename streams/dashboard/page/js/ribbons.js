/* A customer's stages over time, from its transitions. Pure. */

/**
 * For a framework with one stage at a time: what lay between transitions, the oldest first.
 * `transitions` are those of one framework, newest first; before the oldest its `from_stage` is known.
 */
export function segments(transitions, { from, to }) {
  const oldest = [...transitions].reverse();
  const parts = [];
  if (oldest.length && oldest[0].from_stage !== null) {
    const start = Math.max(from, Date.parse(oldest[0].at) - oldest[0].dwell_ms);
    parts.push({ stage: oldest[0].from_stage, start, end: Date.parse(oldest[0].at) });
  }
  oldest.forEach((change, i) => {
    const end = i + 1 < oldest.length ? Date.parse(oldest[i + 1].at) : to;
    if (change.to_stage !== null) parts.push({ stage: change.to_stage, start: Date.parse(change.at), end });
  });
  return inside(parts, from, to);
}

/** For flags: one row for each flag, with the times at which it was on. */
export function flagSegments(transitions, { from, to }) {
  const rows = new Map();
  for (const change of [...transitions].reverse()) {
    const stage = change.to_stage ?? change.from_stage;
    const row = rows.get(stage) ?? rows.set(stage, []).get(stage);
    const at = Date.parse(change.at);
    if (change.to_stage !== null) row.push({ stage, start: at, end: to });
    else if (row.length) row.at(-1).end = at;
    else row.push({ stage, start: Math.max(from, at - change.dwell_ms), end: at });
  }
  return new Map([...rows].map(([stage, parts]) => [stage, inside(parts, from, to)]));
}

/** Where a segment lies, as shares of the whole. */
export function placed(parts, { from, to }) {
  const whole = Math.max(1, to - from);
  return parts.map((part) => ({
    ...part,
    left: (part.start - from) / whole,
    width: Math.max(0.002, (part.end - part.start) / whole),
  }));
}

function inside(parts, from, to) {
  return parts
    .map((part) => ({ ...part, start: Math.max(from, part.start), end: Math.min(to, part.end) }))
    .filter((part) => part.end >= part.start);
}
