"""A subscriber in a process of its own: reads committed transitions, and notes when each one came.

Run: python -m bench.kafka.subscriber BROKER TOPIC. It says "ready" once it reads from the end of the topic,
goes on until its input is closed, and writes what it heard.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from confluent_kafka import Consumer, TopicPartition

from bench.kafka.cluster import PARTITIONS, Cluster, pinned
from streams import topics
from tests.kafka.conftest import Fresh

ASK_S: Final = 30.0
WAIT_S: Final = 0.1
TAKEN: Final = 500
_LAST_S: Final = 120.0


class Trigger(msgspec.Struct):
    """What made a rule fire."""

    message_id: str | None = None


class Because(msgspec.Struct):
    """Why a stage changed."""

    trigger: Trigger


class Transition(msgspec.Struct):
    """What a subscriber of this kind needs of a transition."""

    because: Because


class Heard(msgspec.Struct, frozen=True, array_like=True):
    """The touchpoint behind a transition, and when that was read, in microseconds."""

    message_id: str
    at_us: int


def listen(broker: str, topic: str, over: threading.Event) -> list[Heard]:
    """Read transitions from now on until told to stop."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": "never-committed",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    for place in places:
        place.offset = consumer.get_watermark_offsets(place, timeout=ASK_S)[1]
    consumer.assign(places)
    print("ready", flush=True)
    decode, found = msgspec.json.Decoder(Transition).decode, list[Heard]()
    while not over.is_set():
        first = consumer.poll(WAIT_S)
        for message in [first, *consumer.consume(TAKEN, 0)] if first is not None else ():
            value = message.value()
            if message.error() is None and value is not None:
                trigger = decode(value).because.trigger.message_id
                if trigger is not None:
                    found.append(Heard(trigger, time.time_ns() // 1_000))
    consumer.close()
    return found


class Subscriber:
    """One that listens."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def end(self) -> list[Heard]:
        """Tell it to stop, and return what it heard."""
        said, _ = self._process.communicate(b"", timeout=_LAST_S)
        return msgspec.json.decode(said, type=list[Heard])


@contextmanager
def subscriber(at: Cluster, names: Fresh) -> Iterator[Subscriber]:
    """Begin to listen, beside the broker on its core."""
    topic = names.topic(topics.TRANSITIONS.name)
    command = [sys.executable, "-m", "bench.kafka.subscriber", at.broker.bootstrap, topic]
    with pinned(at.cores.broker):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError("nobody listens; see above")
        yield Subscriber(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdin.close()
        process.stdout.close()


def _main(broker: str, topic: str) -> None:
    over = threading.Event()

    def until_closed() -> None:
        sys.stdin.buffer.read()
        over.set()

    threading.Thread(target=until_closed, daemon=True).start()
    sys.stdout.buffer.write(msgspec.json.encode(listen(broker, topic, over)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
