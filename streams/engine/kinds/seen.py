"""Seen: a bounded set of small codes, each with the last UTC day on which it was seen; and the channels.

Channels are a closed list, so each has a column of its own. A set of another kind holds at most 32 codes;
beyond that the code with the oldest day goes (among equals the lowest code).
"""

from typing import Final

from streams.engine.compiled import compiled
from streams.engine.ground import Ground
from streams.engine.instants import DAY_MS, NO_DAY
from streams.engine.kinds import panes

CHANNELS: Final = 13
CAPACITY: Final = 32


@compiled
def touch_channel(g: Ground, r: int, channel: int, t: int) -> bool:
    """Remember that the customer used `channel` on the day of `t`; return whether that is its newest day."""
    column, day = g.p.channel_day + channel, t // DAY_MS
    if day <= int(g.small[r, column]):
        return False
    g.small[r, column] = day
    return True


@compiled
def touch(g: Ground, r: int, k: int, code: int, t: int) -> None:
    """Remember `code` (not 0) in set `k` on the day of `t`."""
    codes, days = g.p.seen_code + k * CAPACITY, g.p.seen_day + k * CAPACITY
    day, oldest = t // DAY_MS, 0
    for i in range(CAPACITY):
        known = int(g.small[r, codes + i])
        if known == code:
            g.small[r, days + i] = max(int(g.small[r, days + i]), day)
            return
        if known == 0:
            g.small[r, codes + i] = code
            g.small[r, days + i] = day
            return
        mine = (int(g.small[r, days + i]), known)
        if mine < (int(g.small[r, days + oldest]), int(g.small[r, codes + oldest])):
            oldest = i
    if day >= int(g.small[r, days + oldest]):
        g.small[r, codes + oldest] = code
        g.small[r, days + oldest] = day


@compiled
def count_days(g: Ground, r: int, column: int, n: int, leaf: int, t: int) -> "tuple[float, int]":
    """Return how many of `n` last days from `column` on lie in the window of `leaf`, and until when."""
    today = t // DAY_MS
    low, high = panes.bounds(g, leaf, today)
    total, oldest = 0, NO_DAY
    for i in range(n):
        day = int(g.small[r, column + i])
        if low <= day <= high:
            total += 1
            oldest = day if oldest == NO_DAY else min(oldest, day)
    return float(total), panes.start_of(panes.next_change(g, leaf, today, oldest, NO_DAY), DAY_MS)
