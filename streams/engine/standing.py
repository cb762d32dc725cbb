"""What each rule said when it was last read, and until when that stands.

A rule is read again when that time is over, or when something that it reads was touched: the plan lists
for each cause (points of a line of the map, its signals, activity, a trait, a move …) the rules that read
it. All of this follows from the row, so it is never stored: a row that was read back knows nothing yet.
"""

from typing import Final

from streams.engine.compiled import compiled
from streams.engine.ground import Ground

# Fixed columns of `standing`, then one per rule: until when it is true, or the complement of until when
# it is not; 0: not known.
READ_AT: Final = 0  # the latest instant at which the row was read
SCORES: Final = 1  # until when no emission of scores can be due
KNOWN: Final = 2  # which numbers of `derived` are known, as bits
STANDING_FIXED: Final = 3

# Bits of KNOWN. `derived` holds the points of each dimension, of each type, and the rhythm.
POINTS: Final = 1
RHYTHM: Final = 2

# Causes; then each line of the map twice (points, signals), and traits, follows, frameworks.
ACTIVITY: Final = 0
SESSION: Final = 1
ACTIVE_DAY: Final = 2
CHANNEL: Final = 3
FIRST_SEEN: Final = 4
ANY_TOUCHPOINT: Final = 5
CAUSES_FIXED: Final = 6


@compiled
def forget(g: Ground, r: int, cause: int, anew: bool) -> None:
    """Let the rules of row `r` that read what `cause` touched be read again.

    A rule that the cause can only make less true stands where it is not true, unless something is there
    for the first time (`anew`).
    """
    for k in range(g.ints[g.p.cause_rule + cause], g.ints[g.p.cause_rule + cause + 1]):
        g.standing[r, g.ints[g.p.cause_rule_id + k]] = 0
    for k in range(g.ints[g.p.cause_lower + cause], g.ints[g.p.cause_lower + cause + 1]):
        place = int(g.ints[g.p.cause_lower_id + k])
        if anew or g.standing[r, place] > 0:
            g.standing[r, place] = 0


@compiled
def forget_all(g: Ground, r: int) -> None:
    """Let every rule of row `r` be read again."""
    for c in range(g.standing.shape[1]):
        g.standing[r, c] = 0
