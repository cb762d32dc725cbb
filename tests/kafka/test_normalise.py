"""Other people's topics on a real Kafka: each of their touchpoints is counted once, whatever is killed."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from streams import topics
from streams.model.load import load_model
from streams.runtime.kafka.changelog import Assembly
from streams.runtime.kafka.rekeying import partition_of
from streams.runtime.processor import Processor
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.evidence import Read
from tests.kafka.reading import read_topics

PARTITIONS = 4
OWN_SHAPE, SEGMENT = ("shop", 3), ("web", 5)  # topics, and their partitions
RECORDS = 15_000  # of each
CUSTOMERS = 200
DEADLINE_S = 240.0  # the first worker may have to compile the engine
COMMAND = "from streams.cli.main import main; main()"
BROKEN = b'{"half": '


class Sent(NamedTuple):
    """What was written: by source partition the ids in order (None: to be given), and what is broken."""

    ids: dict[tuple[str, int], dict[int, str | None]]  # by offset
    broken: set[tuple[str, int, int]]  # topic, partition, offset


def send(broker: Broker, fresh: Fresh) -> Sent:
    """Write touchpoints to both topics, without a key, every hundredth without an id and some unreadable."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "enable.idempotence": True})
    chosen, began = random.Random(7), datetime.now(UTC) - timedelta(minutes=30)
    sent = Sent({}, set())
    for number in range(RECORDS):
        when = (began + timedelta(milliseconds=50 * number)).isoformat()
        customer = f"c{chosen.randrange(CUSTOMERS)}"
        own = {"customer_id": customer, "event": "Page Viewed", "timestamp": when}
        call = {"type": "page", "userId": customer, "timestamp": when}
        for (name, partitions), fields, key in ((OWN_SHAPE, own, "message_id"), (SEGMENT, call, "messageId")):
            topic, (offset, partition) = fresh.topic(name), divmod(number, partitions)
            identity = f"{name}-{number}" if number % 100 else None
            value = json.dumps(fields | ({key: identity} if identity else {})).encode()
            if number % 1_000 == 500:
                value = BROKEN
                sent.broken.add((topic, partition, offset))
            else:
                sent.ids.setdefault((topic, partition), {})[offset] = identity
            producer.produce(topic, value=value, partition=partition)
        producer.poll(0)
    assert producer.flush(DEADLINE_S) == 0
    return sent


@contextmanager
def worker(broker: Broker, fresh: Fresh, log: Path, *foreign: str) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a worker that reads other people's topics too; end it if the test did not."""
    environment = {
        **os.environ,
        "RAPPORT_BROKER": broker.bootstrap,
        "RAPPORT_APP": fresh.app,
        "RAPPORT_TOPIC_PREFIX": fresh.prefix,
        "RAPPORT_NORMALISE": ",".join(foreign),
        "RAPPORT_METRICS_PORT": "0",
        "RAPPORT_SESSION_TIMEOUT_MS": "6000",
        "RAPPORT_CHUNK_RECORDS": "100",
        "RAPPORT_READ_AHEAD_BYTES": "65536",
        "RAPPORT_FLUSH_INTERVAL_MS": "50",
    }
    command = [sys.executable, "-c", COMMAND, "worker"]
    with log.open("ab") as written:
        process = subprocess.Popen(command, env=environment, cwd=log.parent, stdout=written, stderr=written)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(DEADLINE_S)


def foreign_places(fresh: Fresh) -> list[TopicPartition]:
    return [
        TopicPartition(fresh.topic(name), number)
        for name, count in (OWN_SHAPE, SEGMENT)
        for number in range(count)
    ]


def own_places(fresh: Fresh) -> list[TopicPartition]:
    return [TopicPartition(fresh.topic(topics.TOUCHPOINTS.name), number) for number in range(PARTITIONS)]


def committed(consumer: Consumer, tps: list[TopicPartition]) -> list[int]:
    """Return what the group has committed."""
    return [max(0, each.offset) for each in settled(lambda: consumer.committed(tps, timeout=30))]


def ends(consumer: Consumer, tps: list[TopicPartition]) -> list[int]:
    """Return where partitions end."""
    return settled(lambda: [consumer.get_watermark_offsets(tp, timeout=30)[1] for tp in tps])


