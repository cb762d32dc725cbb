"""The people of the Compose file, on a real Kafka: what they do is read by the workers as any touchpoint."""

import importlib.util
import json
import os
import subprocess
import sys
import time
from datetime import datetime
from itertools import islice, pairwise
from pathlib import Path
from types import ModuleType

import pytest
from confluent_kafka import Consumer, TopicPartition

from schemas.instants import milliseconds
from streams import topics
from streams.ingest.canonical import read_item
from streams.ingest.item import Accepted
from streams.runtime.kafka.rekeying import partition_of
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.reading import read_topics

SCRIPT = Path(__file__).parents[2] / "deploy/docker/demo_producer.py"
NOON_MS = 1_790_856_000_000
PARTITIONS = 3
DEADLINE_S = 60.0


@pytest.fixture(scope="module")
def script() -> ModuleType:
    found = importlib.util.spec_from_file_location("demo_producer", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_a_day_is_the_same_whenever_it_is_begun(script: ModuleType) -> None:
    """A restart sends the same again, which is dropped by its ids; another day is another life."""
    at_noon, later, tomorrow = (
        list(islice(script.day_of(now_ms, customers=500), 50))
        for now_ms in (NOON_MS, NOON_MS + 3_600_000, NOON_MS + 86_400_000)
    )

    assert at_noon == later
    assert {each.value for each in at_noon}.isdisjoint(each.value for each in tomorrow)
    assert at_noon[0].at_ms >= NOON_MS - 43_200_000
    assert all(earlier.at_ms <= after.at_ms for earlier, after in pairwise(at_noon))


def test_what_people_do_is_what_the_collector_would_take(script: ModuleType) -> None:
    """Keyed by its subject, and dated when it is sent."""
    for each in islice(script.day_of(NOON_MS, customers=500), 200):
        item = read_item(each.value)

        assert isinstance(item, Accepted)
        assert each.key == item.subject.encode()
        assert milliseconds(item.touchpoint.timestamp) <= each.at_ms + script.BEHIND_MS


def test_people_come_to_the_topic_of_the_touchpoints(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """In the partition of their key, and nothing is from the future."""
    name = fresh.topic(topics.TOUCHPOINTS.name)
    broker.create_public_topics(fresh.app, partitions=PARTITIONS, prefix=fresh.prefix)
    environment = {**os.environ, "RAPPORT_BROKER": broker.bootstrap, "RAPPORT_TOPIC_PREFIX": fresh.prefix}
    watcher = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "nobody"})
    watcher.assign([TopicPartition(name, number, 0) for number in range(PARTITIONS)])

    process = subprocess.Popen([sys.executable, str(SCRIPT), "20000"], env=environment, cwd=tmp_path)
    try:
        deadline = time.monotonic() + DEADLINE_S
        while (message := watcher.poll(1.0)) is None or message.error() is not None:
            assert process.poll() is None
            assert time.monotonic() < deadline
    finally:
        process.kill()
        process.wait(DEADLINE_S)
        watcher.close()

    found = read_topics(broker.bootstrap, name)[name]
    assert found
    for each in found:
        fields = json.loads(each.value)
        assert each.key == fields["customer_id"].encode()
        assert each.partition == partition_of(each.key, PARTITIONS)
        assert datetime.fromisoformat(fields["timestamp"]).timestamp() * 1_000 <= each.timestamp_ms
