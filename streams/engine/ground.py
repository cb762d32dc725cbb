"""What every kernel function works on: the rows, the plan, work space, and what was told so far.

Rows are four matrices that share the row index, one for each width of number; the plan's columns say
where a field stands. `standing` and `derived` only save reading rules and adding sums again. `told` holds
happenings until the shell has turned them into outputs; `sent` holds the latest emission of scores per
row (`slot` says where).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.engine.compiled import Structure, structure
from streams.engine.plan import FIELDS, Positions, positions

# Fixed columns of `at` (64-bit whole numbers).
CLOCK: Final = 0  # the latest instant that the row knows
TOUCHED: Final = 1  # the clock at the row's last touchpoint
FIRST: Final = 2  # the earliest timestamp applied
DUE: Final = 3  # a lower bound of the next instant at which something can change by itself
SEQUENCE: Final = 4  # transitions, alerts and emissions decided so far
SENT_AT: Final = 5  # when scores were last sent
LAST_ACTIVE: Final = 6  # latest activity
DELETED_AT: Final = 7
AT_FIXED: Final = 8

# Fixed columns of `small` (32-bit whole numbers).
STATUS: Final = 0
INCARNATION: Final = 1
DAY: Final = 2  # newest UTC day of the day rings
HOUR: Final = 3  # newest UTC hour of the hour rings
FILLED: Final = 4  # newest midnight in the rings of midnight scores
GAPS: Final = 5  # gaps between active days so far
LOGGED: Final = 6  # transitions and alerts logged so far
SMALL_FIXED: Final = 7

# Row status.
BLANK: Final = 0
LIVE: Final = 1
REDIRECT: Final = 2
DELETED: Final = 3

# What made an evaluation happen.
BY_TIME: Final = 0
BY_TOUCHPOINT: Final = 1
BY_MODEL: Final = 2

# Kinds of happening.
STAGE: Final = 0
RAISED: Final = 1
RESOLVED: Final = 2

# Columns of `told_at`; `told` holds the rule's values, then contributions, scores and stages.
TOLD_KIND: Final = 0
TOLD_ROW: Final = 1
TOLD_WHAT: Final = 2  # framework or alert
TOLD_FROM: Final = 3
TOLD_TO: Final = 4
TOLD_DIRECTION: Final = 5
TOLD_AT: Final = 6
TOLD_DWELL: Final = 7
TOLD_SEQUENCE: Final = 8
TOLD_TRIGGER: Final = 9
TOLD_TOUCHPOINT: Final = 10  # index in the batch, or -1
TOLD_RULE: Final = 11  # program, or -1
TOLD_MODE: Final = 12  # whether the rule fired, no longer holds, or its time was over
TOLD_INCARNATION: Final = 13
TOLD_RAISED: Final = 14  # sequence number of the alert that is resolved
TOLD_WIDTH: Final = 15

# Modes.
FIRED: Final = 0
ENDED: Final = 1
TIME_OVER: Final = 2

# Directions; the order is that of `MoveDirection`.
FORWARD: Final = 0
BACK: Final = 1
LATERAL: Final = 2

# Fixed columns of `sent`, then scores, mix, stages, held flags.
SENT_ROW: Final = 0
SENT_TIME: Final = 1
SENT_SEQUENCE: Final = 2
SENT_INCARNATION: Final = 3
SENT_COUNT: Final = 4  # purchases
SENT_LAST: Final = 5  # last purchase
SENT_TOTAL: Final = 6
SENT_FIXED: Final = 7

# Places in `cursor`, the kernel's own counters.
TOLD: Final = 0  # happenings waiting
SENT: Final = 1  # emissions waiting
PASSED: Final = 2  # index + 1 of the touchpoint that is already past the checks
CARRIED: Final = 3  # how many signals the present evaluation carries
IDS: Final = 4  # ids remembered
IDS_EVICTED: Final = 5  # ids forgotten before their time
CONFLICTS: Final = 6
AMOUNTS_MISSING: Final = 7
THINNED: Final = 8
EMISSIONS: Final = 9
ANSWERS_REFUSED: Final = 10
IDS_CAP: Final = 11
IDS_SWEPT: Final = 12
ANSWERED: Final = 13  # bits of the questions that the present touchpoint answers
CLOCK_MOVED: Final = 14  # whether the present evaluation is the first at its instant
VALUES_ROW: Final = 15  # whose values stand in the work space, -1: nobody's
VALUES_AT: Final = 16  # and at which instant
BACKS_ROW: Final = 17  # the same of the midnight scores
BACKS_AT: Final = 18
CARRIED_FIRST: Final = 19  # then the signals themselves
MOST_CARRIED: Final = 48
MOVED_FIRST: Final = CARRIED_FIRST + MOST_CARRIED  # then, per framework, its move in the present evaluation
MOVED_WIDTH: Final = 3  # direction (-1: none), from, to; for flags: 0, bits that went off, bits that went on
MOST_FRAMEWORKS: Final = 60
CURSOR_SIZE: Final = MOVED_FIRST + MOVED_WIDTH * MOST_FRAMEWORKS

NO_MOVE: Final = -1
LOG_KEPT: Final = 8  # transitions and alerts that a row remembers
LOG_WIDTH: Final = 3  # kind, framework or alert, stage


@dataclass(frozen=True)
class Ground(Structure):
    """One table and its plan, as the kernel sees it."""

    at: NDArray[np.int64]
    small: NDArray[np.int32]
    real: NDArray[np.float64]
    pane: NDArray[np.uint16]
    standing: NDArray[np.int64]
    derived: NDArray[np.float64]
    p: Positions
    ints: NDArray[np.int64]
    nums: NDArray[np.float64]
    work: NDArray[np.float64]
    told_at: NDArray[np.int64]
    told: NDArray[np.float64]
    sent: NDArray[np.float64]
    slot: NDArray[np.int32]
    changed: NDArray[np.uint8]
    cursor: NDArray[np.int64]
    id_key: NDArray[np.int64]
    id_at: NDArray[np.int64]
    id_row: NDArray[np.int32]
    id_content: NDArray[np.uint32]


def _example() -> Ground:
    plane = np.zeros((1, 1))
    whole, real = np.zeros(1, np.int64), np.zeros(1)
    return Ground(
        at=plane.astype(np.int64), small=plane.astype(np.int32), real=plane, pane=plane.astype(np.uint16),
        standing=plane.astype(np.int64), derived=plane, p=positions(dict.fromkeys(FIELDS, 0)), ints=whole,
        nums=real, work=real, told_at=plane.astype(np.int64), told=plane, sent=plane,
        slot=whole.astype(np.int32),
        changed=whole.astype(np.uint8), cursor=whole, id_key=plane.astype(np.int64), id_at=whole,
        id_row=whole.astype(np.int32), id_content=whole.astype(np.uint32),
    )  # fmt: skip


structure(_example(), constant=("ints", "nums"))
