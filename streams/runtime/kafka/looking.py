"""Looking at all that a fleet needs on Kafka, without a group and without writing."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from aiokafka.structs import TopicPartition

from streams import topics
from streams.runtime.kafka.administration import Administration, administration
from streams.runtime.kafka.asking import allowed, features
from streams.runtime.kafka.examination import Group, Newest, Seen, Span
from streams.runtime.kafka.provisioning import compare, wanted_topics
from streams.runtime.kafka.takeover import reader
from streams.settings import Settings

LAST_RECORDS: Final = 3  # the end of a partition may be the marker of a transaction
LOOK_S: Final = 5.0
LOOK_MS: Final = 200
APPENDED: Final = 1  # timestamp_type of a record that the broker has stamped


async def look(client: dict[str, Any], settings: Settings, *, clock_ms: Callable[[], int]) -> Seen:
    """Return what is seen.

    Raises:
        KafkaError: the broker cannot be reached, or refuses.
    """
    source = settings.topic_prefix + topics.TOUCHPOINTS.name
    async with administration(client) as cluster:
        brokers = await cluster.brokers()
        wanted = wanted_topics(settings, brokers=len(brokers))
        may = await allowed(cluster, settings, [*(each.name for each in wanted), *settings.normalise])
        hidden = set() if may is None else {name for name, bits in may.topics.items() if bits == 0}
        wanted = [each for each in wanted if each.name not in hidden]  # nobody knows whether they are there
        names = [each.name for each in wanted]
        plan = compare(wanted, await cluster.existing(names))
        leaderless = await cluster.leaderless(names)
        group = await _group(cluster, settings.app, source)
        levels = await features(cluster)
    # Of a partition that nobody leads, nobody tells offsets.
    led = {name for name in (source, topics.changelog(settings.app)) if name in plan.existing} - {*leaderless}
    spans: dict[str, dict[int, Span]] = {}
    newest = None
    if led:  # aiokafka's consumer cannot be stopped before it has done anything
        async with reader(client) as consumer:
            spans = {name: await _spans(consumer, name, plan.existing[name].partitions) for name in led}
            with suppress(TopicAuthorizationFailedError):
                newest = await _newest(consumer, source, spans.get(source, {}))
    touchpoints, changelog = spans.get(source, {}), spans.get(topics.changelog(settings.app), {})
    return Seen(
        brokers, plan, leaderless, group, touchpoints, changelog, newest, clock_ms(), may, levels
    )  # fmt: skip


async def _group(cluster: Administration, app: str, source: str) -> Group:
    try:
        _state, members = await cluster.members(app)
        committed = await cluster.committed(app)
    except KafkaError:
        return Group(None, {})
    return Group(
        members,
        {
            number: found.offset
            for (topic, number), found in committed.items()
            if topic == source and found.offset >= 0
        },
    )


async def _spans(consumer: AIOKafkaConsumer, topic: str, count: int) -> dict[int, Span]:
    partitions = [TopicPartition(topic, number) for number in range(count)]
    begin, end = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    return {tp.partition: Span(begin[tp], end[tp]) for tp in partitions}


async def _newest(consumer: AIOKafkaConsumer, topic: str, spans: dict[int, Span]) -> Newest | None:
    """Return the newest of the last records of all partitions, None where there is none."""
    ends = {TopicPartition(topic, number): span for number, span in spans.items() if span.end > span.begin}
    if not ends:
        return None
    consumer.assign(list(ends))
    for tp, span in ends.items():
        consumer.seek(tp, max(span.begin, span.end - LAST_RECORDS))
    found: list[Newest] = []
    deadline = asyncio.get_running_loop().time() + LOOK_S
    left = set(ends)
    while left and asyncio.get_running_loop().time() < deadline:
        for records in (await consumer.getmany(*left, timeout_ms=LOOK_MS)).values():
            found += [Newest(each.timestamp, each.timestamp_type == APPENDED) for each in records]
        left = {tp for tp in left if await consumer.position(tp) < ends[tp].end}
    return max(found, default=None)
