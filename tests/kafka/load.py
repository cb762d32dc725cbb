"""A seeded load: what a few hundred made-up customers do now, with repeats, late and unreadable records."""

import random
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from confluent_kafka import Producer

from schemas.instants import instant
from streams import topics
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh

SENT_S: Final = 120.0
RECENT: Final = 500  # among so many of the last ones, those that are sent again are chosen
POISON: Final = (
    b"{",
    b"\xff\xfe\x00",
    b"[1, 2, 3]",
    b'{"message_id": 7}',
    b'{"message_id": "x", "customer_id": "c", "event": "visit", "timestamp": NaN}',
    b"[" * 20_000 + b"]" * 20_000,
    b"",
)

Pair = tuple[bytes | None, bytes]  # key and value


def touchpoints(seed: int, *, customers: int = 200, bad: bool = True) -> Iterator[Pair]:
    """Yield without end what customers do at the instant at which it is asked for.

    bad: 5 % are sent again, 1 % have the id of another one, 1 % are late, 0.5 % cannot be read.
    """
    chance = random.Random(seed)
    recent: deque[tuple[bytes, dict[str, Any]]] = deque(maxlen=RECENT)
    number = 0
    while True:
        number += 1
        customer = f"c{chance.randrange(customers)}"
        now_ms = time.time_ns() // 1_000_000
        value: dict[str, Any] = {
            "message_id": f"{seed}-{number}", "customer_id": customer,
            "event": chance.choice(["visit", "visit", "visit", "buy", "ask", "other"]),
            "timestamp": instant(now_ms - chance.randrange(2_000)),
            "properties": {"revenue": 9.5, "score": chance.randrange(11)},
        }  # fmt: skip
        key = customer.encode()
        kind = chance.random() if bad and recent else 1.0
        if kind < 0.05:
            key, value = chance.choice(recent)
        elif kind < 0.06:
            key, other = chance.choice(recent)
            value = other | {"event": "buy", "properties": {"revenue": 1_000_000}}
        elif kind < 0.07:
            value["timestamp"] = instant(now_ms - 3_600_000)
        elif kind < 0.075:
            yield key, chance.choice(POISON)
            continue
        else:
            recent.append((key, value))
        yield key, msgspec.json.encode(value)


class Load:
    """Writes to the input of one application, and counts what the broker has acknowledged."""

    def __init__(self, broker: Broker, fresh: Fresh) -> None:
        self.acknowledged = 0
        self._topic = fresh.prefix + topics.TOUCHPOINTS.name
        self._producer = Producer(
            {
                "bootstrap.servers": broker.bootstrap,
                "enable.idempotence": True,
                "linger.ms": 5,
                "partitioner": "murmur2",
                "queue.buffering.max.messages": 2_000_000,
                "log_level": 0,
            }
        )
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._failures: list[str] = []

    def write(self, pairs: Iterable[Pair], *, partition: int | None = None) -> None:
        """Write records, and return when the broker has all of them."""
        for key, value in pairs:
            self._produce(key, value, partition)
        self._finish()

    def begin(self, pairs: Iterable[Pair], *, rate: float) -> None:
        """Go on writing `rate` records a second until `end`."""
        self._over.clear()
        self._thread = threading.Thread(target=self._run, args=(pairs, rate), daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Write no more, and return when the broker has all of them."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        self._finish()

    def _run(self, pairs: Iterable[Pair], rate: float) -> None:
        began = time.monotonic()
        for number, (key, value) in enumerate(pairs):
            self._produce(key, value, None)
            self._producer.poll(0)
            if self._over.wait(max(0.0, began + number / rate - time.monotonic())):
                return

    def _produce(self, key: bytes | None, value: bytes, partition: int | None) -> None:
        chosen = {} if partition is None else {"partition": partition}
        self._producer.produce(self._topic, value=value, key=key, on_delivery=self._delivered, **chosen)

    def _delivered(self, error: object, _message: object) -> None:
        if error is not None:
            self._failures.append(str(error))
        else:
            self.acknowledged += 1

    def _finish(self) -> None:
        left = self._producer.flush(SENT_S)
        assert left == 0 and not self._failures, f"{left} were not sent, {self._failures[:3]}"
