"""Flags: daily bits by age. Now: on which UTC days the customer was active.

Bit 0 of the first word is the row's newest day, bit 1 the day before; a word holds 62 days.
"""

from typing import Final

from streams.engine.compiled import compiled
from streams.engine.ground import DAY, Ground
from streams.engine.instants import DAY_MS, NO_DAY
from streams.engine.kinds import panes

BITS: Final = 62  # days kept in one 64-bit word
FULL: Final = (1 << BITS) - 1


@compiled
def is_set(g: Ground, r: int, day: int) -> bool:
    """Return whether the bit of `day` is set (no later than the newest day, and within the ring)."""
    age = int(g.small[r, DAY]) - day
    return bool(int(g.at[r, g.p.active_bits + age // BITS]) >> age % BITS & 1)


@compiled
def roll(g: Ground, r: int, day: int) -> None:
    """Age all bits so that `day` becomes the newest; call before `panes.roll`."""
    newest = int(g.small[r, DAY])
    if newest == NO_DAY or day <= newest:
        return
    words, first = g.p.active_days // BITS, g.p.active_bits
    whole, part = (day - newest) // BITS, (day - newest) % BITS
    for w in range(words - 1, -1, -1):
        source = w - whole
        bits = 0
        if source >= 0:
            bits = int(g.at[r, first + source]) << part & FULL
            if part > 0 and source > 0:
                bits |= int(g.at[r, first + source - 1]) >> (BITS - part)
        g.at[r, first + w] = bits


@compiled
def touch(g: Ground, r: int, t: int) -> bool:
    """Set the bit of the day of `t`, which grace keeps within the ring; return whether it is new."""
    age = int(g.small[r, DAY]) - t // DAY_MS
    bits, bit = int(g.at[r, g.p.active_bits + age // BITS]), 1 << age % BITS
    g.at[r, g.p.active_bits + age // BITS] = bits | bit
    return bits & bit == 0


@compiled
def read(g: Ground, r: int, leaf: int, t: int) -> "tuple[float, int]":
    """Return the active days in the window of leaf `leaf`, and until when that holds."""
    newest = int(g.small[r, DAY])
    low, high = panes.bounds(g, leaf, t // DAY_MS)
    total, oldest, coming = 0, NO_DAY, NO_DAY
    if newest != NO_DAY and newest >= low:
        last = min(newest - low, g.p.active_days - 1)
        for w in range(last // BITS + 1):
            bits, age = int(g.at[r, g.p.active_bits + w]), w * BITS
            while bits != 0 and age <= last:
                if bits & 1:
                    if newest - age > high:
                        coming = newest - age
                    else:
                        total += 1
                        oldest = newest - age
                bits >>= 1
                age += 1
    change = panes.next_change(g, leaf, t // DAY_MS, oldest, coming)
    return float(total), panes.start_of(change, DAY_MS)
