"""`rapport doctor`: each thing that is wrong is found, with what to do. First without a broker."""

import json
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from streams import topics
from streams.runtime.kafka.examination import Group, Newest, Seen, Span, examine
from streams.runtime.kafka.findings import Finding, Weight
from streams.runtime.kafka.permissions import Allowed
from streams.runtime.kafka.provisioning import Existing, compare, wanted_topics
from streams.runtime.kafka.release import release
from streams.settings import Settings, load
from tests.kafka.broker import Broker
from tests.kafka.commands import environment, rapport
from tests.kafka.conftest import Fresh

NOW_MS = 1_000_000
EVERYTHING = -1 & 0xFFF


def settings() -> Settings:
    return load({}, file=Path("nowhere.toml"), options={"broker": "b:1", "partitions": 2})


def healthy(**changes: object) -> Seen:
    """Return a fleet with nothing wrong, but for the changes."""
    wanted = wanted_topics(settings(), brokers=1)
    seen = Seen(
        brokers=["b:1"],
        plan=compare(wanted, {each.name: Existing(2, 1, each.config) for each in wanted}),
        leaderless={},
        group=Group(2, {0: 10, 1: 5}),
        touchpoints={0: Span(0, 10), 1: Span(5, 5)},
        changelog={0: Span(0, 7), 1: Span(0, 0)},
        newest=Newest(NOW_MS - 500, by_broker=True),
        now_ms=NOW_MS,
        allowed=Allowed({}, EVERYTHING, transactions=True),
        features={"metadata.version": 27, "transaction.version": 2},
    )
    return seen._replace(**changes)


def worse(seen: Seen) -> list[Finding]:
    return [each for each in examine(seen, settings()) if each.weight is not Weight.OK]


def test_of_a_healthy_fleet_everything_is_ok() -> None:
    """And each thing that was looked at is said."""
    found = [each.what for each in examine(healthy(), settings())]

    assert worse(healthy()) == []
    assert len(found) == 8
    assert "all 8 topics are there, with 2 partitions each, and take batches of 900,000 bytes" in found
    assert "lag: none, all touchpoints are processed" in found


def test_topics_that_are_missing_or_differ_are_errors() -> None:
    """With the command that mends them; no topic then passes for being there."""
    wanted = wanted_topics(settings(), brokers=1)
    there = {each.name: Existing(2, 1, each.config) for each in wanted[1:]}
    there[wanted[1].name] = Existing(3, 1, wanted[1].config)

    found = worse(healthy(plan=compare(wanted, there), touchpoints={}))

    assert {each.weight for each in found} == {Weight.ERROR}
    assert (topics.TOUCHPOINTS.name in found[0].what, found[0].way_out) == (True, "rapport topics apply")
    assert all("number of partitions" in each.what for each in found[1:])


@pytest.mark.parametrize(
    ("changes", "weight", "words"),
    [
        ({"leaderless": {"t": [1]}}, Weight.ERROR, ("t: no broker leads partition 1",)),
        ({"changelog": {0: Span(1, 7), 1: Span(0, 0)}}, Weight.ERROR, ("partition 0 begins at 1",)),
        ({"group": Group(None, {0: 10, 1: 5})}, Weight.WARNING, ("may not be looked at",)),
        ({"features": {}}, Weight.NOTE, ("does not say which Kafka",)),
        ({"features": {"metadata.version": 11}}, Weight.WARNING, ("Kafka 3.5 ", "KIP-890")),
        ({"allowed": None}, Weight.NOTE, ("permissions: not looked at",)),
        (
            {"allowed": Allowed({}, 1 << 8, transactions=True), "group": Group(None, {0: 10, 1: 5})},
            Weight.ERROR,
            ("may not read the group rapport",),
        ),
        ({"allowed": Allowed({}, EVERYTHING, transactions=False)}, Weight.ERROR, ("the transactional id",)),
        (
            {"allowed": Allowed({topics.SCORES.name: 1 << 3}, EVERYTHING, transactions=True)},
            Weight.ERROR,
            ("may not write the topic engagement.scores.v1",),
        ),
        ({"group": Group(0, {0: 10, 1: 5})}, Weight.WARNING, ("no worker",)),
        ({"group": Group(3, {0: 10, 1: 5})}, Weight.NOTE, ("1 have nothing to do",)),
        ({"group": Group(2, {0: 11, 1: 5})}, Weight.ERROR, ("offset is 11", "end at 10")),
        ({"group": Group(2, {0: 10, 1: 4})}, Weight.ERROR, ("offset is 4", "begin at 5", "1 expired")),
        ({"group": Group(2, {0: 7, 1: 5})}, Weight.NOTE, ("lag: 3 records (partition 0 3)",)),
        ({"group": Group(2, {})}, Weight.NOTE, ("lag: 10 records (partition 0 10)",)),
        ({"newest": None}, Weight.NOTE, ("no touchpoint",)),
        ({"newest": Newest(0, by_broker=False)}, Weight.NOTE, ("senders stamp",)),
        ({"newest": Newest(NOW_MS + 1_001, by_broker=True)}, Weight.WARNING, ("1.0 s from now", "behind")),
    ],
)
def test_what_is_wrong_is_found_alone(
    changes: dict[str, object], weight: Weight, words: tuple[str, ...]
) -> None:
    """One at a time, and nothing else is complained of."""
    (finding,) = worse(healthy(**changes))

    assert finding.weight is weight
    assert all(word in finding.what for word in words)


