"""A made-up company on Kafka: what its people do today, as it happens, into the touchpoints' topic.

Their lives are a function of the date (UTC). What has happened today before the start is sent at once,
also again after a restart: whatever was sent already is dropped as a duplicate by its message id.
"""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer

from streams import topics
from streams.demo.life import DAY_MS, WITHOUT_END, Moment
from streams.demo.population import touchpoints
from streams.runtime.kafka.connection import client_arguments
from streams.settings import load

CUSTOMERS = 200_000  # about three touchpoints a second
BEHIND_MS = 1_000  # what is sent is never from the future, whatever the broker's clock says


class _About(msgspec.Struct):
    customer_id: str


class Keyed(NamedTuple):
    """A touchpoint to be sent, and when it happens (epoch milliseconds)."""

    at_ms: int
    key: bytes
    value: bytes


def day_of(now_ms: int, *, customers: int = CUSTOMERS) -> Iterator[Keyed]:
    """Give all touchpoints from the last UTC midnight on, without end, in the order of time."""
    day = now_ms // DAY_MS
    lives = touchpoints(seed=day, customers=customers, start_ms=day * DAY_MS, end_ms=WITHOUT_END)
    return map(_keyed, lives)


def _keyed(moment: Moment) -> Keyed:
    at_ms, value = moment
    return Keyed(at_ms, msgspec.json.decode(value, type=_About).customer_id.encode(), value)


async def produce(customers: int) -> None:
    """Send until told to stop."""
    settings = load(os.environ)
    topic = settings.topic_prefix + topics.TOUCHPOINTS.name
    client = client_arguments(settings)
    async with AIOKafkaProducer(**client, enable_idempotence=True, acks="all", linger_ms=20) as producer:
        for each in day_of(_now_ms(), customers=customers):
            ahead_ms = each.at_ms + BEHIND_MS - _now_ms()
            if ahead_ms > 0:
                await asyncio.sleep(ahead_ms / 1_000)
            await producer.send(topic, each.value, key=each.key)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    sys.stderr.write(f"The people of {datetime.now(UTC):%d %B %Y} begin their day.\n")
    asyncio.run(produce(int(sys.argv[1]) if len(sys.argv) > 1 else CUSTOMERS))
