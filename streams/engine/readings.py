"""Scores and dimensions of a row at an instant, and the ring of scores at UTC midnights.

The score at midnight M is what was known when the row's clock passed M: late arrivals do not rewrite it.
"""

import math
from typing import Final

from streams.engine import programs, standing
from streams.engine.compiled import compiled, entry
from streams.engine.ground import (
    BACKS_AT,
    BACKS_ROW,
    FILLED,
    FIRST,
    TOUCHED,
    VALUES_AT,
    VALUES_ROW,
    Ground,
)
from streams.engine.instants import DAY_MS, NEVER, NO_DAY
from streams.engine.kinds import sums

# What a program reads from the work space.
READS_VALUES: Final = 1
READS_BACKS: Final = 2


@compiled
def read_values(g: Ground, r: int, t: int) -> None:
    """Put every dimension and score at `t` into the work space, with its speed and until when that holds."""
    sums.read_decays(g, r, t)
    sums.weigh(g, r)
    for d in range(g.p.dimensions):
        program = int(g.ints[g.p.dimension_program + d])
        if program < 0:
            sums.read_dimension(g, r, d)
            g.work[g.p.work_until + d] = float(NEVER)
        else:
            read_program(g, program, r, t, d)
    for s in range(g.p.scores):
        if g.ints[g.p.score_part + s] < g.ints[g.p.score_part + s + 1]:
            read_mean(g, s)
        else:
            read_program(g, int(g.ints[g.p.score_program + s]), r, t, g.p.dimensions + s)
    g.cursor[VALUES_ROW] = -1


@compiled
def read_program(g: Ground, program: int, r: int, t: int, v: int) -> None:
    """Put a value that has a program into the work space."""
    programs.run(g, program, r, t)
    g.work[g.p.work_value + v] = g.work[g.p.work_stack]
    g.work[g.p.work_low + v] = g.work[g.p.work_stack + 1]
    g.work[g.p.work_high + v] = g.work[g.p.work_stack + 2]
    g.work[g.p.work_until + v] = g.work[g.p.work_stack + 3]


@compiled
def read_mean(g: Ground, s: int) -> None:
    """Put a score that is a weighted mean of dimensions of points into the work space, without its program.

    Its dimensions are within 0 to 100 and never rise by themselves, so neither does the score.
    """
    value, low = 0.0, 0.0
    for k in range(g.ints[g.p.score_part + s], g.ints[g.p.score_part + s + 1]):
        d, weight = int(g.ints[g.p.score_part_dimension + k]), g.nums[g.p.score_part_weight + k]
        value += weight * g.work[g.p.work_value + d]
        low += weight * g.work[g.p.work_low + d]
    v = g.p.dimensions + s
    g.work[g.p.work_value + v] = min(100.0, value)
    g.work[g.p.work_low + v] = low
    g.work[g.p.work_high + v] = 0.0
    g.work[g.p.work_until + v] = float(NEVER)


@compiled
def stored_midnight(g: Ground, r: int, ring: int, day: int) -> float:
    """Return the score that was stored for the midnight of `day`: as far as rules look back, it is there."""
    length = int(g.ints[g.p.midnight_length + ring])
    return float(g.real[r, int(g.ints[g.p.midnight_column + ring]) + day % length])


@compiled
def next_other_midnight(g: Ground, r: int, ring: int, day: int, value: float) -> int:
    """Return the first day after `day` whose midnight score may differ from `value`."""
    filled = int(g.small[r, FILLED])
    other = day + 1
    while other <= filled and stored_midnight(g, r, ring, other) == value:
        other += 1
    return other


