"""Rhythm: the median of the last 8 gaps between active days; and sessions, which need the same past."""

import math
from typing import Final

from streams.engine.compiled import compiled, entry
from streams.engine.ground import GAPS, LAST_ACTIVE, Ground
from streams.engine.instants import DAY_MS, NONE
from streams.engine.standing import KNOWN, RHYTHM

GAPS_KEPT: Final = 8
FEWEST_GAPS: Final = 3


@compiled
def starts_session(g: Ground, r: int, t: int) -> bool:
    """Return whether activity at `t` starts a session: the first, or later than the gap after the last."""
    last = int(g.at[r, LAST_ACTIVE])
    return last == NONE or t - last > g.p.session_gap


@compiled
def touch(g: Ground, r: int, t: int) -> None:
    """Remember activity at `t`; a later day adds a gap, an older one changes nothing."""
    last = int(g.at[r, LAST_ACTIVE])
    if last == NONE:
        g.at[r, LAST_ACTIVE] = t
    elif t > last:
        gap = t // DAY_MS - last // DAY_MS
        if gap > 0:
            n = int(g.small[r, GAPS])
            g.small[r, g.p.gap + n % GAPS_KEPT] = gap
            g.small[r, GAPS] = n + 1
            g.standing[r, KNOWN] &= ~RHYTHM
        g.at[r, LAST_ACTIVE] = t


@compiled
def median(g: Ground, r: int) -> float:
    """Work out the median gap."""
    n = min(int(g.small[r, GAPS]), GAPS_KEPT)
    if n < FEWEST_GAPS:
        return math.nan
    below = (n - 1) // 2  # rank of the lower middle
    low, high = 0, 0
    for i in range(n):
        mine = int(g.small[r, g.p.gap + i])
        rank = 0
        for j in range(n):
            other = int(g.small[r, g.p.gap + j])
            rank += 1 if other < mine or (other == mine and j < i) else 0
        if rank == below:
            low = mine
        if rank == n // 2:
            high = mine
    return (low + high) / 2.0 * DAY_MS


@entry
def read(g: Ground, r: int) -> float:
    """Return the median gap in milliseconds, absent under 3 gaps."""
    place = g.p.dimensions + g.p.types
    if not g.standing[r, KNOWN] & RHYTHM:
        g.derived[r, place] = median(g, r)
        g.standing[r, KNOWN] |= RHYTHM
    return float(g.derived[r, place])
