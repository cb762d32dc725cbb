"""Count, total, distinct days, first and last of a signal, over the lifetime.

`day_bits` remembers which of the last 31 UTC days (bit 0: the day of `last`) had a touchpoint; that
covers grace, so the number of distinct days does not depend on the order of arrival.
"""

from typing import Final

from streams.engine.compiled import compiled
from streams.engine.ground import AMOUNTS_MISSING, CARRIED, CARRIED_FIRST, Ground
from streams.engine.instants import DAY_MS
from streams.engine.kinds import panes

DAYS_KEPT: Final = 31
DAY_MASK: Final = (1 << DAYS_KEPT) - 1


@compiled
def touch(g: Ground, r: int, s: int, t: int) -> bool:
    """Count signal `s` at instant `t`: lifetime, distinct days, panes; return whether it is the first."""
    n, day = int(g.small[r, g.p.count + s]), t // DAY_MS
    if n == 0:
        g.at[r, g.p.first_at + s] = t
        g.at[r, g.p.last_at + s] = t
        g.small[r, g.p.days + s] = 1
        g.small[r, g.p.day_bits + s] = 1
    else:
        last, bits = int(g.at[r, g.p.last_at + s]), int(g.small[r, g.p.day_bits + s])
        ahead = day - last // DAY_MS
        if ahead > 0:
            g.small[r, g.p.day_bits + s] = (bits << ahead | 1) & DAY_MASK if ahead < DAYS_KEPT else 1
            g.small[r, g.p.days + s] += 1
        elif -ahead < DAYS_KEPT and not bits >> -ahead & 1:
            g.small[r, g.p.day_bits + s] = bits | 1 << -ahead
            g.small[r, g.p.days + s] += 1
        g.at[r, g.p.last_at + s] = max(last, t)
        g.at[r, g.p.first_at + s] = min(int(g.at[r, g.p.first_at + s]), t)
    g.small[r, g.p.count + s] = n + 1
    if g.ints[g.p.signal_day_ring + s] >= 0:
        panes.add(g, r, int(g.ints[g.p.signal_day_ring + s]), t)
    if g.ints[g.p.signal_hour_ring + s] >= 0:
        panes.add(g, r, int(g.ints[g.p.signal_hour_ring + s]), t)
    return n == 0


@compiled
def touch_amount(g: Ground, r: int, s: int, t: int, amount: float) -> None:
    """Add an amount of signal `s`; a missing one (nan) adds nothing and is counted."""
    if amount != amount:
        g.cursor[AMOUNTS_MISSING] += 1
        return
    if g.ints[g.p.signal_total + s] >= 0:
        g.real[r, g.p.total + g.ints[g.p.signal_total + s]] += amount
    if g.ints[g.p.signal_day_amount + s] >= 0:
        panes.add_amount(g, r, int(g.ints[g.p.signal_day_amount + s]), t, amount)
    if g.ints[g.p.signal_hour_amount + s] >= 0:
        panes.add_amount(g, r, int(g.ints[g.p.signal_hour_amount + s]), t, amount)


@compiled
def carry(g: Ground, s: int) -> None:
    """Note that the present evaluation carries signal `s` (for `upon` and `hard`). A model has no more."""
    n = int(g.cursor[CARRIED])
    g.cursor[CARRIED_FIRST + n] = s
    g.cursor[CARRIED] = n + 1


@compiled
def carries(g: Ground, s: int) -> bool:
    """Return whether the present evaluation carries signal `s`."""
    for i in range(g.cursor[CARRIED]):
        if g.cursor[CARRIED_FIRST + i] == s:
            return True
    return False
