"""Topics that are compressed, by their producers or by the broker: every command reads each codec.

That a worker does is in test_worker.py, where each partition has a codec of its own.
"""

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer

from streams import topics
from tests.kafka.broker import Broker
from tests.kafka.commands import environment, rapport
from tests.kafka.conftest import Fresh

HEADERS = [
    ("error.reason", b"invalid"),
    ("error.message", b"why"),
    ("source.topic", b"t"),
    ("source.partition", b"0"),
    ("source.offset", b"7"),
]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_commands_read_what_is_compressed(broker: Broker, fresh: Fresh, tmp_path: Path, codec: str) -> None:
    """`doctor` reads the end of what the broker compressed, `tail` what a producer did."""
    variables, file = environment(broker, fresh), tmp_path / "a.jsonl"
    broker.create_topics(
        fresh.topic(topics.TOUCHPOINTS.name),
        partitions=3,
        config={"compression.type": codec, "message.timestamp.type": "LogAppendTime"},
    )
    rapport(variables, "topics", "apply")
    point = {"customer_id": "ada", "event": "Page Viewed", "timestamp": "2026-01-01T00:00:00Z"}
    lines = [json.dumps(point | {"message_id": f"m{number}"}) for number in range(50)]
    file.write_text("\n".join(lines), encoding="utf-8")
    producer = Producer({"bootstrap.servers": broker.bootstrap, "compression.type": codec})
    producer.produce(fresh.topic(topics.DEAD_LETTERS.name), b"x" * 5_000, headers=HEADERS)
    assert producer.flush(30) == 0

    sent = rapport(variables, "send", file)
    examined = rapport(variables, "doctor")
    told = rapport(variables, "tail", "dead-letters", "--from-beginning", "--json", "--count", 1)

    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert "clock: not behind the broker's" in examined.stdout, examined.stdout + examined.stderr
    assert told.returncode == 0, told.stdout + told.stderr
    assert json.loads(told.stdout)["source_offset"] == 7
