"""The instructions of rule programs. A program leaves one value (or truth) on the stack.

Beside its value each place of the stack holds how fast the value can fall and rise by itself (per
millisecond, 0 or the bounds of its derivative) and until when that description holds; a truth holds the
instant before which it cannot change.
"""

import math
from typing import Final

from streams.engine.compiled import compiled
from streams.engine.instants import NEVER

# Leaves: put one value on the stack. `arg` names the column, signal or leaf that is read.
CONSTANT: Final = 0  # num
VALUE: Final = 1  # dimension or score `arg`
SCORE_AT: Final = 2  # midnight score, leaf `arg`
COUNT: Final = 3  # panes, leaf `arg`
DAYS_IN: Final = 4
AMOUNT: Final = 5
ACTIVE_DAYS: Final = 6
CHANNELS: Final = 7
SEEN: Final = 8  # leaf `arg`
COUNT_ALL: Final = 9  # signal `arg` over the lifetime
AMOUNT_ALL: Final = 10
DAYS_ALL: Final = 11
SINCE: Final = 12
EVER: Final = 13  # a truth
FIRST_OF: Final = 14
LAST_OF: Final = 15
ANSWER: Final = 16
FOLLOW: Final = 17
RHYTHM: Final = 18
TENURE: Final = 19
ALIVE: Final = 20
TRAIT_CODE: Final = 21
TRAIT_NUMBER: Final = 22
UNTIL_TRAIT: Final = 23
STAGE_OF: Final = 24
HOLDS_FLAG: Final = 25  # a truth: framework `arg`, flag num
SHARE: Final = 26
# Numbers out of numbers.
NEGATE: Final = 27
ADD: Final = 28
SUBTRACT: Final = 29
MULTIPLY: Final = 30
DIVIDE: Final = 31
LEAST: Final = 32  # of the last `arg`
GREATEST: Final = 33
MEAN: Final = 34
DEFAULT: Final = 35
HOLDS: Final = 36  # how many of the last `arg` truths are true
CLAMP: Final = 37  # to 0..100
# Truths out of numbers and truths.
KNOWN: Final = 38
LESS: Final = 39  # of the last two numbers; `arg` WITH_CONSTANT: of the last one and num
LESS_EQUAL: Final = 40
GREATER: Final = 41
GREATER_EQUAL: Final = 42
EQUAL: Final = 43
NOT_EQUAL: Final = 44
ALL: Final = 45  # of the last `arg` truths
ANY: Final = 46
CONTRARY: Final = 47  # of a truth that is never unknown

WITH_CONSTANT: Final = 1
SAME: Final = 5e-10  # numbers nearer than this are equal
PLACES: Final = 4  # value, low, high, until


@compiled
def wait(distance: float, speed: float) -> float:
    """Return the whole milliseconds, at least 1, before which no `distance` is covered at up to `speed`.

    A thousandth is taken off, so that rounding cannot make the truth change before.
    """
    if distance >= speed * NEVER:
        return float(NEVER)
    return max(1.0, float(math.ceil(distance / speed - 0.001)))
