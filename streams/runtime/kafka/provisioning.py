"""The topics that a fleet needs: which are there, which are missing, and whether they fit each other."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams import topics
from streams.runtime.kafka.errors import StateError

MOST_REPLICAS: Final = 3  # where the settings leave it open
CHANGELOG_CONFIG: Final = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.2",
    "segment.bytes": str(64 << 20),
}


class Wanted(NamedTuple):
    """A topic as it should be."""

    name: str
    config: Mapping[str, str]


class Plan(NamedTuple):
    """Partitions of each topic that is there, and the topics that are missing."""

    present: dict[str, int]
    missing: list[Wanted]

    @property
    def misfit(self) -> str | None:
        """Say which partition counts differ, None where they do not."""
        if len(set(self.present.values())) < 2:
            return None
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self.present.items()))
        return (
            "topics must have equally many partitions, since a customer is in the same one of each: "
            f"{counts}. Make those anew that differ, or use another app and another topic_prefix"
        )


def wanted(*, app: str, prefix: str) -> list[Wanted]:
    """Return all topics of an application."""
    found = []
    for topic in (topics.TOUCHPOINTS, *topics.OUTPUTS):
        config: dict[str, str] = {"cleanup.policy": topic.cleanup}
        if topic.retention_ms is not None:
            config["retention.ms"] = str(topic.retention_ms)
        if topic is topics.TOUCHPOINTS:
            config["message.timestamp.type"] = "LogAppendTime"
        found.append(Wanted(prefix + topic.name, config))
    return [*found, Wanted(topics.changelog(app), CHANGELOG_CONFIG)]


async def plan(client: dict[str, Any], *, app: str, prefix: str) -> Plan:
    """Return what is there and what is missing."""
    admin = AIOKafkaAdminClient(**client)
    await admin.start()
    try:
        names = {each.name: each for each in wanted(app=app, prefix=prefix)}
        known = set(await admin.list_topics())
        described = await admin.describe_topics([name for name in names if name in known])
        present = {each["topic"]: len(each["partitions"]) for each in described}
        return Plan(present, [each for name, each in names.items() if name not in present])
    finally:
        await admin.close()


async def apply(client: dict[str, Any], found: Plan, *, partitions: int, replication: int) -> None:
    """Make what is missing, with as many partitions as those have that are there.

    Raises:
        StateError: those that are there do not fit each other, or the broker refuses.
    """
    if found.misfit is not None:
        raise StateError(found.misfit)
    count = next(iter(found.present.values()), partitions)
    admin = AIOKafkaAdminClient(**client)
    await admin.start()
    try:
        if replication < 1:
            brokers = (await admin.describe_cluster())["brokers"]
            replication = min(MOST_REPLICAS, len(brokers))
        made = [
            NewTopic(each.name, count, replication, topic_configs=dict(each.config)) for each in found.missing
        ]
        answer = await admin.create_topics(made) if made else None
        refused = [error for error in getattr(answer, "topic_errors", ()) if error[1] != 0]
        if refused:
            raise StateError(f"the broker did not make {refused[0][0]}: {refused[0][-1]}")
    finally:
        await admin.close()
