"""Reads topics as a subscriber does: only what is committed, from the first record to the last."""

import time
from collections import defaultdict
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient

from streams import topics
from tests.kafka.evidence import Evidence, Read

PROGRESS_TIMEOUT_S: Final = 30.0
FETCHED: Final = 10_000


class StandStill(Exception):
    """Nothing more came, and the end of a partition was not reached: does the broker run?"""


class OpenTransaction(Exception):
    """Records stand behind a transaction that nobody has ended: who reads committed does not see them yet."""


def read_evidence(bootstrap: str, prefix: str = "") -> Evidence:
    """Return all that Rapport's topics hold; `prefix` stands before their names."""
    fields = {
        "touchpoints": topics.TOUCHPOINTS,
        "transitions": topics.TRANSITIONS,
        "alerts": topics.ALERTS,
        "scores": topics.SCORES,
        "kpis": topics.KPIS,
        "late": topics.LATE,
        "dead_letters": topics.DEAD_LETTERS,
    }
    found = read_topics(bootstrap, *(prefix + topic.name for topic in fields.values()))
    return Evidence(
        source=prefix + topics.TOUCHPOINTS.name,
        **{field: found[prefix + topic.name] for field, topic in fields.items()},
    )


def read_topics(bootstrap: str, *names: str) -> dict[str, list[Read]]:
    """Return the committed records of topics, by partition and offset.

    aiokafka writes what is read here, so librdkafka reads it: a fault of the one does not hide in the other.

    Raises:
        StandStill: the broker does not answer any more.
        OpenTransaction: what is read would not be all.
    """
    known = AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=PROGRESS_TIMEOUT_S).topics
    wanted = [TopicPartition(name, partition, 0) for name in names for partition in known[name].partitions]
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "never-committed",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )
    found: defaultdict[str, list[Read]] = defaultdict(list)
    try:
        consumer.assign(wanted)
        unfinished = {(each.topic, each.partition) for each in wanted}
        deadline = time.monotonic() + PROGRESS_TIMEOUT_S
        while unfinished:
            for message in consumer.consume(FETCHED, 0.5):
                deadline = time.monotonic() + PROGRESS_TIMEOUT_S
                error = message.error()
                if error is None:
                    found[str(message.topic())].append(_read(message))
                elif error.code() == KafkaError._PARTITION_EOF:
                    _ended(consumer, message)
                    unfinished.discard((message.topic(), message.partition()))
                else:
                    raise StandStill(f"{message.topic()} partition {message.partition()}: {error}")
            if time.monotonic() > deadline:
                raise StandStill(f"no end of {sorted(unfinished)}")
    finally:
        consumer.close()
    return {name: sorted(found[name], key=lambda read: read[:2]) for name in names}


def _ended(consumer: Consumer, message: Any) -> None:
    """See that the end that was reached is the end of the partition."""
    place = TopicPartition(message.topic(), message.partition())
    _, end = consumer.get_watermark_offsets(place, cached=True)
    if message.offset() < end:
        raise OpenTransaction(
            f"{place.topic} partition {place.partition}: committed up to {message.offset()} of {end}"
        )


def _read(message: Any) -> Read:
    return Read(
        partition=message.partition(),
        offset=message.offset(),
        timestamp_ms=message.timestamp()[1],
        key=message.key(),
        value=message.value() or b"",
        headers=dict(message.headers() or ()),
    )
