"""Writing touchpoints to the input, where each customer has a partition: the one that Kafka's clients choose.

The producer is idempotent, so what it sends again after a lost answer is there once.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from streams.runtime.kafka.subscriber import partitions_of

LINGER_MS: Final = 20
BATCH_BYTES: Final = 512 * 1024


class Publisher:
    """Sends keyed records to one topic. confirmed: so many the broker holds for certain."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self.confirmed = 0
        self._producer = producer
        self._topic = topic

    async def send(self, records: Iterable[tuple[str, bytes]]) -> None:
        """Send records, each the id of its subject and its value; return when all are confirmed.

        Raises:
            KafkaError: one could not be written. Those before it may be.
        """
        sent = [
            await self._producer.send(self._topic, value, key=subject.encode()) for subject, value in records
        ]
        for future in sent:
            await future
            self.confirmed += 1


@asynccontextmanager
async def publisher(client: dict[str, Any], topic: str) -> AsyncIterator[Publisher]:
    """Give what sends to a topic that is there.

    Raises:
        NoSuchTopic: it is not.
    """
    await partitions_of(client, topic)
    producer = AIOKafkaProducer(
        **client, acks="all", enable_idempotence=True, linger_ms=LINGER_MS, max_batch_size=BATCH_BYTES
    )
    await producer.start()
    try:
        yield Publisher(producer, topic)
    finally:
        await asyncio.shield(producer.stop())
