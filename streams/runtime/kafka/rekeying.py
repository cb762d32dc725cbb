"""Records of somebody else's topic as Rapport's own: touchpoints keyed by subject, and dead letters."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
import xxhash
from aiokafka.partitioner import murmur2
from faust.types import TP

from schemas.dead_letter import KEPT_BYTES, DeadLetter
from streams import topics
from streams.runtime.kafka.outputs import Outgoing, Renderer
from streams.runtime.outbox import Outbox
from streams.runtime.record import Record

SLICE: Final = 1_000  # touchpoints, about
LONGEST_NAME: Final = 80  # of a topic in a message id, which has at most 128 characters

Touch = tuple[bytes, bytes]  # subject id and touchpoint
Adapt = Callable[[bytes, int | None, str], Sequence[Touch | DeadLetter]]
"""What a value holds, when it arrived (epoch milliseconds) and the message id of what has none -> that."""


class Slice(NamedTuple):
    """Some consecutive records: where they end, and what is written for them to which partitions."""

    end: int
    outgoing: dict[int, list[Outgoing]]
    touchpoints: int
    letters: list[DeadLetter]


class Rekeyer:
    """Adapts the records of partition `tp`; Rapport's own topics have so many `partitions`."""

    def __init__(self, tp: TP, adapt: Adapt, *, app: str, prefix: str, partitions: int) -> None:
        self._tp = tp
        self._adapt = adapt
        self._topic = prefix + topics.TOUCHPOINTS.name
        self._partitions = partitions
        self._renderer = Renderer(app=app, prefix=prefix, partition=tp.partition)

    def slices(self, records: Sequence[Record], end: int) -> Iterator[Slice]:
        """Yield the records, up to offset `end`, in slices of about SLICE touchpoints; at least one."""
        first = count = 0
        found: list[list[Touch | DeadLetter]] = []
        for number, record in enumerate(records):
            found.append(list(self._adapt(record.value, _arrival(record), _place(self._tp, record.offset))))
            count += len(found[-1])
            if count >= SLICE:
                yield self._slice(records[first : number + 1], found, record.offset + 1)
                first, count, found = number + 1, 0, []
        yield self._slice(records[first:], found, end)

    def _slice(self, records: Sequence[Record], found: list[list[Touch | DeadLetter]], end: int) -> Slice:
        outgoing: defaultdict[int, list[Outgoing]] = defaultdict(list)
        outbox, touchpoints = Outbox(), 0
        for record, adapted in zip(records, found, strict=True):
            for each in adapted:
                if isinstance(each, DeadLetter):
                    outbox.dead_letters.append(self._letter(each, record))
                    continue
                touchpoints += 1
                outgoing[partition_of(each[0], self._partitions)].append(Outgoing(self._topic, *each))
        if outbox.dead_letters:
            outgoing[self._tp.partition % self._partitions] += self._renderer.records(outbox)
        return Slice(end, outgoing, touchpoints, outbox.dead_letters)

    def _letter(self, letter: DeadLetter, record: Record) -> DeadLetter:
        return msgspec.structs.replace(
            letter, value=letter.value[:KEPT_BYTES], key=record.key, source_topic=self._tp.topic,
            source_partition=self._tp.partition, source_offset=record.offset,
        )  # fmt: skip


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a key as Java's producer chooses it."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def _arrival(record: Record) -> int | None:
    return record.appended_ms if record.appended_ms >= 0 else None


def _place(tp: TP, offset: int) -> str:
    """Return what names a record wherever and whenever it is read."""
    name = tp.topic if len(tp.topic) <= LONGEST_NAME else xxhash.xxh3_128_hexdigest(tp.topic.encode())
    return f"{name}/{tp.partition}/{offset}"
