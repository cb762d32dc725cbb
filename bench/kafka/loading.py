"""Loads an input topic from a file: keyed by customer, uncompressed, in the order of the file."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from confluent_kafka import KafkaError, Message, Producer

from bench.kafka.cluster import source
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh

SENT_S: Final = 120.0


class Loaded(NamedTuple):
    """What is in the topic: touchpoints, and the bytes of their values."""

    touchpoints: int
    size: int


class Keyed(msgspec.Struct):
    """What of a touchpoint decides where it goes."""

    customer_id: str


_keyed: Final = msgspec.json.Decoder(Keyed).decode


def producer(broker: Broker, **settings: str | float | bool) -> Producer:
    """Return what writes as Kafka's own clients do: a customer is in the partition that Java would choose."""
    return Producer(
        {
            "bootstrap.servers": broker.bootstrap,
            "partitioner": "murmur2",
            "enable.idempotence": True,
            "linger.ms": 20,
            "batch.size": 1 << 18,
            "queue.buffering.max.messages": 500_000,
            "log_level": 0,
            **settings,
        }
    )


def lines(path: Path, most: int | None = None) -> Iterable[bytes]:
    """Yield the touchpoints of a file, the first `most` of them."""
    with path.open("rb") as file:
        yield from (line.rstrip(b"\n") for line in islice(file, most))


def load(broker: Broker, names: Fresh, path: Path, most: int | None = None) -> Loaded:
    """Write the touchpoints of a file to a run's input, and return when the broker has them."""
    topic, writer, failures = source(names), producer(broker), list[str]()

    def delivered(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            failures.append(str(error))

    touchpoints = size = 0
    for value in lines(path, most):
        key = _keyed(value).customer_id.encode()
        while True:
            try:
                writer.produce(topic, value=value, key=key, on_delivery=delivered)
                break
            except BufferError:
                writer.poll(0.1)
        touchpoints, size = touchpoints + 1, size + len(value)
        if touchpoints % 10_000 == 0:
            writer.poll(0)
    if writer.flush(SENT_S) or failures:
        raise RuntimeError(f"the input could not be loaded: {failures[:3]}")
    return Loaded(touchpoints, size)
