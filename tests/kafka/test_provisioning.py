"""What differs between topics as they are and as they should be, and what it would do. No broker is asked."""

from pathlib import Path

import pytest

from streams import topics
from streams.runtime.kafka.findings import Weight
from streams.runtime.kafka.provisioning import Existing, Plan, compare, findings, wanted_topics
from streams.settings import Settings, load

CHANGELOG = topics.changelog("rapport")


def settings(**options: object) -> Settings:
    return load({}, file=Path("nowhere.toml"), options={"broker": "b:1", "partitions": 4, **options})


def plan(*, brokers: int = 1, without: str = "", partitions: int = 4, **changed: dict[str, str]) -> Plan:
    """Return the plan where all topics are as wanted, but `without` and what is changed (by a word of it)."""
    wanted = wanted_topics(settings(), brokers=brokers)
    existing = {}
    for each in wanted:
        changes = next((change for word, change in changed.items() if word in each.name), {})
        replicas = int(changes.pop("replicas", each.replicas))
        count = int(changes.pop("partitions", partitions))
        if not without or without not in each.name:
            existing[each.name] = Existing(count, replicas, {**each.config, **changes})
    return compare(wanted, existing)


def told(found: Plan) -> list[tuple[str, str, Weight]]:
    return [(each.topic, each.setting, each.weight) for each in found.differences]


def test_topics_as_wanted_have_no_differences() -> None:
    """And nothing is missing."""
    found = plan()

    assert (found.missing, found.differences, found.refused) == ([], [], [])


def test_days_replicas_and_batches_are_settings() -> None:
    """Three replicas where there are as many brokers; then two of them confirm."""
    chosen = settings(keep_input_days=7, keep_outputs_days=9, max_batch_bytes=2_000_000, topic_prefix="x.")

    wanted = {each.topic.name: each for each in wanted_topics(chosen, brokers=5)}

    assert {each.replicas for each in wanted.values()} == {3}
    assert {each.config["min.insync.replicas"] for each in wanted.values()} == {"2"}
    assert wanted[topics.TOUCHPOINTS.name].config["retention.ms"] == str(7 * topics.DAY_MS)
    assert wanted[topics.ALERTS.name].config["retention.ms"] == str(9 * topics.DAY_MS)
    assert int(wanted[CHANGELOG].config["max.message.bytes"]) > 2_000_000
    assert "max.message.bytes" not in wanted[topics.TOUCHPOINTS.name].config
    assert wanted[topics.SCORES.name].name == "x.engagement.scores.v1"
    assert wanted[CHANGELOG].name == CHANGELOG
    assert {each.replicas for each in wanted_topics(settings(replication=2), brokers=5)} == {2}


def test_a_missing_topic_gets_as_many_partitions_as_the_others_have() -> None:
    """The setting only says how many the first ones get; that it differs is noted."""
    found = plan(without="alerts", partitions=6)

    assert [(each.name, each.partitions) for each in found.missing] == [(topics.ALERTS.name, 6)]
    assert told(found) == [(topics.TOUCHPOINTS.name, "number of partitions", Weight.NOTE)]


def test_topics_that_are_not_partitioned_alike_are_refused_with_the_numbers() -> None:
    """A customer would be in different partitions."""
    found = plan(scores={"partitions": "8"})

    (finding,) = findings(found.refused, "b:1")

    assert told(found) == [(topics.SCORES.name, "number of partitions", Weight.ERROR)]
    assert all(
        part in finding.what for part in (topics.SCORES.name, "is 8", f"{topics.TOUCHPOINTS.name} has 4")
    )
    assert all(part in finding.way_out for part in ("delete it", "RAPPORT_APP"))


@pytest.mark.parametrize(
    ("word", "changes", "setting", "weight"),
    [
        ("changelog", {"cleanup.policy": "delete"}, "cleanup.policy", Weight.ERROR),
        ("changelog", {"cleanup.policy": "compact,delete"}, "cleanup.policy", Weight.ERROR),
        ("scores", {"cleanup.policy": "delete"}, "cleanup.policy", Weight.WARNING),
        ("touchpoints", {"cleanup.policy": "compact"}, "cleanup.policy", Weight.ERROR),
        ("letters", {"cleanup.policy": "compact, delete"}, "cleanup.policy", Weight.ERROR),
        ("touchpoints", {"retention.ms": "2591999999"}, "retention.ms", Weight.WARNING),
        ("touchpoints", {"message.timestamp.type": "CreateTime"}, "message.timestamp.type", Weight.WARNING),
        ("transitions", {"max.message.bytes": "899999"}, "max.message.bytes", Weight.ERROR),
        ("changelog", {"segment.bytes": str(1 << 30)}, "segment.bytes", Weight.WARNING),
        ("kpis", {"segment.bytes": str(1 << 30)}, "segment.bytes", Weight.WARNING),
        ("changelog", {"min.cleanable.dirty.ratio": "0.5"}, "min.cleanable.dirty.ratio", Weight.WARNING),
        ("changelog", {"delete.retention.ms": "86400000"}, "delete.retention.ms", Weight.WARNING),
        ("alerts", {"replicas": "1", "min.insync.replicas": "2"}, "min.insync.replicas", Weight.ERROR),
        ("alerts", {"replicas": "3", "min.insync.replicas": "1"}, "min.insync.replicas", Weight.WARNING),
    ],
)
def test_a_difference_that_loses_or_refuses_records_is_seen(
    word: str, changes: dict[str, str], setting: str, weight: Weight
) -> None:
    """One at a time, with the command that mends it."""
    found = plan(**{word: changes})

    (finding,) = findings(found.differences, "b:1")

    assert [(name, how) for _, name, how in told(found)] == [(setting, weight)]
    assert "kafka-configs.sh --bootstrap-server b:1 --alter" in finding.way_out
    assert f"--add-config {setting}=" in finding.way_out


@pytest.mark.parametrize(
    ("word", "changes"),
    [
        ("touchpoints", {"retention.ms": "2592000001"}),
        ("touchpoints", {"retention.ms": "-1"}),
        ("transitions", {"max.message.bytes": "900000"}),
        ("changelog", {"segment.bytes": str(1 << 20), "min.cleanable.dirty.ratio": "0.1"}),
        ("changelog", {"delete.retention.ms": "3600000"}),
        ("alerts", {"replicas": "3", "min.insync.replicas": "2"}),
    ],
)
def test_what_is_better_than_wanted_is_no_difference(word: str, changes: dict[str, str]) -> None:
    """The other side of each bound."""
    assert told(plan(**{word: changes})) == []


def test_fewer_replicas_than_wanted_are_a_warning() -> None:
    """It works, and survives less."""
    found = plan(brokers=3, kpis={"replicas": "2"})

    assert told(found) == [(topics.KPIS.name, "number of replicas", Weight.WARNING)]


def test_a_configuration_that_may_not_be_read_is_a_warning() -> None:
    """Nobody knows whether it fits."""
    wanted = wanted_topics(settings(), brokers=1)

    found = compare(wanted, {each.name: Existing(4, 1, None) for each in wanted})
    (finding,) = findings(found.differences, "b:1")

    assert {weight for _, _, weight in told(found)} == {Weight.WARNING}
    assert all(each.name in finding.what for each in wanted)
    assert finding.way_out == "allow DescribeConfigs on the topic"
