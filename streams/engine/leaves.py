"""Terms of rules: what a row says at an instant, put on the stack with how it moves by itself."""

import math

from streams.engine import operations as op
from streams.engine.compiled import compiled
from streams.engine.ground import FIRST, Ground
from streams.engine.instants import NEVER
from streams.engine.kinds import alive, answers, flags, panes, rhythm, seen, sums


@compiled
def push(g: Ground, top: int, value: float, until: int) -> int:
    """Put a value that stands still until `until` on the stack; return the new top."""
    place = g.p.work_stack + (top + 1) * op.PLACES
    g.work[place] = value
    g.work[place + 1] = 0.0
    g.work[place + 2] = 0.0
    g.work[place + 3] = float(until)
    return top + 1


@compiled
def push_moving(g: Ground, top: int, value: float, low: float, high: float) -> int:
    """Put a value that moves between `low` and `high` a millisecond on the stack; return the new top."""
    place = g.p.work_stack + (top + 1) * op.PLACES
    g.work[place] = value
    g.work[place + 1] = low
    g.work[place + 2] = high
    g.work[place + 3] = float(NEVER)
    return top + 1


@compiled
def push_leaf(g: Ground, top: int, code: int, arg: int, num: float, r: int, t: int) -> int:
    """Read a term of row `r` at instant `t` and put it on the stack; return the new top."""
    if code == op.CONSTANT:
        return push(g, top, num, NEVER)
    if code == op.VALUE:
        place = g.p.work_stack + (top + 1) * op.PLACES
        g.work[place] = g.work[g.p.work_value + arg]
        g.work[place + 1] = g.work[g.p.work_low + arg]
        g.work[place + 2] = g.work[g.p.work_high + arg]
        g.work[place + 3] = g.work[g.p.work_until + arg]
        return top + 1
    if code == op.SINCE:
        if int(g.small[r, g.p.count + arg]) == 0:
            return push(g, top, math.nan, NEVER)
        return push_moving(g, top, float(t - int(g.at[r, g.p.last_at + arg])), 1.0, 1.0)
    if code == op.COUNT or code == op.DAYS_IN:
        value, until = panes.read_counts(g, r, arg, t, code == op.DAYS_IN)
        return push(g, top, value, until)
    if code == op.ACTIVE_DAYS:
        value, until = flags.read(g, r, arg, t)
        return push(g, top, value, until)
    if code == op.CHANNELS:
        value, until = seen.count_days(g, r, g.p.channel_day, seen.CHANNELS, arg, t)
        return push(g, top, value, until)
    if code == op.SCORE_AT:
        return push(g, top, g.work[g.p.work_back + arg], int(g.work[g.p.work_back_until + arg]))
    if code == op.COUNT_ALL:
        return push(g, top, float(g.small[r, g.p.count + arg]), NEVER)
    if code == op.EVER:
        return push(g, top, 1.0 if int(g.small[r, g.p.count + arg]) > 0 else 0.0, NEVER)
    if code == op.ANSWER:
        value, until = answers.read(g, r, arg, t)
        return push(g, top, value, until)
    if code == op.RHYTHM:
        return push(g, top, rhythm.read(g, r), NEVER)
    if code == op.TENURE:
        return push_moving(g, top, float(t - int(g.at[r, FIRST])), 1.0, 1.0)
    if code == op.STAGE_OF:
        stage = int(g.small[r, g.p.stage + arg])
        return push(g, top, float(stage) if stage > 0 else math.nan, NEVER)
    return push_rare_leaf(g, top, code, arg, num, r, t)


@compiled
def push_rare_leaf(g: Ground, top: int, code: int, arg: int, num: float, r: int, t: int) -> int:
    """As `push_leaf`, for terms that few models use."""
    if code == op.AMOUNT:
        value, until = panes.read_amounts(g, r, arg, t)
        return push(g, top, value, until)
    if code == op.SEEN:
        column = g.p.seen_day + int(g.ints[g.p.leaf_ring + arg]) * seen.CAPACITY
        value, until = seen.count_days(g, r, column, seen.CAPACITY, arg, t)
        return push(g, top, value, until)
    if code == op.AMOUNT_ALL:
        return push(g, top, g.real[r, g.p.total + arg], NEVER)
    if code == op.DAYS_ALL:
        return push(g, top, float(g.small[r, g.p.days + arg]), NEVER)
    if code == op.FIRST_OF or code == op.LAST_OF:
        if int(g.small[r, g.p.count + arg]) == 0:
            return push(g, top, math.nan, NEVER)
        column = g.p.first_at if code == op.FIRST_OF else g.p.last_at
        return push(g, top, float(g.at[r, column + arg]), NEVER)
    if code == op.FOLLOW:
        state = int(g.small[r, g.p.follow + arg])
        return push(g, top, float(state) if state > 0 else math.nan, NEVER)
    if code == op.ALIVE:
        probability, low = alive.read(g, r, arg, t)
        return push_moving(g, top, probability, low, 0.0)
    if code == op.TRAIT_CODE:
        known = int(g.small[r, g.p.trait_code + arg])
        return push(g, top, float(known) if known != 0 else math.nan, NEVER)
    if code == op.TRAIT_NUMBER:
        return push(g, top, g.real[r, g.p.trait + arg], NEVER)
    if code == op.UNTIL_TRAIT:
        return push_moving(g, top, g.real[r, g.p.trait + arg] - float(t), -1.0, -1.0)
    if code == op.HOLDS_FLAG:
        return push(g, top, float(int(g.at[r, g.p.held + arg]) >> int(num) & 1), NEVER)
    return push(g, top, sums.share(g, r, arg), NEVER)  # op.SHARE
