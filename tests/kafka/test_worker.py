"""A worker as a process on a real Kafka: it is killed, stopped and started again; topics alone decide."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from aiokafka.partitioner import murmur2
from confluent_kafka import Consumer, Producer, TopicPartition

from bench.population import million
from streams import topics
from streams.model.load import load_model
from streams.runtime.processor import Processor
from tests.kafka import checker, evidence, reading
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh

PARTITIONS = 4
TOUCHPOINTS = 40_000
DEADLINE_S = 120.0
COMMAND = "from streams.cli.main import main; main()"


class _Key(msgspec.Struct):
    customer_id: str


def send(broker: Broker, topic: str, *, seed: int) -> None:
    """Write a seeded population, each customer into the partition of its key, each with its own codec."""
    producers = [
        Producer(
            {"bootstrap.servers": broker.bootstrap, "enable.idempotence": True, "compression.type": codec}
        )
        for codec in ("gzip", "snappy", "lz4", "zstd")
    ]
    decode = msgspec.json.Decoder(_Key).decode
    for value in million(300, seed, touchpoints=TOUCHPOINTS):
        key = decode(value).customer_id.encode()
        partition = (murmur2(key) & 0x7FFFFFFF) % PARTITIONS
        producers[partition].produce(topic, key=key, value=value, partition=partition)
        producers[partition].poll(0)
    assert [producer.flush(DEADLINE_S) for producer in producers] == [0] * PARTITIONS


@contextmanager
def worker(broker: Broker, fresh: Fresh, log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a worker, in a directory of its own beside the log; end it if the test did not."""
    here = log.parent / "here"
    here.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "RAPPORT_BROKER": broker.bootstrap,
        "RAPPORT_APP": fresh.app,
        "RAPPORT_TOPIC_PREFIX": fresh.prefix,
        "RAPPORT_METRICS_PORT": "0",
        "RAPPORT_SESSION_TIMEOUT_MS": "6000",
        "RAPPORT_CHUNK_RECORDS": "200",
        "RAPPORT_READ_AHEAD_BYTES": "65536",
        "RAPPORT_FLUSH_INTERVAL_MS": "50",
    }
    with log.open("ab") as written:
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "worker"],
            cwd=here, env=environment, stdout=written, stderr=written,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(DEADLINE_S)


def positions(broker: Broker, fresh: Fresh) -> list[int]:
    """Return what the group has committed of each partition."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": fresh.app})
    tps = [TopicPartition(fresh.topic(topics.TOUCHPOINTS.name), p) for p in range(PARTITIONS)]
    try:
        return [max(0, each.offset) for each in consumer.committed(tps, timeout=30)]
    finally:
        consumer.close()


def ends(broker: Broker, fresh: Fresh, topic: topics.Topic = topics.TOUCHPOINTS) -> list[int]:
    """Return the end of each partition of a topic."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "nobody"})
    tps = [TopicPartition(fresh.topic(topic.name), p) for p in range(PARTITIONS)]
    try:
        return [consumer.get_watermark_offsets(tp, timeout=30)[1] for tp in tps]
    finally:
        consumer.close()


def wait_until_read(broker: Broker, fresh: Fresh, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the group has committed the end of every partition."""
    deadline = time.monotonic() + DEADLINE_S
    while positions(broker, fresh) != ends(broker, fresh):
        assert process.poll() is None, log.read_text()[-3_000:]
        assert time.monotonic() < deadline, log.read_text()[-3_000:]


def wait_for_progress(broker: Broker, fresh: Fresh, beyond: int) -> int:
    """Wait until more than `beyond` transitions are written, and return how many."""
    deadline = time.monotonic() + DEADLINE_S
    while (found := sum(ends(broker, fresh, topics.TRANSITIONS))) <= beyond:
        assert time.monotonic() < deadline
    return found


def findings(broker: Broker, fresh: Fresh) -> list[evidence.Finding]:
    """Return what the checker finds in the topics."""
    model, source = load_model("starter"), fresh.topic(topics.TOUCHPOINTS.name)
    return checker.check(
        reading.read_evidence(broker.bootstrap, fresh.prefix),
        model,
        new_processor=lambda: Processor(model, source=source),
        chunk=1_000,
    )


def end(process: "subprocess.Popen[bytes]") -> int:
    """Ask a worker to end, and return its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(DEADLINE_S)


def test_a_killed_worker_loses_nothing_and_repeats_nothing(
    broker: Broker, fresh: Fresh, tmp_path: Path
) -> None:
    """Killed twice with work pending: every output is there once, as in an undisturbed run of the log."""
    log = tmp_path / "worker.log"
    broker.create_public_topics(fresh.app, partitions=PARTITIONS, prefix=fresh.prefix)
    send(broker, fresh.topic(topics.TOUCHPOINTS.name), seed=3)
    read = 0

    for _ in range(2):
        with worker(broker, fresh, log) as process:
            read = wait_for_progress(broker, fresh, read)
            process.kill()
            process.wait(DEADLINE_S)
        assert positions(broker, fresh) != ends(broker, fresh), "all was done before the worker was killed"
    with worker(broker, fresh, log) as process:
        wait_until_read(broker, fresh, process, log)
        code = end(process)

    assert code == 0, log.read_text()[-3_000:]
    found = findings(broker, fresh)
    assert found == [], evidence.told(found)


def test_a_stopped_worker_has_flushed_and_its_successor_reads_nothing_again(
    broker: Broker, fresh: Fresh, tmp_path: Path
) -> None:
    """SIGTERM under load ends with 0; what comes after it goes on where it was, and no file is left."""
    log = tmp_path / "worker.log"
    broker.create_public_topics(fresh.app, partitions=PARTITIONS, prefix=fresh.prefix)
    send(broker, fresh.topic(topics.TOUCHPOINTS.name), seed=4)

    with worker(broker, fresh, log) as process:
        wait_for_progress(broker, fresh, 0)
        began = time.monotonic()
        code = end(process)
        took = time.monotonic() - began
    with worker(broker, fresh, log) as process:
        wait_until_read(broker, fresh, process, log)
        assert end(process) == 0

    assert code == 0, log.read_text()[-3_000:]
    assert took < 10.0
    assert list((tmp_path / "here").iterdir()) == []
    found = findings(broker, fresh)
    assert found == [], evidence.told(found)
