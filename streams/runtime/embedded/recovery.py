"""State read back from the log: the flushes in their order, then the records after them."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from schemas.touchpoint import InternalRecord
from streams.runtime.record import Record

if TYPE_CHECKING:
    from streams.runtime.processor import Processor

_CHUNK_RECORDS: Final = 2_000
_decode: Final = msgspec.json.Decoder(InternalRecord).decode


class Readable(Protocol):
    """A log to read back from: `EmbeddedLog`, or `LogReader`."""

    def flushes(self) -> Iterator[bytes]:
        """Yield the bodies of the flushes in ascending order."""

    def read(self, offset: int, limit: int) -> list[Record]:
        """Return up to `limit` records from `offset` on; empty only at the end."""


def restored(log: Readable, factory: "Callable[[], Processor]") -> "Processor":
    """Return a new processor with the state of the newest flush."""
    processor = factory()
    processor.restore(log.flushes())
    return processor


def caught_up(log: Readable, factory: "Callable[[], Processor]") -> "Processor":
    """Return a new processor with the state at the end of the log; what it would tell is not told.

    For a look at the log from outside, beside the process that owns it.
    """
    processor = restored(log, factory)
    while records := log.read(processor.position, _CHUNK_RECORDS):
        processor.process(records)
    return processor


def announced(log: Readable, position: int, *, digest: str) -> bool:
    """Say whether the last model record from `position` on is the one with this digest."""
    latest = None
    while records := log.read(position, _CHUNK_RECORDS):
        position = records[-1].offset + 1
        for record in records:
            if record.key is None and record.value.startswith(b'{"kind":"model"'):
                latest = _decode(record.value).digest
    return latest == digest
