"""Records that were read and wait to be processed, in chunks, and where each partition is to be read on.

Faust spends as much on one stream event as the engine on thirty touchpoints, so an event carries a chunk:
everything of one partition that waited. The rules:

* A partition is read only while it is open: its owner says from where, and closes it when it goes.
* Records are accepted only where the last ones ended. Faust drops queued events without a word, and a
  fetch can come back after a seek; both show as a jump, and the partition is read again from where it was.
* Read-ahead is bounded by not asking: a partition with enough waiting is left out of the next fetch.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

from faust.types import TP

from streams.runtime.record import Record

MOST_JUMPS: Final = 10  # two are usual after a seek


class Chunk:
    """Consecutive records of one partition, offsets `start` to `end` (exclusive). Grows while it waits."""

    __slots__ = ("dropped", "end", "records", "size", "start", "tp")

    def __init__(self, tp: TP, start: int, end: int, records: list[Record], size: int) -> None:
        self.tp = tp
        self.start = start
        self.end = end
        self.records = records
        self.size = size  # bytes of keys and values
        self.dropped = False


class Intake:
    """What waits, by partition: at most read_ahead_bytes of each, in chunks of about chunk_records."""

    def __init__(self, *, read_ahead_bytes: int, chunk_records: int) -> None:
        self.read_ahead_bytes = read_ahead_bytes
        self.chunk_records = chunk_records
        self.accepted = 0  # records, ever: a sign of life for the watchdog
        self.jumps = 0
        self._expected: dict[TP, int] = {}  # open partitions, and where their next records begin
        self._waiting: dict[TP, deque[Chunk]] = {}
        self._sizes: dict[TP, int] = {}
        self._held: set[TP] = set()
        self._rewinds: dict[TP, int] = {}
        self._jumps: dict[TP, int] = {}  # in a row

    def open(self, tp: TP, position: int) -> None:
        """Read partition `tp` from `position` on."""
        self.close(tp)
        self._waiting[tp] = deque()
        self._sizes[tp] = 0
        self._rewind(tp, position)

    def close(self, tp: TP) -> None:
        """Read `tp` no longer, and forget what waits of it."""
        for chunk in self._waiting.pop(tp, ()):
            chunk.dropped = True
        for state in (self._expected, self._sizes, self._rewinds, self._jumps):
            state.pop(tp, None)
        self._held.discard(tp)

    def hold(self, tp: TP, *, on: bool) -> None:
        """Leave `tp` out of the next fetches, or (not `on`) take it in again; what waits stays."""
        (self._held.add if on else self._held.discard)(tp)

    def wanted(self, tps: Iterable[TP]) -> set[TP]:
        """Return those of `tps` that are open, not held, and have room for more."""
        return {
            tp
            for tp in tps
            if tp in self._expected and tp not in self._held and self._sizes[tp] < self.read_ahead_bytes
        }

    def take_rewinds(self) -> dict[TP, int]:
        """Return where partitions are to be read on that are to be read elsewhere than where they are."""
        rewinds, self._rewinds = self._rewinds, {}
        return rewinds

    def accept(self, tp: TP, start: int, end: int, records: list[Record], size: int) -> Chunk | None:
        """Let records wait; return their chunk if it is a new one, that is, one to be delivered."""
        expected = self._expected.get(tp)
        if expected is None:
            return None
        if start != expected or tp in self._rewinds:
            self.jumps += 1
            self._jumps[tp] = self._jumps.get(tp, 0) + 1
            self._rewind(tp, expected)
            return None
        self._expected[tp] = end
        self._jumps.pop(tp, None)
        self.accepted += len(records)
        waiting = self._waiting[tp]
        self._sizes[tp] += size
        if waiting and len(waiting[-1].records) < self.chunk_records:
            last = waiting[-1]
            last.records += records
            last.end = end
            last.size += size
            return None
        chunk = Chunk(tp, start, end, records, size)
        waiting.append(chunk)
        return chunk

    def is_stuck(self, tp: TP) -> bool:
        """Return whether reading `tp` again and again does not give what comes next: it may be gone."""
        return self._jumps.get(tp, 0) >= MOST_JUMPS

    def take(self, chunk: Chunk) -> list[Record] | None:
        """Return the records of a delivered chunk, None if it was dropped in the meantime."""
        if chunk.dropped:
            return None
        self._waiting[chunk.tp].remove(chunk)
        self._sizes[chunk.tp] -= chunk.size
        chunk.dropped = True  # it is delivered once
        return chunk.records

    def take_back(self) -> None:
        """Read again what waits: whoever should have delivered it has emptied its queues."""
        for tp, waiting in self._waiting.items():
            if waiting:
                self._rewind(tp, waiting[0].start)
            for chunk in waiting:
                chunk.dropped = True
            waiting.clear()
            self._sizes[tp] = 0

    def _rewind(self, tp: TP, position: int) -> None:
        self._expected[tp] = position
        self._rewinds[tp] = position
