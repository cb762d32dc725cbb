"""Which old flushes the next one has to carry, so that the chain of flushes stays bounded. Pure.

The flushes are a log of changed rows, cleaned from its old end: the rows of the oldest flushes
that nothing newer has replaced are written once more, then those flushes are deleted. The work of
one flush is bounded, and the chain settles near twice the live state plus `SLACK_BYTES`.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

MB: Final = 1 << 20
SLACK_BYTES: Final = 16 * MB
LEAST_WORK_BYTES: Final = 4 * MB
MOST_FLUSHES: Final = 2_000  # a restart reads each, however small


class Stored(NamedTuple):
    """A stored flush: its number, and the size of its body."""

    number: int
    size: int


def carry_before(chain: Iterable[Stored], *, live_bytes: int) -> int:
    """Return the number below which flushes are to be carried by the next one; 0 for none.

    `chain` is in ascending order. As many of the oldest flushes go as fit into the work allowed:
    four times the excess, but no more than four times the newest flush or `LEAST_WORK_BYTES`,
    whichever is larger. The oldest goes whatever its size, and the newest stays.
    """
    flushes = list(chain)
    excess = sum(flush.size for flush in flushes) - 2 * live_bytes - SLACK_BYTES
    most = max(4 * flushes[-1].size, LEAST_WORK_BYTES) if flushes else 0
    if excess > 0:
        work, may_go = min(4 * excess, most), len(flushes) - 1
    else:
        work, may_go = most, max(len(flushes) - MOST_FLUSHES, 0)

    dropped = 0
    for index in range(may_go):
        dropped += flushes[index].size
        if dropped > work and index > 0:
            return flushes[index].number
    return flushes[may_go].number if may_go > 0 else 0
