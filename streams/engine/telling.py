"""What a row tells: transitions, alerts and scores, copied at the instant at which they happen.

The shell turns them into outputs later; the values, contributions, scores and stages stand beside each
happening, so nothing has to be read again from a row that has gone on.
"""

from streams.engine import programs, readings
from streams.engine.compiled import compiled
from streams.engine.ground import (
    EMISSIONS,
    INCARNATION,
    LOG_KEPT,
    LOG_WIDTH,
    LOGGED,
    SENT,
    SENT_AT,
    SENT_COUNT,
    SENT_FIXED,
    SENT_INCARNATION,
    SENT_LAST,
    SENT_ROW,
    SENT_SEQUENCE,
    SENT_TIME,
    SENT_TOTAL,
    SEQUENCE,
    TOLD,
    TOLD_AT,
    TOLD_DIRECTION,
    TOLD_DWELL,
    TOLD_FROM,
    TOLD_INCARNATION,
    TOLD_KIND,
    TOLD_MODE,
    TOLD_RAISED,
    TOLD_ROW,
    TOLD_RULE,
    TOLD_SEQUENCE,
    TOLD_TO,
    TOLD_TOUCHPOINT,
    TOLD_TRIGGER,
    TOLD_WHAT,
    Ground,
)
from streams.engine.kinds import sums


@compiled
def tell(g: Ground, r: int, kind: int, what: int, t: int, trigger: int, i: int, rule: int, to: int) -> int:
    """Note a happening with the readings of its rule; return its place in `told_at`."""
    n = int(g.cursor[TOLD])
    g.cursor[TOLD] = n + 1
    g.at[r, SEQUENCE] += 1
    g.changed[r] = 1
    for c in range(g.told_at.shape[1]):
        g.told_at[n, c] = 0
    g.told_at[n, TOLD_KIND] = kind
    g.told_at[n, TOLD_ROW] = r
    g.told_at[n, TOLD_WHAT] = what
    g.told_at[n, TOLD_TO] = to
    g.told_at[n, TOLD_AT] = t
    g.told_at[n, TOLD_SEQUENCE] = g.at[r, SEQUENCE]
    g.told_at[n, TOLD_TRIGGER] = trigger
    g.told_at[n, TOLD_TOUCHPOINT] = i
    g.told_at[n, TOLD_RULE] = rule
    g.told_at[n, TOLD_INCARNATION] = g.small[r, INCARNATION]
    for c in range(g.told.shape[1]):
        g.told[n, c] = 0.0
    if rule >= 0:
        seen_at = readings.reading_instant(g, rule, r, t)
        readings.need_backs(g, r, seen_at)
        readings.need_values(g, r, seen_at)
        first = int(g.ints[g.p.rule_leaf + rule])
        for k in range(first, g.ints[g.p.rule_leaf + rule + 1]):
            g.told[n, k - first] = programs.run(g, int(g.ints[g.p.rule_leaf_program + k]), r, seen_at)
        contribute(g, r, n, rule)
    readings.need_values(g, r, t)
    for s in range(g.p.scores):
        g.told[n, g.p.told_values + g.p.entries + s] = g.work[g.p.work_value + g.p.dimensions + s]
    for f in range(g.p.frameworks):
        g.told[n, g.p.told_values + g.p.entries + g.p.scores + f] = float(g.small[r, g.p.stage + f])
    log(g, r, kind, what, to, t)
    return n


@compiled
def contribute(g: Ground, r: int, n: int, rule: int) -> None:
    """Split the dimensions that a rule reads into the points of the touchpoint map's entries."""
    for k in range(g.ints[g.p.rule_source + rule], g.ints[g.p.rule_source + rule + 1]):
        d, weight = int(g.ints[g.p.rule_source_dimension + k]), g.nums[g.p.rule_source_weight + k]
        points = sums.strength(g, r, d)
        if points <= 0.0:
            continue
        scale = weight * g.work[g.p.work_value + d] / points
        scale *= g.work[g.p.work_decay + g.ints[g.p.dimension_half + d]]
        for j in range(g.ints[g.p.dimension_sum + d], g.ints[g.p.dimension_sum + d + 1]):
            s = int(g.ints[g.p.dimension_sum_id + j])
            part = g.nums[g.p.dimension_weight + j] * g.real[r, g.p.sum + s]
            g.told[n, g.p.told_values + g.ints[g.p.source_entry + s]] += scale * part


@compiled
def log(g: Ground, r: int, kind: int, what: int, to: int, t: int) -> None:
    """Remember a transition or alert in the row's own log of the last eight."""
    n = int(g.small[r, LOGGED])
    place = n % LOG_KEPT
    g.at[r, g.p.log_at + place] = t
    g.small[r, g.p.log_code + place * LOG_WIDTH] = kind
    g.small[r, g.p.log_code + place * LOG_WIDTH + 1] = what
    g.small[r, g.p.log_code + place * LOG_WIDTH + 2] = to
    g.small[r, LOGGED] = n + 1


@compiled
def tell_move(g: Ground, n: int, before: int, way: int, dwell: int, mode: int) -> None:
    """Complete happening `n` as a transition."""
    g.told_at[n, TOLD_FROM] = before
    g.told_at[n, TOLD_DIRECTION] = way
    g.told_at[n, TOLD_DWELL] = dwell
    g.told_at[n, TOLD_MODE] = mode


@compiled
def tell_resolved(g: Ground, n: int, raised_sequence: int, mode: int) -> None:
    """Complete happening `n` as the end of the alert that was raised as `raised_sequence`."""
    g.told_at[n, TOLD_RAISED] = raised_sequence
    g.told_at[n, TOLD_MODE] = mode


@compiled
def emit_scores(g: Ground, r: int, t: int) -> None:
    """Copy scores, mix, stages and flags as they are; a later emission of the row takes the same place."""
    n = int(g.slot[r])
    if n < 0:
        n = int(g.cursor[SENT])
        g.cursor[SENT] = n + 1
        g.slot[r] = n
    g.at[r, SEQUENCE] += 1
    g.at[r, SENT_AT] = t
    g.cursor[EMISSIONS] += 1
    g.changed[r] = 1
    g.sent[n, SENT_ROW] = r
    g.sent[n, SENT_TIME] = t
    g.sent[n, SENT_SEQUENCE] = g.at[r, SEQUENCE]
    g.sent[n, SENT_INCARNATION] = g.small[r, INCARNATION]
    if g.p.purchase >= 0:
        g.sent[n, SENT_COUNT] = g.small[r, g.p.count + g.p.purchase]
        g.sent[n, SENT_LAST] = g.at[r, g.p.last_at + g.p.purchase]
        g.sent[n, SENT_TOTAL] = 0.0
        if g.p.purchase_total >= 0:
            g.sent[n, SENT_TOTAL] = g.real[r, g.p.total + g.p.purchase_total]
    place = SENT_FIXED
    for s in range(g.p.scores):
        value = g.work[g.p.work_value + g.p.dimensions + s]
        g.real[r, g.p.sent + s] = value
        g.sent[n, place + s] = value
    place += g.p.scores
    for k in range(g.p.types):
        g.sent[n, place + k] = sums.share(g, r, k)
    place += g.p.types
    for f in range(g.p.frameworks):
        g.sent[n, place + f] = float(g.small[r, g.p.stage + f])
        g.sent[n, place + g.p.frameworks + f] = float(g.at[r, g.p.held + f])
