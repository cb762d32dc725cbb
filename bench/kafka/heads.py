"""When a partition moved on, by its topic: the heads of its changelog, one for each flush."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, Self

import msgspec
from confluent_kafka import Consumer, Message, TopicPartition

from bench.kafka.cluster import PARTITIONS
from streams import topics
from streams.runtime.kafka.changelog import HEAD_KEY, Head
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh

ASK_S: Final = 30.0
LOOK_S: Final = 0.1
TAKEN: Final = 1_000


class Flushed(NamedTuple):
    """A flush that can be seen: when it was written, and up to where the partition is in it."""

    partition: int
    at_ms: int
    position: int


class Heads:
    """Follows the changelog of an application from its end on; `found` grows with each look."""

    def __init__(self, broker: Broker, names: Fresh) -> None:
        self.found: list[Flushed] = []
        self._consumer = Consumer(
            {
                "bootstrap.servers": broker.bootstrap,
                "group.id": "never-committed",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "log_level": 0,
            }
        )
        places = [TopicPartition(topics.changelog(names.app), number) for number in range(PARTITIONS)]
        for place in places:
            place.offset = self._consumer.get_watermark_offsets(place, timeout=ASK_S)[1]
        self._consumer.assign(places)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def look(self) -> list[Flushed]:
        """Take what has come, and return all that came so far."""
        while messages := self._consumer.consume(TAKEN, LOOK_S):
            self.found += [each for each in map(_flushed, messages) if each is not None]
        return self.found


def _flushed(message: Message) -> Flushed | None:
    value, partition = message.value(), message.partition()
    if message.error() is not None or message.key() != HEAD_KEY or value is None or partition is None:
        return None
    position = msgspec.json.decode(value, type=Head).position
    return Flushed(partition, message.timestamp()[1], position)


def longest_pause_ms(
    found: Sequence[Flushed], partitions: Iterable[int], *, begin_ms: int, end_ms: int
) -> int:
    """Return the longest time that one of the partitions did not move on between two instants.

    The time to a partition's first flush and from its last one counts too: it stood still there as well.
    """
    return max(
        (
            later - earlier
            for partition in partitions
            for earlier, later in pairwise(
                [
                    begin_ms,
                    *(
                        each.at_ms
                        for each in found
                        if each.partition == partition and begin_ms < each.at_ms < end_ms
                    ),
                    end_ms,
                ]
            )
        ),
        default=0,
    )
