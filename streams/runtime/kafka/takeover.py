"""Taking a partition over: read its changelog to the end, and see whether it belongs to the input.

The producer has been started before, so nobody else can write to either from here on.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from streams.runtime.kafka.changelog import Assembly, Head, LastRead, State
from streams.runtime.kafka.inspection import Found
from streams.runtime.record import Record

FETCH_BYTES: Final = 8 << 20
FETCH_MS: Final = 200
LOOK_S: Final = 10.0


class Place(NamedTuple):
    """An input partition and its changelog."""

    topic: str
    partition: int
    partitions: int
    changelog: str


@asynccontextmanager
async def reader(client: dict[str, Any]) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a consumer of no group that reads what is committed, from the beginning."""
    consumer = AIOKafkaConsumer(
        **client, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest",
        isolation_level="read_committed", max_partition_fetch_bytes=FETCH_BYTES, fetch_max_wait_ms=FETCH_MS,
    )  # fmt: skip
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def first_since(
    consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], since_ms: int
) -> dict[TopicPartition, int]:
    """Return the offset of the first record written since an instant, or else the end."""
    if not places:
        return {}
    found = await consumer.offsets_for_times(dict.fromkeys(places, since_ms))
    ends = await consumer.end_offsets(places)
    return {each: ends[each] if at is None else at.offset for each, at in found.items()}


async def read_changelog(
    consumer: AIOKafkaConsumer, place: Place, *, progress: Callable[[int, int], None] = lambda _at, _end: None
) -> State:
    """Return what the changelog of a partition holds; `progress` hears (offset, end) as it goes.

    Raises:
        StateError: it is not a whole state.
    """
    tp = TopicPartition(place.changelog, place.partition)
    consumer.assign([tp])
    end = (await consumer.end_offsets([tp]))[tp]
    await consumer.seek_to_beginning(tp)
    assembly = Assembly(f"{place.changelog} partition {place.partition}")
    position = await consumer.position(tp)
    while position < end:
        found = await consumer.getmany(tp, timeout_ms=FETCH_MS)
        records = found.get(tp, [])
        assembly.add((record.key or b"", record.value) for record in records)
        position = await consumer.position(tp)
        progress(position, end)
        await asyncio.sleep(0)  # a long changelog must not keep the rest of the worker waiting
    return assembly.state()


async def look_at_input(
    consumer: AIOKafkaConsumer, place: Place, head: Head | None, committed: int | None
) -> Found:
    """Return what the broker says of the input partition."""
    tp = TopicPartition(place.topic, place.partition)
    begin = (await consumer.beginning_offsets([tp]))[tp]
    end = (await consumer.end_offsets([tp]))[tp]
    before = None
    if head is not None and head.last_read is not None and begin <= head.last_read.offset < end:
        before = await _record_at(consumer, tp, head.last_read.offset)
    return Found(place.topic, place.partition, place.partitions, begin, end, committed, before)


async def _record_at(consumer: AIOKafkaConsumer, tp: TopicPartition, offset: int) -> LastRead | None:
    """Return what tells the record at `offset`, or the next one there is, from others."""
    consumer.assign([tp])
    consumer.seek(tp, offset)
    deadline = asyncio.get_running_loop().time() + LOOK_S
    while asyncio.get_running_loop().time() < deadline:
        found = await consumer.getmany(tp, timeout_ms=FETCH_MS, max_records=1)
        for record in found.get(tp, []):
            return LastRead.of(Record(record.offset, record.timestamp, record.key, record.value or b""))
    return None
