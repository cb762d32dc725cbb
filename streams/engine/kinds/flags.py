"""Flags: a ring of daily bits. Now: on which UTC days the customer was active."""

from streams.engine.compiled import compiled
from streams.engine.ground import DAY, Ground
from streams.engine.instants import DAY_MS, NO_DAY
from streams.engine.kinds import panes

BITS = 62  # days kept in one 64-bit word


@compiled
def is_set(g: Ground, r: int, day: int) -> bool:
    """Return whether the bit of `day` is set (`day` lies within the ring)."""
    slot = day % g.p.active_days
    return bool(int(g.at[r, g.p.active_bits + slot // BITS]) >> slot % BITS & 1)


@compiled
def roll(g: Ground, r: int, day: int) -> None:
    """Clear the bits of the days after the newest day up to `day`; call before `panes.roll`."""
    newest = int(g.small[r, DAY])
    if newest == NO_DAY:
        return
    for z in range(max(newest + 1, day - g.p.active_days + 1), day + 1):
        slot = z % g.p.active_days
        g.at[r, g.p.active_bits + slot // BITS] &= ~(1 << slot % BITS)


@compiled
def touch(g: Ground, r: int, t: int) -> None:
    """Set the bit of the day of `t`, unless that day has already left the ring."""
    day = t // DAY_MS
    if int(g.small[r, DAY]) - day < g.p.active_days:
        slot = day % g.p.active_days
        g.at[r, g.p.active_bits + slot // BITS] |= 1 << slot % BITS


@compiled
def read(g: Ground, r: int, leaf: int, t: int) -> "tuple[float, int]":
    """Return the active days in the window of leaf `leaf`, and until when that holds."""
    newest = int(g.small[r, DAY])
    low, high = panes.bounds(g, leaf, t // DAY_MS)
    total, oldest, coming = 0, NO_DAY, NO_DAY
    if newest != NO_DAY and newest >= low:
        for day in range(newest, max(low, newest - g.p.active_days + 1) - 1, -1):
            if is_set(g, r, day):
                if day > high:
                    coming = day
                else:
                    total += 1
                    oldest = day
    change = panes.next_change(g, leaf, t // DAY_MS, oldest, coming)
    return float(total), panes.start_of(change, DAY_MS)
