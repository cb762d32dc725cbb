"""An open-loop load in a process of its own: touchpoints of this moment, at a rate that waits for nobody.

Each message id holds the instant at which its touchpoint was due, not the one at which it went out: what a
stall holds back counts as late from when it should have been sent. Every so many touchpoints are the first of
a new customer, and so change a stage at once.

Run: python -m bench.kafka.generator BROKER TOPIC RATE SECONDS EVERY CUSTOMERS
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import msgspec
from confluent_kafka import Producer

from bench.kafka.cluster import Cluster, pinned, source
from schemas.instants import instant
from tests.kafka.conftest import Fresh

TURN_S: Final = 0.001
END_S: Final = 120.0
LINGER_MS: Final = 5
NEW: Final = "new"
BEHIND: Final = 5  # the broker, on the same core, comes first


class Sent(msgspec.Struct):
    """What was sent: touchpoints, first ones of new customers, and how late the latest went out."""

    touchpoints: int
    newcomers: int
    late_ms: float


class Identity(NamedTuple):
    """What a message id of this load says: when it was due, and whether its customer is new."""

    due_us: int
    is_new: bool


def message_id(due_us: int, number: int, *, is_new: bool) -> str:
    """Return the message id of a touchpoint."""
    return f"{due_us}-{number}-{NEW if is_new else 'old'}"


def identity(message: str) -> Identity | None:
    """Read a message id; None if it is not of this load."""
    due, _, rest = message.partition("-")
    return Identity(int(due), rest.endswith(NEW)) if due.isdigit() and rest else None


def body(message: str, customer: str, due_us: int) -> bytes:
    """Return a touchpoint of about 300 bytes."""
    at = f"{instant(due_us // 1_000):%Y-%m-%dT%H:%M:%S.%f}"
    return (
        f'{{"message_id":"{message}","customer_id":"{customer}","event":"Page Viewed","timestamp":"{at}Z",'
        '"channel":"web","source":"bench","session_id":"a session as long as they are","properties":{"path":'
        '"/products/a-page-with-an-address-of-some-length","title":"A page"},"traits":{"plan":"visitor"}}'
    ).encode()


def send(broker: str, topic: str, *, rate: float, seconds: float, every: int, customers: int) -> Sent:
    """Send for so many seconds; one of `every` touchpoints is of a new customer, the others of so many."""
    writer = Producer(
        {
            "bootstrap.servers": broker,
            "partitioner": "murmur2",
            "acks": "all",  # not idempotent: with a slow broker librdkafka's thread then turns in circles
            "linger.ms": LINGER_MS,
            "queue.buffering.max.messages": 2_000_000,
            "log_level": 0,
        }
    )
    chance, began_us, total = random.Random(), time.time_ns() // 1_000, int(rate * seconds)
    sent = Sent(0, 0, 0.0)
    while sent.touchpoints < total:
        now_us = time.time_ns() // 1_000
        while sent.touchpoints < total:
            number = sent.touchpoints
            due_us = began_us + int(number * 1e6 / rate)
            if due_us > now_us:
                break
            is_new = number % every == 0
            customer = f"{began_us}-{number}" if is_new else f"c{int(chance.random() * customers)}"
            value = body(message_id(due_us, number, is_new=is_new), customer, due_us)
            writer.produce(topic, value=value, key=customer.encode())
            sent.touchpoints += 1
            sent.newcomers += is_new
            sent.late_ms = max(sent.late_ms, (now_us - due_us) / 1_000)
        writer.poll(0)
        time.sleep(TURN_S)
    if writer.flush(END_S):
        raise SystemExit("not everything could be sent")
    return sent


class Load:
    """A load under way."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def end(self) -> Sent:
        """Wait until all is sent, and say what that was."""
        said, _ = self._process.communicate(timeout=600)
        if self._process.returncode:
            raise RuntimeError("the load could not be sent; see above")
        return msgspec.json.decode(said, type=Sent)


@contextmanager
def load(
    at: Cluster, names: Fresh, *, rate: float, seconds: float, every: int = 20, customers: int = 10_000
) -> Iterator[Load]:
    """Begin to send, beside the broker on its core."""
    arguments = [at.broker.bootstrap, source(names), rate, seconds, every, customers]
    command = [sys.executable, "-m", "bench.kafka.generator", *map(str, arguments)]
    with pinned(at.cores.broker):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        yield Load(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


if __name__ == "__main__":
    os.nice(BEHIND)
    where, into, *numbers = sys.argv[1:]
    found = send(
        where,
        into,
        rate=float(numbers[0]),
        seconds=float(numbers[1]),
        every=int(numbers[2]),
        customers=int(numbers[3]),
    )
    sys.stdout.buffer.write(msgspec.json.encode(found))