@compiled
def read_backs(g: Ground, r: int, t: int) -> None:
    """Put the midnight scores that rules look back to from `t` into the work space, with their `until`."""
    today = t // DAY_MS
    for b in range(g.p.backs):
        ring, back = int(g.ints[g.p.back_ring + b]), int(g.ints[g.p.back_days + b])
        day = today - back
        value, until = math.nan, NEVER
        if day * DAY_MS <= int(g.at[r, FIRST]):
            until = (int(g.at[r, FIRST]) // DAY_MS + 1 + back) * DAY_MS
        elif day <= int(g.small[r, FILLED]):
            value = stored_midnight(g, r, ring, day)
            until = (next_other_midnight(g, r, ring, day, value) + back) * DAY_MS
        else:
            read_values(g, r, day * DAY_MS)
            v = int(g.ints[g.p.midnight_value + ring])
            value = g.work[g.p.work_value + v]
            until = (today + 1) * DAY_MS
            if g.work[g.p.work_low + v] == 0.0 and g.work[g.p.work_high + v] == 0.0:
                until = max(until, min(until, int(g.work[g.p.work_until + v])) + back * DAY_MS)
        g.work[g.p.work_back + b] = value
        g.work[g.p.work_back_until + b] = float(until)
    g.cursor[BACKS_ROW] = r
    g.cursor[BACKS_AT] = t


@compiled
def drop(g: Ground) -> None:
    """Forget what the work space holds: the row has changed."""
    g.cursor[VALUES_ROW] = -1
    g.cursor[BACKS_ROW] = -1


@compiled
def need_backs(g: Ground, r: int, t: int) -> None:
    """Read the midnight scores of row `r` from `t` unless the work space holds them; before its values."""
    if g.cursor[BACKS_AT] != t or g.cursor[BACKS_ROW] != r:
        read_backs(g, r, t)


@compiled
def need_values(g: Ground, r: int, t: int) -> None:
    """Read the values of row `r` at `t` unless the work space holds them."""
    if g.cursor[VALUES_AT] == t and g.cursor[VALUES_ROW] == r:
        return
    if g.p.values_look_back:
        need_backs(g, r, t)
    read_values(g, r, t)
    g.cursor[VALUES_ROW] = r
    g.cursor[VALUES_AT] = t


@entry
def read(g: Ground, r: int, t: int) -> None:
    """Put all values and midnight scores of row `r` at `t` into the work space, whatever stands there."""
    drop(g)
    need_backs(g, r, t)
    need_values(g, r, t)


@compiled
def fill_midnights(g: Ground, r: int, t: int) -> None:
    """Store the scores at the midnights since the newest stored, up to `t`; before anything changes."""
    if g.p.midnight_rings == 0:
        return
    today, filled = t // DAY_MS, int(g.small[r, FILLED])
    if filled == NO_DAY or today <= filled:
        return
    for day in range(max(filled + 1, today - g.p.longest_midnights + 1), today + 1):
        if g.p.values_look_back:
            read_backs(g, r, day * DAY_MS)
        read_values(g, r, day * DAY_MS)
        for ring in range(g.p.midnight_rings):
            length = int(g.ints[g.p.midnight_length + ring])
            column = int(g.ints[g.p.midnight_column + ring]) + day % length
            g.real[r, column] = g.work[g.p.work_value + g.ints[g.p.midnight_value + ring]]
    g.small[r, FILLED] = today


@entry
def reading_instant(g: Ground, program: int, r: int, t: int) -> int:
    """Return when a rule is read: at `t`; an inexact one at the last midnight or touchpoint."""
    if g.ints[g.p.program_inexact + program]:
        return max(t // DAY_MS * DAY_MS, int(g.at[r, TOUCHED]))
    return t


@entry
def read_rule(g: Ground, program: int, r: int, t: int) -> "tuple[bool, int]":
    """Return whether a rule is true at `t`, and an instant before which that cannot change by itself.

    An inexact rule is read at the last midnight or touchpoint instead, so it stands still in between.
    """
    seen_at = reading_instant(g, program, r, t)
    reads = int(g.ints[g.p.program_reads + program])
    if reads & READS_BACKS:
        need_backs(g, r, seen_at)
    if reads & READS_VALUES:
        need_values(g, r, seen_at)
    truth = programs.run(g, program, r, seen_at) == 1.0
    if g.ints[g.p.program_inexact + program]:
        return truth, t // DAY_MS * DAY_MS + DAY_MS
    return truth, int(g.work[g.p.work_stack + 3])


@compiled
def holds(g: Ground, program: int, r: int, t: int) -> "tuple[bool, int]":
    """As `read_rule`, but read only if the row's rule does not stand until `t`."""
    place = standing.STANDING_FIXED + program - g.p.first_rule
    stands = int(g.standing[r, place])
    until = stands if stands >= 0 else ~stands
    if t < until:
        return stands >= 0, until
    truth, until = read_rule(g, program, r, t)
    g.standing[r, place] = until if truth else ~until
    return truth, until
