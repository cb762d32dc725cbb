"""Scores and dimensions of a row at an instant, and the ring of scores at UTC midnights.

The score at midnight M is what was known when the row's clock passed M: late arrivals do not rewrite it.
"""

import math
from typing import Final

from streams.engine import programs
from streams.engine.compiled import compiled, entry
from streams.engine.ground import FILLED, FIRST, PATIENT, TOUCHED, Ground
from streams.engine.instants import DAY_MS, NEVER, NO_DAY
from streams.engine.kinds import sums

FURTHEST: Final = 32  # breakpoints that a quiet row's rule is read ahead


@compiled
def read_values(g: Ground, r: int, t: int) -> None:
    """Put every dimension and score at `t` into the work space, with its speed and until when that holds."""
    sums.read_decays(g, r, t)
    for v in range(g.p.values):
        program = -1
        if v < g.p.dimensions:
            program = int(g.ints[g.p.dimension_program + v])
        else:
            program = int(g.ints[g.p.score_program + v - g.p.dimensions])
        if program < 0:
            sums.read_dimension(g, r, v)
            g.work[g.p.work_until + v] = float(NEVER)
            continue
        programs.run(g, program, r, t)
        g.work[g.p.work_value + v] = g.work[g.p.work_stack]
        g.work[g.p.work_low + v] = g.work[g.p.work_stack + 1]
        g.work[g.p.work_high + v] = g.work[g.p.work_stack + 2]
        g.work[g.p.work_until + v] = g.work[g.p.work_stack + 3]


@compiled
def stored_midnight(g: Ground, r: int, ring: int, day: int) -> float:
    """Return the score that was stored for the midnight of `day`, absent once it has left the ring."""
    length = int(g.ints[g.p.midnight_length + ring])
    if int(g.small[r, FILLED]) - day >= length:
        return math.nan
    return float(g.real[r, int(g.ints[g.p.midnight_column + ring]) + day % length])


@compiled
def next_other_midnight(g: Ground, r: int, ring: int, day: int, value: float) -> int:
    """Return the first day after `day` whose midnight score may differ from `value`."""
    filled = int(g.small[r, FILLED])
    other = day + 1
    while other <= filled and stored_midnight(g, r, ring, other) == value:
        other += 1
    return other


@entry
def read(g: Ground, r: int, t: int) -> None:
    """As `read_values`, and the midnight scores that rules look back to."""
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
            value = g.work[g.p.work_value + g.ints[g.p.midnight_value + ring]]
            until = (today + 1) * DAY_MS
        g.work[g.p.work_back + b] = value
        g.work[g.p.work_back_until + b] = float(until)
    read_values(g, r, t)


@compiled
def fill_midnights(g: Ground, r: int, t: int) -> None:
    """Store the scores at the midnights since the newest stored, up to `t`; before anything changes."""
    if g.p.midnight_rings == 0:
        return
    today, filled = t // DAY_MS, int(g.small[r, FILLED])
    if filled == NO_DAY or today <= filled:
        return
    for day in range(max(filled + 1, today - g.p.longest_midnights + 1), today + 1):
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


@compiled
def holds_once(g: Ground, program: int, r: int, t: int) -> "tuple[bool, int]":
    """As `holds`, looking no further than the next breakpoint."""
    if not g.ints[g.p.program_inexact + program]:
        truth = programs.run(g, program, r, t) == 1.0
        return truth, int(g.work[g.p.work_stack + 3])
    seen_at = reading_instant(g, program, r, t)
    read(g, r, seen_at)
    truth = programs.run(g, program, r, seen_at) == 1.0
    read(g, r, t)
    return truth, t // DAY_MS * DAY_MS + DAY_MS


@entry
def holds(g: Ground, program: int, r: int, t: int) -> "tuple[bool, int]":
    """Return whether a rule is true at `t`, and an instant before which that cannot change.

    An inexact rule is read at the last midnight or touchpoint instead, so it stands still in between.
    Where a row is quiet, the rule alone is read at its next breakpoints, so that the whole row need not
    wake at each of them.
    """
    truth, until = holds_once(g, program, r, t)
    if not g.cursor[PATIENT] or until > t + DAY_MS:
        return truth, until
    for _ in range(FURTHEST):
        read(g, r, until)
        again, later = holds_once(g, program, r, until)
        if again != truth:
            break
        until = later
        if until == NEVER:
            break
    read(g, r, t)
    return truth, until
