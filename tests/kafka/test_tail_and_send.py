"""`rapport send` and `rapport tail` on a real Kafka."""

import json
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from aiokafka.partitioner import murmur2
from confluent_kafka import Producer

from schemas import outputs
from streams import topics
from tests.kafka.broker import Broker
from tests.kafka.commands import COMMAND, environment, rapport
from tests.kafka.conftest import Fresh
from tests.kafka.reading import read_topics

EXAMPLES = Path(outputs.__file__).parent / "examples"
SAMPLES = Path(__file__).parents[1] / "data" / "replay"
PARTITIONS = 3


@pytest.fixture
def variables(broker: Broker, fresh: Fresh) -> dict[str, str]:
    """Topics of the test's own, and the settings that name them."""
    broker.create_public_topics(fresh.app, partitions=PARTITIONS, prefix=fresh.prefix)
    return environment(broker, fresh)


def touchpoint(number: int, customer: str = "ada", **changes: object) -> str:
    fields = {"message_id": f"m{number}", "customer_id": customer, "event": "Page Viewed"}
    return json.dumps(fields | {"timestamp": "2026-01-01T00:00:00Z"} | changes)


def write(broker: Broker, topic: str, records: Iterable[tuple[bytes, dict[str, str]]]) -> None:
    """Write values and headers to partition 0."""
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    for value, headers in records:
        encoded = [(name, text.encode()) for name, text in headers.items()]
        producer.produce(topic, value, key=b"ada", partition=0, headers=encoded)
    assert producer.flush(30) == 0


def letter_headers(reason: str, source: str = "t", message: str = "why") -> dict[str, str]:
    headers = {"error.reason": reason, "error.message": message, "source.topic": source}
    return headers | {"source.partition": "1", "source.offset": "7"}


# send


def test_each_customer_is_in_the_partition_that_kafka_chooses(
    broker: Broker, fresh: Fresh, variables: dict[str, str], tmp_path: Path
) -> None:
    """Key and partition are those of Java clients; the bytes are the sender's."""
    file, customers = tmp_path / "a.jsonl", [f"cus{number}é" for number in range(20)]
    lines = [touchpoint(number, customer) for number, customer in enumerate(customers)]
    file.write_text("\n".join(lines), encoding="utf-8")

    sent = rapport(variables, "send", file)

    assert (sent.returncode, sent.stdout) == (0, "20 touchpoints sent\n"), sent.stderr
    topic = fresh.topic(topics.TOUCHPOINTS.name)
    found = read_topics(broker.bootstrap, topic)[topic]
    assert sorted(read.value for read in found) == sorted(line.encode() for line in lines)
    assert {read.key for read in found} == {customer.encode() for customer in customers}
    assert all(read.partition == (murmur2(read.key) & 0x7FFFFFFF) % PARTITIONS for read in found)


def test_what_is_not_understood_is_counted_and_the_rest_is_sent(
    broker: Broker, fresh: Fresh, variables: dict[str, str], tmp_path: Path
) -> None:
    """Segment's shape among Rapport's own; an internal kind is nobody's to send. The exit code tells."""
    file = tmp_path / "mixed.jsonl"
    segment = {"type": "track", "event": "Order Completed", "userId": "bob", "messageId": "s1"}
    lines = (
        touchpoint(1),
        json.dumps(segment | {"timestamp": "2026-01-01T00:00:00Z"}),
        "no json",
        touchpoint(2, kind="tick"),
        touchpoint(3, subject="business"),
    )
    file.write_text("\n".join(lines), encoding="utf-8")

    sent = rapport(variables, "send", file)

    assert sent.returncode == 1
    assert "3 touchpoints sent" in sent.stdout
    assert "2 rows were not understood" in sent.stdout
    assert "line 3: not_json" in sent.stdout
    assert "line 4: internal_kind" in sent.stdout
    topic = fresh.topic(topics.TOUCHPOINTS.name)
    keys = {read.key for read in read_topics(broker.bootstrap, topic)[topic]}
    assert keys == {b"ada", b"bob", b"business"}


def test_a_mapped_file_is_sent_as_it_is_replayed(
    broker: Broker, fresh: Fresh, variables: dict[str, str]
) -> None:
    """Thirty rows of a table become thirty touchpoints."""
    sent = rapport(variables, "send", SAMPLES / "cdnow_first_30.txt", "--mapping", SAMPLES / "cdnow.yaml")

    assert (sent.returncode, sent.stdout) == (0, "30 touchpoints sent\n"), sent.stderr
    topic = fresh.topic(topics.TOUCHPOINTS.name)
    assert len(read_topics(broker.bootstrap, topic)[topic]) == 30