@pytest.mark.parametrize(
    ("level", "name"),
    [(12, "Kafka 3.6 "), (21, "Kafka 3.9 "), (26, "Kafka 4.1 "), (28, "Kafka 4.1 or later ")],
)
def test_a_cluster_is_named_by_the_level_of_its_metadata(level: int, name: str) -> None:
    """The release to which the level belongs; of a level that is not known, the last one that is."""
    found = release({"metadata.version": level})

    assert found.weight is Weight.OK
    assert name in found.what
    assert "transaction.version is 0" in found.what


def test_lag_that_nobody_reads_is_a_warning() -> None:
    """Beside the one that there is no worker."""
    found = worse(healthy(group=Group(0, {0: 9, 1: 5})))

    assert [(each.weight, each.way_out) for each in found] == [(Weight.WARNING, "rapport worker")] * 2


@pytest.mark.parametrize("newest", [Newest(NOW_MS + 1_000, by_broker=True), Newest(NOW_MS, by_broker=True)])
def test_clocks_that_are_a_second_apart_are_together(newest: Newest) -> None:
    """The other side of the bound."""
    assert worse(healthy(newest=newest)) == []


# On a real Kafka


def test_a_new_installation_is_led_to_work(broker: Broker, fresh: Fresh) -> None:
    """First topics are missing; then there is only no worker, which is no error."""
    variables = environment(broker, fresh)

    before = rapport(variables, "doctor")
    rapport(variables, "topics", "apply")
    after = rapport(variables, "doctor")

    assert before.returncode == 1, before.stderr
    assert "→ rapport topics apply" in before.stdout
    assert after.returncode == 0, after.stdout + after.stderr
    assert "all 8 topics are there, with 3 partitions each" in after.stdout
    assert f"no worker is in the group {fresh.app}" in after.stdout
    assert "clock: not compared" in after.stdout
    assert "error" not in after.stdout


def test_lag_and_clock_are_read_from_the_topic(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """What the group has committed counts as processed; the broker's stamp is compared."""
    variables, file = environment(broker, fresh), tmp_path / "a.jsonl"
    rapport(variables, "topics", "apply")
    point = {"customer_id": "ada", "event": "Page Viewed", "timestamp": "2026-01-01T00:00:00Z"}
    lines = [json.dumps(point | {"message_id": f"m{number}"}) for number in range(5)]
    file.write_text("\n".join(lines), encoding="utf-8")
    assert rapport(variables, "send", file).returncode == 0

    found = rapport(variables, "doctor")

    assert found.returncode == 0, found.stdout + found.stderr
    assert "lag: 5 records" in found.stdout
    assert "clock: not behind the broker's" in found.stdout


def test_an_offset_beyond_the_end_is_an_error(broker: Broker, fresh: Fresh) -> None:
    """As if the topic had been made anew."""
    variables, topic = environment(broker, fresh), fresh.topic(topics.TOUCHPOINTS.name)
    rapport(variables, "topics", "apply")
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": fresh.app})
    consumer.commit(offsets=[TopicPartition(topic, 1, 9)], asynchronous=False)
    consumer.close()

    found = rapport(variables, "doctor")

    assert found.returncode == 1, found.stdout
    assert "partition 1: the group's offset is 9, and the touchpoints end at 0" in found.stdout


def test_a_changelog_of_which_records_were_deleted_is_an_error(broker: Broker, fresh: Fresh) -> None:
    """It begins after its first record."""
    variables, changelog = environment(broker, fresh), topics.changelog(fresh.app)
    config = {"cleanup.policy": "compact,delete"}
    broker.create_topics(changelog, partitions=3, config=config)
    rapport(variables, "topics", "apply")
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    for number in range(3):
        producer.produce(changelog, b"v", key=b"%d" % number, partition=2)
    assert producer.flush(30) == 0
    admin: AdminClient = broker.admin()
    for future in admin.delete_records([TopicPartition(changelog, 2, 2)]).values():
        future.result(30)

    found = rapport(variables, "doctor")

    assert found.returncode == 1, found.stdout
    assert "partition 2 begins at 2" in found.stdout
    assert "cleanup.policy is compact,delete, and compact is wanted" in found.stdout


def test_a_broker_that_does_not_answer_is_named(broker: Broker, fresh: Fresh) -> None:
    """With its address and the reason."""
    found = rapport(environment(broker, fresh), "doctor", "--broker", "127.0.0.1:1")

    assert found.returncode == 1
    assert "127.0.0.1:1 cannot be reached" in found.stderr
