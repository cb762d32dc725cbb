"""Panes: rings of counts and amounts per signal in UTC hours or days, rolled forward when touched.

A window of n panes ends with the pane of the instant that reads it. A ring keeps its newest pane in
`day` or `hour`; panes that were never reached are read as zero.
"""

from streams.engine.compiled import compiled
from streams.engine.ground import DAY, HOUR, Ground
from streams.engine.instants import DAY_MS, HOUR_MS, NEVER, NO_DAY


@compiled
def roll(g: Ground, r: int, t: int) -> None:
    """Clear the panes between the newest one and those of `t`, and make those the newest."""
    for hourly in range(2):
        width = HOUR_MS if hourly else DAY_MS
        column = HOUR if hourly else DAY
        pane, newest = t // width, int(g.small[r, column])
        if pane <= newest:
            continue
        g.small[r, column] = pane
        if newest == NO_DAY:
            continue
        for k in range(g.p.rings):
            if int(g.ints[g.p.ring_hourly + k]) != hourly:
                continue
            first, length = int(g.ints[g.p.ring_column + k]), int(g.ints[g.p.ring_length + k])
            for z in range(max(newest + 1, pane - length + 1), pane + 1):
                g.pane[r, first + z % length] = 0
        for k in range(g.p.amount_rings):
            if int(g.ints[g.p.amount_hourly + k]) != hourly:
                continue
            first, length = int(g.ints[g.p.amount_column + k]), int(g.ints[g.p.amount_length + k])
            for z in range(max(newest + 1, pane - length + 1), pane + 1):
                g.real[r, first + z % length] = 0.0


@compiled
def add(g: Ground, r: int, ring: int, t: int) -> None:
    """Count a touchpoint at `t` in ring `ring`, unless its pane has already left the ring."""
    hourly = int(g.ints[g.p.ring_hourly + ring])
    pane = t // HOUR_MS if hourly else t // DAY_MS
    length = int(g.ints[g.p.ring_length + ring])
    newest = int(g.small[r, HOUR if hourly else DAY])
    if newest - pane < length:
        column = int(g.ints[g.p.ring_column + ring]) + pane % length
        g.pane[r, column] = min(int(g.pane[r, column]) + 1, 65_535)


@compiled
def add_amount(g: Ground, r: int, ring: int, t: int, amount: float) -> None:
    """Add an amount at `t` to amount ring `ring`, unless its pane has already left the ring."""
    hourly = int(g.ints[g.p.amount_hourly + ring])
    pane = t // HOUR_MS if hourly else t // DAY_MS
    length = int(g.ints[g.p.amount_length + ring])
    newest = int(g.small[r, HOUR if hourly else DAY])
    if newest - pane < length:
        g.real[r, int(g.ints[g.p.amount_column + ring]) + pane % length] += amount


@compiled
def bounds(g: Ground, leaf: int, pane: int) -> "tuple[int, int]":
    """Return the first and the last pane of leaf `leaf` when it is read in pane `pane`."""
    size, ago = int(g.ints[g.p.leaf_size + leaf]), int(g.ints[g.p.leaf_ago + leaf])
    if g.ints[g.p.leaf_weekly + leaf]:
        monday = pane - (pane + 3) % 7
        return monday - 7 * (size - 1 + ago), monday + 6 - 7 * ago
    return pane - ago - size + 1, pane - ago


@compiled
def next_change(g: Ground, leaf: int, pane: int, oldest: int, coming: int) -> int:
    """Return the pane at whose start leaf `leaf` can next change by itself, or NEVER.

    oldest: the oldest pane with something in the window; coming: the oldest one after the window
    (which `ago` will bring into it); NO_DAY where there is none.
    """
    if oldest == NO_DAY and coming == NO_DAY:
        return NEVER
    if g.ints[g.p.leaf_weekly + leaf]:
        return pane - (pane + 3) % 7 + 7
    size, ago = int(g.ints[g.p.leaf_size + leaf]), int(g.ints[g.p.leaf_ago + leaf])
    change = NEVER
    if oldest != NO_DAY:
        change = oldest + size + ago
    if coming != NO_DAY:
        change = min(change, coming + ago)
    return change


@compiled
def start_of(pane: int, width: int) -> int:
    """Return the instant at which pane `pane` of `width` milliseconds begins (NEVER stays)."""
    return pane if pane == NEVER else pane * width


@compiled
def read_counts(g: Ground, r: int, leaf: int, t: int, distinct: bool) -> "tuple[float, int]":
    """Return the touchpoints in a leaf's window (or its panes with any), and until when that holds."""
    ring = int(g.ints[g.p.leaf_ring + leaf])
    hourly = int(g.ints[g.p.ring_hourly + ring])
    width = HOUR_MS if hourly else DAY_MS
    first, length = int(g.ints[g.p.ring_column + ring]), int(g.ints[g.p.ring_length + ring])
    low, high = bounds(g, leaf, t // width)
    signal = int(g.ints[g.p.ring_signal + ring])
    if int(g.small[r, g.p.count + signal]) == 0 or int(g.at[r, g.p.last_at + signal]) // width < low:
        return 0.0, NEVER
    newest = int(g.small[r, HOUR if hourly else DAY])
    total, oldest, coming = 0, NO_DAY, NO_DAY
    slot = newest % length
    for pane in range(newest, max(low, newest - length + 1) - 1, -1):
        n = int(g.pane[r, first + slot])
        if n > 0:
            if pane > high:
                coming = pane
            else:
                total += 1 if distinct else n
                oldest = pane
        slot = slot - 1 if slot > 0 else length - 1
    change = next_change(g, leaf, t // width, oldest, coming)
    return float(total), start_of(change, width)


@compiled
def read_amounts(g: Ground, r: int, leaf: int, t: int) -> "tuple[float, int]":
    """Return the sum of amounts in the window of leaf `leaf`, and until when that holds."""
    ring = int(g.ints[g.p.leaf_ring + leaf])
    hourly = int(g.ints[g.p.amount_hourly + ring])
    width = HOUR_MS if hourly else DAY_MS
    first, length = int(g.ints[g.p.amount_column + ring]), int(g.ints[g.p.amount_length + ring])
    newest = int(g.small[r, HOUR if hourly else DAY])
    low, high = bounds(g, leaf, t // width)
    total, oldest, coming = 0.0, NO_DAY, NO_DAY
    if newest != NO_DAY and newest >= low:
        slot = newest % length
        for pane in range(newest, max(low, newest - length + 1) - 1, -1):
            amount = g.real[r, first + slot]
            if amount != 0.0:
                if pane > high:
                    coming = pane
                else:
                    total += amount
                    oldest = pane
            slot = slot - 1 if slot > 0 else length - 1
    change = next_change(g, leaf, t // width, oldest, coming)
    return total, start_of(change, width)
