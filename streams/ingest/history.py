"""Touchpoints of files through a processor: in the order of the files or sorted, up to an instant.

There is no log and there are no ticks: rows elapse by their own touchpoints, and at the end to `until_ms`.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, count, repeat
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from schemas.dead_letter import KEPT_BYTES, DeadLetter
from schemas.instants import milliseconds
from schemas.touchpoint import AwareDatetime
from streams.ingest.files import Rows
from streams.runtime.record import Record

if TYPE_CHECKING:
    from streams.runtime.outcome import Outcome
    from streams.runtime.processor import Processor

CHUNK: Final = 4_000  # more does not go faster: it no longer fits into the caches
UNREADABLE_MS: Final = -(1 << 62)  # sorts first; the processor will say what is wrong with it


class Tally(msgspec.Struct):
    """What became of the rows read that the processor has not seen."""

    rows: int = 0
    after_until: int = 0
    refused: int = 0


class Step(NamedTuple):
    """What one chunk came to. The outcome is None where rows were refused before the processor saw them."""

    fed: int
    outcome: "Outcome | None"
    dead_letters: list[DeadLetter]


class Shelf:
    """Touchpoints in waiting: their instants, bytes, and where each stood. Tens of bytes beside the JSON."""

    def __init__(self) -> None:
        """Start empty."""
        self.instants = array("q")
        self.values: list[bytes] = []
        self.originals: list[bytes] = []
        self.lines = array("Q")
        self.files = array("L")
        self.paths: list[str] = []

    def add(self, rows: Rows, *, until_ms: int | None, timed: bool) -> int:
        """Put rows on the shelf; return how many were left out because they lie after `until_ms`."""
        if not self.paths or self.paths[-1] != rows.path:
            self.paths.append(rows.path)
        file = len(self.paths) - 1
        values, originals, lines = rows.values, rows.originals, rows.lines
        if timed:
            instants = list(map(instant_of, values))
            kept = [until_ms is None or at <= until_ms for at in instants]
            self.instants.extend(compress(instants, kept))
            values, originals = list(compress(values, kept)), list(compress(originals, kept))
            lines = list(compress(lines, kept))
        self.values.extend(values)
        self.originals.extend(originals)
        self.lines.extend(lines)
        self.files.extend(repeat(file, len(values)))
        return len(rows.values) - len(values)

    def in_order(self) -> Sequence[int]:
        """Return the places in the order of time; equal instants stay in the order of the files."""
        return sorted(range(len(self.values)), key=self.instants.__getitem__)


class _TimestampOnly(msgspec.Struct, frozen=True, gc=False):
    timestamp: AwareDatetime


_TIMESTAMP: Final = msgspec.json.Decoder(_TimestampOnly)


def instant_of(value: bytes) -> int:
    """Return a touchpoint's timestamp in epoch milliseconds; UNREADABLE_MS when it has none."""
    try:
        return milliseconds(_TIMESTAMP.decode(value).timestamp)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return UNREADABLE_MS


def play(
    files: Iterable[Rows],
    processor: "Processor",
    tally: Tally,
    *,
    until_ms: int | None = None,
    sort: bool = False,
) -> Iterator[Step]:
    """Feed everything, chunk by chunk, and yield what each came to; `tally` is kept up to date.

    Touchpoints after `until_ms` are left out and counted, and at the end every row elapses to it.
    With `sort`, everything is read before the first touchpoint is fed.
    """
    offset = 0
    waiting = Shelf()
    for rows in files:
        tally.rows += len(rows.values) + len(rows.refused)
        tally.refused += len(rows.refused)
        if rows.refused:
            yield Step(0, None, rows.refused)
        tally.after_until += waiting.add(rows, until_ms=until_ms, timed=sort or until_ms is not None)
        if not sort:
            for step in _feed(waiting, range(len(waiting.values)), processor, offset):
                offset += step.fed
                yield step
            waiting = Shelf()
    yield from _feed(waiting, waiting.in_order() if sort else (), processor, offset)
    if until_ms is not None:
        yield Step(0, processor.elapse(until_ms), [])


def _feed(shelf: Shelf, order: Sequence[int], processor: "Processor", offset: int) -> Iterator[Step]:
    values = shelf.values
    for start in range(0, len(order), CHUNK):
        places = order[start : start + CHUNK]
        first = offset + start
        chunk = map(values.__getitem__, places)
        outcome = processor.process(list(map(Record, count(first), repeat(0), repeat(None), chunk)))
        letters = [
            _placed(letter, shelf, places[letter.source_offset - first]) for letter in outcome.dead_letters
        ]
        yield Step(len(places), outcome, letters)


def _placed(letter: DeadLetter, shelf: Shelf, place: int) -> DeadLetter:
    """Return a dead letter of the processor with the row's own bytes, file and line."""
    return msgspec.structs.replace(
        letter,
        value=shelf.originals[place][:KEPT_BYTES],
        source_topic=shelf.paths[shelf.files[place]],
        source_partition=0,
        source_offset=shelf.lines[place],
    )