def test_sending_makes_no_topic(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """A missing one is named, with the command that makes it."""
    file = tmp_path / "a.jsonl"
    file.write_text(touchpoint(1), encoding="utf-8")

    sent = rapport(environment(broker, fresh), "send", file)

    assert sent.returncode == 1
    assert f"there is no topic {fresh.topic(topics.TOUCHPOINTS.name)}" in sent.stderr
    assert fresh.topic(topics.TOUCHPOINTS.name) not in broker.admin().list_topics(timeout=10).topics


# tail

TOLD = {
    "transitions": (topics.TRANSITIONS, "stage_changed.json"),
    "alerts": (topics.ALERTS, "alert_raised.json"),
    "scores": (topics.SCORES, "score_updated.json"),
}


@pytest.mark.parametrize("what", TOLD)
def test_what_is_told_is_shown_and_given_as_json(
    broker: Broker, fresh: Fresh, variables: dict[str, str], what: str
) -> None:
    """From the beginning, so many, one line each; in JSON nothing is left out."""
    topic, example = TOLD[what]
    value = (EXAMPLES / example).read_bytes()
    write(broker, fresh.topic(topic.name), [(value, {}), (value, {})])

    shown = rapport(variables, "tail", what, "--from-beginning", "--count", 2)
    given = rapport(variables, "tail", what, "--from-beginning", "--count", 1, "--json")

    assert (shown.returncode, given.returncode) == (0, 0), shown.stderr + given.stderr
    first, second = shown.stdout.splitlines()
    assert first == second
    assert msgspec.json.decode(value)["customer_id"] in first
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  ", first)
    (line,) = given.stdout.splitlines()
    assert json.loads(line) == json.loads(value)


def test_bad_data_is_shown_as_text(broker: Broker, fresh: Fresh, variables: dict[str, str]) -> None:
    """Dead letters and late touchpoints with their reason; nothing that they hold moves the cursor."""
    value = b'\x1b[2J{"customer_id": "ada"}'
    write(broker, fresh.topic(topics.DEAD_LETTERS.name), [(value, letter_headers("not_json"))])
    late = {"late_by_ms": "7200000", **letter_headers("late")}
    write(broker, fresh.topic(topics.LATE.name), [(value, late)])

    letter = rapport(variables, "tail", "dead-letters", "--from-beginning", "--count", 1)
    given = rapport(variables, "tail", "dead-letters", "--from-beginning", "--count", 1, "--json")
    shown = rapport(variables, "tail", "late", "--from-beginning", "--count", 1)

    assert "not_json  why  t 1/7  \\x1b[2J" in letter.stdout
    assert "ada  2 hours late" in shown.stdout
    assert "\x1b" not in letter.stdout + shown.stdout
    decoded = json.loads(given.stdout)
    assert (decoded["reason"], decoded["source_offset"]) == ("not_json", 7)


def test_a_record_of_somebody_else_is_shown_and_does_not_end_it(
    broker: Broker, fresh: Fresh, variables: dict[str, str]
) -> None:
    """Where it stands is said, and the next one is shown."""
    value = (EXAMPLES / "stage_changed.json").read_bytes()
    write(broker, fresh.topic(topics.TRANSITIONS.name), [(b"hello", {}), (value, {})])
    write(broker, fresh.topic(topics.DEAD_LETTERS.name), [(b"hello", {})])

    shown = rapport(variables, "tail", "transitions", "--from-beginning", "--count", 2)
    given = rapport(variables, "tail", "dead-letters", "--from-beginning", "--count", 1, "--json")

    first, second = shown.stdout.splitlines()
    assert "partition 0, offset 0 is none of Rapport's" in first
    assert "→" in second
    assert "no header" in json.loads(given.stdout)["not_understood"]


def test_it_follows_from_now_on_until_it_is_interrupted(
    broker: Broker, fresh: Fresh, variables: dict[str, str]
) -> None:
    """What was told before is not shown; Ctrl-C ends it without a complaint."""
    topic, value = fresh.topic(topics.TRANSITIONS.name), (EXAMPLES / "stage_changed.json").read_bytes()
    write(broker, topic, [(b"before", {})])

    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, "tail", "transitions", "--json"],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            lines: list[bytes] = []
            while not lines:  # it has found its place at some time
                write(broker, topic, [(value, {})])
                if select.select([process.stdout], [], [], 0.3)[0]:
                    lines.append(process.stdout.readline())
            process.send_signal(signal.SIGINT)
            code, complaint = process.wait(30), process.stderr.read()
        finally:
            process.kill()

    assert (code, complaint) == (0, b"")
    assert json.loads(lines[0]) == json.loads(value)


def test_a_topic_that_is_not_there_is_named(broker: Broker, fresh: Fresh) -> None:
    """And is not made by asking for it."""
    shown = rapport(environment(broker, fresh), "tail", "alerts", "--count", 1)

    assert shown.returncode == 1
    assert f"there is no topic {fresh.topic(topics.ALERTS.name)}" in shown.stderr
