"""Reading topics as a subscriber: what is committed, without a group, from the beginning or from now on."""

from collections.abc import AsyncGenerator
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from schemas.dead_letter import DeadLetter, DeadLetterReason, LateTouchpoint
from streams.runtime.kafka.administration import administration
from streams.runtime.kafka.takeover import reader

WAIT_MS: Final = 500


class NoSuchTopic(Exception):
    """A topic is not there. Run `rapport topics apply`, or look at app and topic_prefix."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no topic {name}: run `rapport topics apply`, or set RAPPORT_TOPIC_PREFIX")


class Told(NamedTuple):
    """One record, with its headers by name."""

    topic: str
    partition: int
    offset: int
    appended_ms: int
    key: bytes | None
    value: bytes
    headers: dict[str, bytes]


async def partitions_of(client: dict[str, Any], topic: str) -> list[TopicPartition]:
    """Return the partitions of a topic, without making it.

    Raises:
        NoSuchTopic: it is not there.
    """
    async with administration(client) as cluster:
        found = await cluster.existing([topic])
    if topic not in found:
        raise NoSuchTopic(topic)
    return [TopicPartition(topic, number) for number in range(found[topic].partitions)]


async def follow(client: dict[str, Any], topic: str, *, from_beginning: bool) -> AsyncGenerator[Told, None]:
    """Yield the records of a topic, in order within a partition, and then those that come, without end.

    Raises:
        NoSuchTopic: it is not there.
    """
    partitions = await partitions_of(client, topic)
    async with reader(client) as consumer:
        consumer.assign(partitions)
        if from_beginning:
            await consumer.seek_to_beginning(*partitions)
        else:
            await consumer.seek_to_end(*partitions)
        while True:
            for record in await some(consumer):
                yield record


async def some(
    consumer: AIOKafkaConsumer, *partitions: TopicPartition, most: int | None = None
) -> list[Told]:
    """Return records that are there, or come within a moment; none is as good an answer."""
    found = await consumer.getmany(*partitions, timeout_ms=WAIT_MS, max_records=most)
    return [
        Told(
            record.topic,
            record.partition,
            record.offset,
            record.timestamp,
            record.key,
            record.value or b"",
            dict(record.headers),
        )
        for records in found.values()
        for record in records
    ]


def dead_letter_of(told: Told) -> DeadLetter:
    """Return a dead letter as the contract has it.

    Raises:
        ValueError: the headers are not those of one.
    """
    topic, partition, offset = _origin(told)
    return DeadLetter(
        reason=DeadLetterReason(_text(told, "error.reason")),
        message=_text(told, "error.message"),
        value=told.value,
        key=told.key,
        source_topic=topic,
        source_partition=partition,
        source_offset=offset,
    )


def late_of(told: Told) -> LateTouchpoint:
    """Return a late touchpoint as the contract has it.

    Raises:
        ValueError: the headers are not those of one.
    """
    topic, partition, offset = _origin(told)
    return LateTouchpoint(
        customer_id=(told.key or b"").decode(),
        value=told.value,
        late_by_ms=int(_text(told, "late_by_ms")),
        source_topic=topic,
        source_partition=partition,
        source_offset=offset,
    )


def _origin(told: Told) -> tuple[str, int, int]:
    return (
        _text(told, "source.topic"),
        int(_text(told, "source.partition")),
        int(_text(told, "source.offset")),
    )


def _text(told: Told, header: str) -> str:
    if header not in told.headers:
        raise ValueError(f"no header {header}")
    return told.headers[header].decode()
