"""Scores and dimensions of a row at an instant, and the ring of scores at UTC midnights.

The score at midnight M is what was known when the row's clock passed M: late arrivals do not rewrite it.
"""

import math

from streams.engine import operations as op
from streams.engine import programs
from streams.engine.compiled import compiled, entry
from streams.engine.ground import FILLED, FIRST, TOUCHED, Ground
from streams.engine.instants import DAY_MS, NEVER, NO_DAY
from streams.engine.kinds import sums


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
        else:
            until = (today + 1) * DAY_MS
            if day <= int(g.small[r, FILLED]):
                length = int(g.ints[g.p.midnight_length + ring])
                if int(g.small[r, FILLED]) - day < length:
                    value = g.real[r, int(g.ints[g.p.midnight_column + ring]) + day % length]
            else:
                read_values(g, r, day * DAY_MS)
                value = g.work[g.p.work_value + g.ints[g.p.midnight_value + ring]]
        g.work[g.p.work_back + b] = value
        g.work[g.p.work_back_until + b] = float(until)
    read_values(g, r, t)


@compiled
def fill_midnights(g: Ground, r: int, t: int) -> None:
    """Store the scores at the midnights after the newest one stored, up to `t`; call before anything changes."""
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
def holds(g: Ground, program: int, r: int, t: int) -> "tuple[bool, int]":
    """Return whether a rule is true for row `r` at `t`, and an instant before which that cannot change.

    An inexact rule is read at the last midnight or touchpoint instead, so it stands still in between.
    """
    if not g.ints[g.p.program_inexact + program]:
        truth = programs.run(g, program, r, t) == 1.0
        return truth, int(g.work[g.p.work_stack + 3])
    midnight = t // DAY_MS * DAY_MS
    read(g, r, max(midnight, int(g.at[r, TOUCHED])))
    truth = programs.run(g, program, r, max(midnight, int(g.at[r, TOUCHED]))) == 1.0
    read(g, r, t)
    return truth, midnight + DAY_MS


@compiled
def is_moving(g: Ground, v: int) -> bool:
    """Return whether dimension or score `v` moves by itself before its description ends."""
    return g.work[g.p.work_low + v] != 0.0 or g.work[g.p.work_high + v] != 0.0