def settled(ask: Callable[[], list[Any]]) -> list[Any]:
    """Ask again while the broker still makes the topic, or that of the offsets."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            return ask()
        except KafkaException as error:
            passing = {KafkaError.NOT_COORDINATOR, KafkaError.NOT_LEADER_FOR_PARTITION}
            if error.args[0].code() not in passing or time.monotonic() > deadline:
                raise


@contextmanager
def group(broker: Broker, fresh: Fresh) -> Iterator[Consumer]:
    """Give a client that sees what the group has committed, and joins nothing."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": fresh.app})
    try:
        yield consumer
    finally:
        consumer.close()


class Patience:
    """Ends a wait when the worker has ended, or after a while, and says what the worker has logged."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process, self._log = process, log
        self._deadline = time.monotonic() + DEADLINE_S

    def check(self) -> None:
        """Fail when there is nothing more to wait for."""
        assert self._process.poll() is None, self._log.read_text()[-3_000:]
        assert time.monotonic() < self._deadline, self._log.read_text()[-3_000:]


def processed(broker: Broker, fresh: Fresh) -> Counter[str]:
    """Return what became of all records of the touchpoints, as the changelogs have it."""
    changelog = f"{fresh.app}-customers-changelog"
    found = read_topics(broker.bootstrap, changelog)[changelog]
    totals: Counter[str] = Counter()
    for partition in range(PARTITIONS):
        assembly = Assembly(changelog)
        assembly.add((each.key or b"", each.value or None) for each in found if each.partition == partition)
        processor = Processor(load_model("starter"), source=fresh.topic(topics.TOUCHPOINTS.name))
        processor.restore(assembly.state().bodies)
        totals.update(processor.totals)
    return totals


def touchpoints(broker: Broker, fresh: Fresh) -> list[tuple[Read, str]]:
    """Return the touchpoints in the log, without ticks, in their order, with their message ids."""
    name = fresh.topic(topics.TOUCHPOINTS.name)
    found = [(each, json.loads(each.value)) for each in read_topics(broker.bootstrap, name)[name]]
    return [(each, fields["message_id"]) for each, fields in found if "message_id" in fields]


def test_each_touchpoint_of_other_peoples_topics_is_counted_once(
    broker: Broker, fresh: Fresh, tmp_path: Path
) -> None:
    """Two shapes, three and five partitions, killed in the middle: what is written twice counts once."""
    log, foreign = tmp_path / "worker.log", [fresh.topic(name) for name, _ in (OWN_SHAPE, SEGMENT)]
    theirs, ours = foreign_places(fresh), own_places(fresh)
    broker.create_public_topics(fresh.app, partitions=PARTITIONS, prefix=fresh.prefix)
    for name, partitions in (OWN_SHAPE, SEGMENT):
        broker.create_topics(fresh.topic(name), partitions=partitions)
    sent = send(broker, fresh)

    with group(broker, fresh) as consumer:
        with worker(broker, fresh, log, *foreign) as process:
            patience = Patience(process, log)
            while not 0 < sum(committed(consumer, theirs)) < sum(ends(consumer, ours)) - 500:
                patience.check()
            process.kill()
            process.wait(DEADLINE_S)
        pending = sum(ends(consumer, theirs)) - sum(committed(consumer, theirs))
        with worker(broker, fresh, log, *foreign) as process:
            patience = Patience(process, log)
            while committed(consumer, theirs + ours) != ends(consumer, theirs + ours):
                patience.check()
            process.terminate()
            code = process.wait(DEADLINE_S)

    assert (code, pending > 0) == (0, True), log.read_text()[-3_000:]
    written = touchpoints(broker, fresh)
    wanted = {
        (topic, partition): [given or f"{topic}/{partition}/{offset}" for offset, given in ids.items()]
        for (topic, partition), ids in sent.ids.items()
    }
    distinct = {identity for _, identity in written}
    assert distinct == {identity for ids in wanted.values() for identity in ids}
    assert len(written) > len(distinct), "nothing was written twice, so the kill proved nothing"
    assert all(each.partition == partition_of(each.key or b"", PARTITIONS) for each, _ in written)
    totals = processed(broker, fresh)
    assert (totals["applied"], totals["duplicate"]) == (len(distinct), len(written) - len(distinct))
    assert totals["conflict"] == totals["late"] == totals["dead_letter"] == 0
    assert_in_order(written, wanted)
    assert_dead_letters(broker, fresh, sent)


def assert_in_order(written: list[tuple[Read, str]], wanted: dict[tuple[str, int], list[str]]) -> None:
    """What one partition held of a customer comes in its order: the first time that each was written."""
    first: dict[str, Read] = {}
    for each, identity in written:
        first.setdefault(identity, each)
    for ids in wanted.values():
        by_customer: dict[bytes | None, list[int]] = {}
        for identity in ids:
            by_customer.setdefault(first[identity].key, []).append(first[identity].offset)
        assert all(earlier < later for found in by_customer.values() for earlier, later in pairwise(found))


def assert_dead_letters(broker: Broker, fresh: Fresh, sent: Sent) -> None:
    """Each unreadable record is kept, with its place; again after a crash, as at least once promises."""
    name = fresh.topic(topics.DEAD_LETTERS.name)
    found = read_topics(broker.bootstrap, name)[name]
    assert {each.value for each in found} == {BROKEN}
    assert {each.headers["error.reason"] for each in found} == {b"not_json"}
    assert sent.broken == {
        (
            each.headers["source.topic"].decode(),
            int(each.headers["source.partition"]),
            int(each.headers["source.offset"]),
        )
        for each in found
    }


def test_after_a_tidy_end_nothing_is_read_again(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """The last commit comes after the last delivery: a restart writes nothing twice."""
    log, name = tmp_path / "worker.log", fresh.topic("shop")
    broker.create_public_topics(fresh.app, partitions=PARTITIONS, prefix=fresh.prefix)
    broker.create_topics(name, partitions=1)
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    codes = []

    for run in range(2):
        fields = {"message_id": f"m{run}", "customer_id": "c1", "event": "Page Viewed"}
        producer.produce(name, value=json.dumps(fields | {"timestamp": datetime.now(UTC).isoformat()}))
        assert producer.flush(DEADLINE_S) == 0
        with group(broker, fresh) as consumer, worker(broker, fresh, log, name) as process:
            patience = Patience(process, log)
            while committed(consumer, [TopicPartition(name, 0)]) != [run + 1]:
                patience.check()
            process.terminate()
            codes.append(process.wait(DEADLINE_S))

    assert codes == [0, 0], log.read_text()[-3_000:]
    assert sorted(identity for _, identity in touchpoints(broker, fresh)) == ["m0", "m1"]


@pytest.mark.parametrize(
    ("foreign", "said"),
    [
        ("nowhere", "there is no topic {}: make it, or take it out of `normalise`"),
        (topics.TOUCHPOINTS.name, "{} is Rapport's own topic: take it out of `normalise`"),
        (topics.DEAD_LETTERS.name, "{} is Rapport's own topic: take it out of `normalise`"),
    ],
)
def test_a_topic_that_cannot_be_read_stops_the_start(
    broker: Broker, fresh: Fresh, tmp_path: Path, foreign: str, said: str
) -> None:
    """One that is not there would be waited for in silence, and Rapport's own would go round in circles."""
    log = tmp_path / "worker.log"
    broker.create_public_topics(fresh.app, partitions=PARTITIONS, prefix=fresh.prefix)

    with worker(broker, fresh, log, fresh.topic(foreign)) as process:
        code = process.wait(DEADLINE_S)

    assert code != 0
    assert said.format(fresh.topic(foreign)) in " ".join(log.read_text().split())


def test_a_topic_that_was_made_anew_is_refused(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """The group has read further than it reaches: the message says so, and how to go on."""
    log, name = tmp_path / "worker.log", fresh.topic("shop")
    broker.create_public_topics(fresh.app, partitions=PARTITIONS, prefix=fresh.prefix)
    broker.create_topics(name, partitions=1)
    with group(broker, fresh) as consumer:
        consumer.commit(offsets=[TopicPartition(name, 0, 5)], asynchronous=False)

    with worker(broker, fresh, log, name) as process:
        code = process.wait(DEADLINE_S)

    assert code == 1
    text = log.read_text()
    assert "it ends at offset 0, and the group has read up to 5" in text
    assert "--reset-offsets --to-earliest" in text
