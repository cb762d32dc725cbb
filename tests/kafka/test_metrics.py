"""The metrics of a fleet, added up over its workers, while partitions move between them."""

import re
import time
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec
from confluent_kafka import Producer

from schemas.instants import instant
from streams import topics
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.fleet import LOOK_S, Fleet, Member

PARTITIONS: Final = 4
CUSTOMERS: Final = 150
MOVED_S: Final = 60.0
_PARTITION: Final = re.compile(r'partition="(\d+)"')


def send(broker: Broker, fresh: Fresh) -> None:
    """Let each customer do one thing, now."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "partitioner": "murmur2_random"})
    now = instant(time.time_ns() // 1_000_000)
    for number in range(CUSTOMERS):
        touchpoint = {
            "message_id": f"m{number}", "customer_id": f"c{number}", "event": "visit", "timestamp": now,
        }  # fmt: skip
        producer.produce(
            fresh.topic(topics.TOUCHPOINTS.name), key=f"c{number}", value=msgspec.json.encode(touchpoint)
        )
    assert producer.flush(60) == 0


def customers(members: list[Member]) -> dict[str, float]:
    """Return the customers by partition, as one scrape of each worker adds up.

    Raises:
        AssertionError: a partition is counted by two of them.
    """
    shown = [
        (label, count) for each in members for label, count in each.metrics("engagement_customers").items()
    ]
    times = Counter(label for label, _ in shown)
    assert all(count == 1 for count in times.values()), times
    return dict(shown)


def wait_until_right(fleet: Fleet) -> None:
    """Look again and again until everybody is counted; at no look anybody may be counted twice."""
    deadline = time.monotonic() + MOVED_S
    while True:
        shown = customers(fleet.alive)
        assert sum(shown.values()) <= CUSTOMERS
        if sum(shown.values()) == CUSTOMERS and len(shown) == PARTITIONS:
            return
        assert time.monotonic() < deadline, shown
        time.sleep(LOOK_S / 4)


def test_the_sum_over_workers_is_right_again_when_partitions_have_moved(
    broker: Broker, fresh: Fresh, tmp_path: Path
) -> None:
    """A worker joins, another one is killed: each customer is counted once or, meanwhile, not at all."""
    with Fleet(broker, fresh, tmp_path, partitions=PARTITIONS) as fleet:
        fleet.start(2)
        fleet.wait_until_ready()
        send(broker, fresh)
        wait_until_right(fleet)

        fleet.start()
        wait_until_right(fleet)
        fleet.wait_until_ready()
        wait_until_right(fleet)
        fleet.members[0].kill()
        wait_until_right(fleet)
        fleet.wait_until_ready()
        wait_until_right(fleet)

        for member in fleet.alive:
            assert member.metrics("engagement_partitions") == {"": PARTITIONS}
            assert member.metrics("engagement_ready") == {"": 1}
        phases = [
            _PARTITION.findall(label)
            for member in fleet.alive
            for label, on in member.metrics("engagement_partition_phase").items()
            if on and "running" in label
        ]
        assert sorted(phases) == [[str(number)] for number in range(PARTITIONS)]
