"""How far an application is, by its topics: the heads of its changelog, and the ends of its input."""

import time
from typing import Final

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams import topics
from streams.runtime.kafka.changelog import HEAD_KEY, Head
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh

READ_S: Final = 30.0
NEWEST: Final = 400  # records at the end of a changelog among which its newest head is looked for


class Progress:
    """Looks at one application. Keep one: its connection is used again."""

    def __init__(self, broker: Broker, fresh: Fresh, *, partitions: int) -> None:
        self._input = fresh.prefix + topics.TOUCHPOINTS.name
        self._changelog = topics.changelog(fresh.app)
        self._partitions = range(partitions)
        self._consumer = Consumer(
            {
                "bootstrap.servers": broker.bootstrap,
                "group.id": "never-committed",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "log_level": 0,
            }
        )

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()

    def ends(self) -> dict[int, int]:
        """Return the end of each partition of the input."""
        places = {each: TopicPartition(self._input, each) for each in self._partitions}
        return {each: self._bounds(place)[1] for each, place in places.items()}

    def positions(self) -> dict[int, int]:
        """Return how far the state in the changelog has read each partition."""
        starts = []
        for each in self._partitions:
            place = TopicPartition(self._changelog, each)
            low, high = self._bounds(place)
            starts.append(TopicPartition(self._changelog, each, max(low, high - NEWEST)))
        found, unfinished = dict.fromkeys(self._partitions, 0), set(self._partitions)
        self._consumer.assign(starts)
        deadline = time.monotonic() + READ_S
        while unfinished:
            for message in self._consumer.consume(NEWEST, 0.2):
                error = message.error()
                if error is None and message.key() == HEAD_KEY:
                    head = msgspec.json.decode(message.value(), type=Head)
                    found[message.partition()] = head.position
                elif error is not None and error.code() == KafkaError._PARTITION_EOF:
                    unfinished.discard(message.partition())
            assert time.monotonic() < deadline, f"the ends of {unfinished} of {self._changelog} do not come"
        self._consumer.unassign()
        return found

    def _bounds(self, place: TopicPartition) -> tuple[int, int]:
        """Return begin and end of a partition; a broker that has just started leads nothing yet."""
        deadline = time.monotonic() + READ_S
        while True:
            try:
                begin, end = self._consumer.get_watermark_offsets(place, timeout=READ_S)
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
            else:
                return begin, end

    def pending(self) -> dict[int, int]:
        """Return how many records of each partition the state does not hold yet: never too many."""
        ends = self.ends()
        positions = self.positions()
        return {each: max(0, ends[each] - positions[each]) for each in self._partitions}
