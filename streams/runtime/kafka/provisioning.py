"""Topics on the broker: what should be there, what is there, and what the difference would do. Pure.

Whatever exists is left as it is: what a topic holds may be all there is of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from streams import topics
from streams.runtime.kafka.findings import Finding, Weight
from streams.settings import Settings, variable

FOREVER: Final = -1  # of retention.ms
MOST_REPLICAS: Final = 3  # where the settings leave it open
ANEW: Final = f"begin anew, with another {variable('topic_prefix')} and {variable('app')}"


class Wanted(NamedTuple):
    """A topic as it should be. batch_bytes: the largest batch that a flush writes to it."""

    topic: topics.Topic
    name: str
    partitions: int
    replicas: int
    config: Mapping[str, str]
    batch_bytes: int


class Existing(NamedTuple):
    """A topic as it is. config: None where this user may not read it."""

    partitions: int
    replicas: int
    config: Mapping[str, str] | None


class Difference(NamedTuple):
    """Something that is not as it should be; `effect` says what it does, `way_out` how to mend it."""

    topic: str
    setting: str
    found: str
    wanted: str
    weight: Weight
    effect: str
    way_out: str = ""  # empty: give the topic the wanted value

    def mended(self, broker: str) -> str:
        """Return how to mend it, as a command where there is one."""
        return self.way_out or (
            f"kafka-configs.sh --bootstrap-server {broker} --alter --entity-type topics "
            f"--entity-name {self.topic} --add-config {self.setting}={self.wanted}"
        )


def findings(differences: Iterable[Difference], broker: str) -> list[Finding]:
    """Return differences in words; what several topics have in common is said once."""
    alike: dict[Difference, list[Difference]] = {}
    for each in differences:
        alike.setdefault(each._replace(topic=""), []).append(each)
    return [
        Finding(
            one.weight,
            f"{', '.join(each.topic for each in members)}: {one.setting} is {one.found}, and {one.wanted} is "
            f"wanted: {one.effect}",
            "\n".join(dict.fromkeys(each.mended(broker) for each in members)),
        )
        for one, members in alike.items()
    ]


class Plan(NamedTuple):
    """What is wanted, what is there, and what differs."""

    wanted: Sequence[Wanted]
    existing: Mapping[str, Existing]
    differences: Sequence[Difference]

    @property
    def missing(self) -> list[Wanted]:
        """The topics that are not there, with as many partitions as those that are."""
        counts = [self.existing[each.name].partitions for each in self.wanted if each.name in self.existing]
        return [
            each._replace(partitions=counts[0]) if counts else each
            for each in self.wanted
            if each.name not in self.existing
        ]

    @property
    def refused(self) -> list[Difference]:
        """What must be mended before anything is made or started."""
        return [each for each in self.differences if each.weight is Weight.ERROR]


def wanted_topics(settings: Settings, *, brokers: int) -> list[Wanted]:
    """Return the input, the outputs and the changelog of the application, as the settings ask for them."""
    days = {
        topics.TOUCHPOINTS.name: settings.keep_input_days,
        topics.TRANSITIONS.name: settings.keep_outputs_days,
        topics.ALERTS.name: settings.keep_outputs_days,
    }
    replicas = settings.replication if settings.replication > 0 else min(MOST_REPLICAS, brokers)
    found = []
    for topic in (topics.TOUCHPOINTS, *topics.OUTPUTS, topics.changelog_topic(settings.app)):
        config = topic.config(max_batch_bytes=settings.max_batch_bytes)
        if topic.name in days:
            config["retention.ms"] = str(days[topic.name] * topics.DAY_MS)
        if replicas >= MOST_REPLICAS:
            config["min.insync.replicas"] = str(replicas // 2 + 1)
        prefix = "" if topic.key is topics.TopicKey.PART else settings.topic_prefix
        batch_bytes = settings.max_batch_bytes if topic.flushed else 0
        found.append(Wanted(topic, prefix + topic.name, settings.partitions, replicas, config, batch_bytes))
    return found


def compare(wanted: Sequence[Wanted], existing: Mapping[str, Existing]) -> Plan:
    """Return what is to be done and what differs, the partitions first."""
    there = [each for each in wanted if each.name in existing]
    differences = list(_partitions(there, existing))
    for each in there:
        found = existing[each.name]
        if found.replicas < each.replicas:
            differences.append(
                Difference(
                    each.name,
                    "number of replicas",
                    str(found.replicas),
                    str(each.replicas),
                    Weight.WARNING,
                    "fewer brokers may be lost than it should survive",
                    "kafka-reassign-partitions.sh gives a topic more replicas",
                )
            )
        differences += _configuration(each, found)
    return Plan(wanted, existing, differences)


def _partitions(there: Sequence[Wanted], existing: Mapping[str, Existing]) -> Iterator[Difference]:
    """Yield where topics are not partitioned alike: a customer is in the same partition of each."""
    if not there:
        return
    first = there[0]  # the input, if it is there
    count = existing[first.name].partitions
    uneven = {each.name: existing[each.name].partitions for each in there}
    uneven = {name: number for name, number in uneven.items() if number != count}
    for name, number in uneven.items():
        effect = (
            f"topics must have equally many, since a customer is in the same one of each, and {first.name} "
        )
        yield Difference(
            name,
            "number of partitions",
            str(number),
            str(count),
            Weight.ERROR,
            effect + f"has {count}",
            f"delete it and run `rapport topics apply`, which loses what it holds; or {ANEW}",
        )
    if not uneven and count != first.partitions:
        yield Difference(
            first.name,
            "number of partitions",
            str(count),
            str(first.partitions),
            Weight.NOTE,
            "the setting counts for the first topics that are made; the others get as many as those have",
            f"nothing to do; for another number, {ANEW}",
        )


def _configuration(wanted: Wanted, existing: Existing) -> Iterator[Difference]:
    """Yield what of a topic's configuration would lose records, refuse them or slow down a take-over."""
    config = existing.config
    if config is None:
        yield Difference(
            wanted.name,
            "its configuration",
            "not readable",
            "a readable one",
            Weight.WARNING,
            "nobody knows whether it fits",
            "allow DescribeConfigs on the topic",
        )
        return

    def differs(setting: str, weight: Weight, effect: str, value: str = "") -> Difference:
        asked = value or wanted.config[setting]
        return Difference(wanted.name, setting, config.get(setting, "unknown"), asked, weight, effect)

    policies = {policy.strip() for policy in config.get("cleanup.policy", "").split(",")}
    if policies != {wanted.topic.cleanup}:
        yield differs("cleanup.policy", *_cleanup(wanted))
    asked = int(wanted.config.get("retention.ms", FOREVER))
    kept = int(config.get("retention.ms", FOREVER))
    if asked != FOREVER and "delete" in policies and FOREVER < kept < asked:
        days = f"{kept / topics.DAY_MS:,.3g}"
        yield differs("retention.ms", Weight.WARNING, f"records are kept for {days} days only")
    if wanted.topic.stamped and config.get("message.timestamp.type") != "LogAppendTime":
        effect = "the clock of each sender decides which touchpoints are from the future"
        yield differs("message.timestamp.type", Weight.WARNING, effect)
    if int(config.get("max.message.bytes", wanted.batch_bytes)) < wanted.batch_bytes:
        effect = f"a full flush would be refused, again and again (or lower {variable('max_batch_bytes')})"
        yield differs("max.message.bytes", Weight.ERROR, effect)
    in_sync = int(config.get("min.insync.replicas", 1))
    if in_sync > existing.replicas:
        effect = f"nothing can be written, since there are {existing.replicas} replicas"
        yield differs("min.insync.replicas", Weight.ERROR, effect, str(existing.replicas // 2 + 1))
    elif in_sync == 1 and existing.replicas >= MOST_REPLICAS:
        effect = "what one broker alone has confirmed is lost with it"
        yield differs("min.insync.replicas", Weight.WARNING, effect, str(existing.replicas // 2 + 1))
    for setting, value in wanted.topic.tuning.items():
        if float(config.get(setting, value)) > float(value):
            yield differs(setting, Weight.WARNING, "it is compacted later, and longer to read")


def _cleanup(wanted: Wanted) -> tuple[Weight, str]:
    """Return how much the wrong cleanup policy of a topic matters, and why."""
    if wanted.topic.cleanup == "delete":
        return Weight.ERROR, "records with the same key replace each other, and those without are refused"
    if wanted.topic.key is topics.TopicKey.PART:
        return Weight.ERROR, "the state of customers would be deleted by age"
    return Weight.WARNING, "the latest value of a key is deleted by age, or older ones stay"
