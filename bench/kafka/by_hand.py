"""The small model as a script on confluent-kafka, written to be fast, and nothing more.

A dict of customers, records taken 5,000 at a time, a typed decoder. Once a second one changelog record for
each changed customer, and when the broker has them, the offsets are committed: at least once. No take-over
from the changelog, no duplicates dropped, no ticks, no reasons.

Run: python -m bench.kafka.by_hand, with the settings of `rapport worker` in the environment.
"""

import os
import signal
import time
from typing import Final

import msgspec
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from bench.kafka.small import Customer, Moved, Touchpoint, apply
from streams import topics

TAKEN: Final = 5_000
FLUSH_S: Final = 1.0
ASK_S: Final = 0.1


def main() -> None:
    """Read until told to stop."""
    over = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal over
        over = True

    signal.signal(signal.SIGTERM, stop)
    broker, app = os.environ["RAPPORT_BROKER"], os.environ["RAPPORT_APP"]
    prefix = os.environ.get("RAPPORT_TOPIC_PREFIX", "")
    script = Script(broker, app, prefix)
    while not over:
        script.step()
    script.close()


class Script:
    """What it holds: customers, those that changed, and how far it has read."""

    def __init__(self, broker: str, app: str, prefix: str) -> None:
        self.customers: dict[str, Customer] = {}
        self.changed: set[str] = set()
        self.positions: dict[int, int] = {}
        self.flushed_s = time.monotonic()
        self.source = prefix + topics.TOUCHPOINTS.name
        self.told = prefix + topics.TRANSITIONS.name
        self.changelog = topics.changelog(app)
        self.decode = msgspec.json.Decoder(Touchpoint).decode
        self.encode = msgspec.json.Encoder().encode
        self.consumer = Consumer(
            {
                "bootstrap.servers": broker,
                "group.id": app,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "queued.min.messages": 200_000,
                "fetch.message.max.bytes": 4 << 20,
            }
        )
        self.producer = Producer(
            {
                "bootstrap.servers": broker,
                "partitioner": "murmur2",
                "enable.idempotence": True,
                "linger.ms": 5,
                "batch.size": 1 << 20,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        self.consumer.subscribe([self.source])

    def step(self) -> None:
        """Take what is there, and flush when it is time."""
        customers, changed, decode, positions = self.customers, self.changed, self.decode, self.positions
        for message in self.consumer.consume(TAKEN, ASK_S):
            value = message.value()
            if message.error() is not None or value is None:
                continue
            touchpoint = decode(value)
            key = touchpoint.customer_id
            customer = customers.get(key)
            if customer is None:
                customer = customers[key] = Customer()
            stage = apply(customer, touchpoint)
            if stage != customer.stage:
                moved = Moved(key, customer.stage, stage, touchpoint.message_id)
                self.producer.produce(self.told, value=self.encode(moved), key=key.encode())
                customer.stage = stage
            changed.add(key)
            positions[message.partition() or 0] = (message.offset() or 0) + 1
        self.producer.poll(0)
        if changed and time.monotonic() - self.flushed_s >= FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Write the changed customers; commit when the broker has them."""
        for key in self.changed:
            self.producer.produce(
                self.changelog,
                value=self.encode(self.customers[key]),
                key=key.encode(),
                on_delivery=_delivered,
            )
        self.producer.flush()
        self.changed.clear()
        offsets = [TopicPartition(self.source, each, at) for each, at in self.positions.items()]
        self.consumer.commit(offsets=offsets, asynchronous=False)
        self.flushed_s = time.monotonic()

    def close(self) -> None:
        """Write what is left, and leave the group."""
        if self.changed:
            self.flush()
        self.consumer.close()


def _delivered(error: KafkaError | None, _message: Message) -> None:
    if error is not None:
        raise SystemExit(f"a changed customer could not be written: {error}")


if __name__ == "__main__":
    main()
