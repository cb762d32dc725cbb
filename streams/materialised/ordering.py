"""The order of outputs of different partitions: that in which they were written, however they are read.

Of a long backlog one partition would be over before the next begins. So outputs are held back until no
partition can bring an earlier one. Where everything has been read, nothing waits.
"""

import heapq
from collections import deque
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from streams.materialised.arrival import Arrival, Place

MOST: Final = 2_000  # records of a partition that are held back; then no more of it are read


class Held(NamedTuple):
    """A record that waits: when it was written, where it stands, and what it says."""

    written_ms: int
    offset: int
    arrivals: list[Arrival]


class Ordering:
    """Records of some partitions, until it is their turn."""

    def __init__(self) -> None:
        self._held: dict[Place, deque[Held]] = {}
        self._newest_ms: dict[Place, int] = {}  # of all that came

    def hold(self, place: Place, records: Iterable[Held]) -> None:
        """Take records of a partition in, in their order there; it goes before that of their clocks."""
        held, newest_ms = self._held.setdefault(place, deque()), self._newest_ms.get(place, 0)
        for each in records:
            newest_ms = max(newest_ms, each.written_ms)
            held.append(each._replace(written_ms=newest_ms))
        self._newest_ms[place] = newest_ms

    def release(self, unfinished: Iterable[Place]) -> list[Arrival]:
        """Return what can be told, in its order; of `unfinished` partitions there is more to come."""
        bounds = [self._newest_ms.get(place, 0) for place in unfinished]
        until_ms = min(bounds, default=None)
        ready = [_until(held, until_ms) for held in self._held.values()]
        merged = heapq.merge(*ready, key=lambda each: each.written_ms)
        return [arrival for each in merged for arrival in each.arrivals]

    @property
    def is_empty(self) -> bool:
        """Return whether nothing waits."""
        return not any(self._held.values())

    def first(self, place: Place) -> int | None:
        """Return the offset of the first record of a partition that waits, None if none does."""
        held = self._held.get(place)
        return held[0].offset if held else None

    def full(self) -> Collection[Place]:
        """Return the partitions of which enough waits."""
        return {place for place, held in self._held.items() if len(held) >= MOST}


def _until(held: deque[Held], until_ms: int | None) -> list[Held]:
    """Take out what was written before an instant, or everything."""
    found = []
    while held and (until_ms is None or held[0].written_ms <= until_ms):
        found.append(held.popleft())
    return found
