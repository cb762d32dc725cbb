"""`rapport topics` on a real Kafka: what is missing is made, what does not fit is refused."""

import pytest
from confluent_kafka.admin import ConfigResource, ResourceType

from streams import topics
from tests.kafka.broker import Broker
from tests.kafka.commands import environment, rapport
from tests.kafka.conftest import Fresh

ALL = (topics.TOUCHPOINTS, *topics.OUTPUTS)


@pytest.fixture
def variables(broker: Broker, fresh: Fresh) -> dict[str, str]:
    return environment(broker, fresh)


def states(output: str) -> dict[str, str]:
    """Return what the last column of the table says of each topic."""
    rows = [line.split() for line in output.splitlines() if "engagement." in line or "changelog" in line]
    return {row[0]: row[-1] for row in rows if len(row) < 9}


def configuration(broker: Broker, topic: str) -> dict[str, str]:
    admin = broker.admin()
    (future,) = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]).values()
    return {name: entry.value for name, entry in future.result(timeout=30).items()}


def test_what_is_missing_is_made_once(broker: Broker, fresh: Fresh, variables: dict[str, str]) -> None:
    """A plan changes nothing; a second apply finds all there."""
    planned = rapport(variables, "topics", "plan")
    applied = rapport(variables, "topics", "apply")
    again = rapport(variables, "topics", "apply")

    assert (planned.returncode, applied.returncode, again.returncode) == (0, 0, 0), applied.stderr
    names = {fresh.topic(each.name) for each in ALL} | {topics.changelog(fresh.app)}
    assert states(planned.stdout) == dict.fromkeys(names, "missing")
    assert states(applied.stdout) == dict.fromkeys(names, "made")
    assert states(again.stdout) == dict.fromkeys(names, "there")
    assert planned.stdout.splitlines()[-1] == "8 topics missing: rapport topics apply"


def test_topics_are_made_with_what_they_need(broker: Broker, fresh: Fresh, variables: dict[str, str]) -> None:
    """The broker's clock on touchpoints, their days, and an early compaction of the changelog."""
    rapport({**variables, "RAPPORT_KEEP_INPUT_DAYS": "7"}, "topics", "apply")

    found = broker.admin().list_topics(timeout=10).topics
    assert len(found[fresh.topic(topics.TOUCHPOINTS.name)].partitions) == 3
    touchpoints = configuration(broker, fresh.topic(topics.TOUCHPOINTS.name))
    changelog = configuration(broker, topics.changelog(fresh.app))
    assert touchpoints["message.timestamp.type"] == "LogAppendTime"
    assert touchpoints["retention.ms"] == str(7 * topics.DAY_MS)
    assert (changelog["cleanup.policy"], changelog["segment.bytes"]) == ("compact", str(64 << 20))


def test_unequal_partitions_are_refused(broker: Broker, fresh: Fresh, variables: dict[str, str]) -> None:
    """With the numbers, and before anything is made."""
    broker.create_topics(fresh.topic(topics.TOUCHPOINTS.name), partitions=2)
    broker.create_topics(fresh.topic(topics.SCORES.name), partitions=5, config={"cleanup.policy": "compact"})

    applied = rapport(variables, "topics", "apply")

    assert applied.returncode == 1
    assert f"{fresh.topic(topics.SCORES.name)}: number of partitions is 5, and 2 is wanted" in applied.stdout
    assert list(states(rapport(variables, "topics", "plan").stdout).values()).count("missing") == 6


def test_a_changelog_that_would_be_deleted_by_age_is_refused(
    broker: Broker, fresh: Fresh, variables: dict[str, str]
) -> None:
    """With the command that mends it; nothing is changed by itself."""
    broker.create_topics(topics.changelog(fresh.app), partitions=3)

    applied = rapport(variables, "topics", "apply")

    assert applied.returncode == 1
    assert "cleanup.policy is delete, and compact is wanted" in applied.stdout
    assert (
        f"--entity-name {topics.changelog(fresh.app)} --add-config cleanup.policy=compact" in applied.stdout
    )
    assert configuration(broker, topics.changelog(fresh.app))["cleanup.policy"] == "delete"


def test_what_the_broker_refuses_is_said(variables: dict[str, str]) -> None:
    """More replicas than there are brokers."""
    applied = rapport({**variables, "RAPPORT_REPLICATION": "9"}, "topics", "apply")

    assert applied.returncode == 1
    assert "replication factor of 9" in applied.stderr
    assert applied.stderr.count("replication factor") == 1


@pytest.mark.parametrize("command", [("topics", "plan"), ("topics", "apply")])
def test_a_broker_that_is_not_there_is_named(variables: dict[str, str], command: tuple[str, ...]) -> None:
    """With the reason; without one at all the setting is bad."""
    away = rapport(variables, *command, "--broker", "127.0.0.1:1")
    unsaid = rapport({**variables, "RAPPORT_BROKER": ""}, *command)

    assert away.returncode == 1
    assert "127.0.0.1:1 cannot be reached" in away.stderr
    assert "Errno 111" in away.stderr
    assert unsaid.returncode == 2
    assert "RAPPORT_BROKER" in unsaid.stderr
