"""What `rapport doctor` makes of what it saw on Kafka: one finding for each thing it looked at. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from streams.runtime.kafka.findings import Finding, Weight
from streams.runtime.kafka.inspection import ANEW
from streams.runtime.kafka.permissions import Allowed, Need, lacking, permission_findings
from streams.runtime.kafka.provisioning import Plan, findings
from streams.runtime.kafka.release import release
from streams.settings import Settings

CLOCKS_APART_MS: Final = 1_000  # less is the way of a record to the broker and back


class Span(NamedTuple):
    """The offsets of a partition: the first that is kept, and the end of what is committed."""

    begin: int
    end: int


class Group(NamedTuple):
    """The workers' group. members: None where this user may not look; committed: by partition."""

    members: int | None
    committed: Mapping[int, int]


class Newest(NamedTuple):
    """The newest touchpoint: when it was stored, by the broker's clock or else by its sender's."""

    stored_ms: int
    by_broker: bool


class Seen(NamedTuple):
    """What was seen of the cluster. Spans are by partition, and empty where the topic is not there."""

    brokers: list[str]
    plan: Plan
    leaderless: Mapping[str, list[int]]
    group: Group
    touchpoints: Mapping[int, Span]
    changelog: Mapping[int, Span]
    newest: Newest | None
    now_ms: int  # this machine's clock, when the newest touchpoint had been read
    allowed: Allowed | None  # None: the broker cannot tell
    features: Mapping[str, int]  # of the cluster, with their levels


def examine(seen: Seen, settings: Settings) -> list[Finding]:
    """Return the findings, in the order in which they are best mended."""
    return [
        Finding(Weight.OK, f"{settings.broker} answers; the cluster's brokers are {', '.join(seen.brokers)}"),
        release(seen.features),
        *permission_findings(settings, seen.allowed),
        *_topics(seen, settings),
        *_leaders(seen.leaderless),
        *_changelog(seen.changelog),
        *_workers(seen, settings),
        *_lag(seen, settings),
        *_clock(seen),
    ]


def _topics(seen: Seen, settings: Settings) -> Iterator[Finding]:
    """Yield what is missing and what differs: partitions, cleanup, sizes of batches, times."""
    plan = seen.plan
    if plan.missing:
        names = ", ".join(each.name for each in plan.missing)
        yield Finding(Weight.ERROR, f"missing, so no worker starts: {names}", "rapport topics apply")
    yield from findings(plan.differences, settings.broker or "")
    if plan.wanted and not plan.missing and not plan.refused:
        count = plan.existing[plan.wanted[0].name].partitions
        yield Finding(
            Weight.OK,
            f"all {len(plan.wanted)} topics are there, with {count} partitions each, and take batches of "
            f"{settings.max_batch_bytes:,} bytes",
        )


def _leaders(leaderless: Mapping[str, list[int]]) -> Iterator[Finding]:
    for topic, partitions in leaderless.items():
        yield Finding(
            Weight.ERROR,
            f"{topic}: no broker leads partition {', '.join(map(str, partitions))}, so "
            "nobody can read or write it",
            "see which brokers are away, and start them",
        )


def _changelog(spans: Mapping[int, Span]) -> Iterator[Finding]:
    """Yield whether records were deleted from the changelog: compaction alone never moves its beginning."""
    cut = {number: span.begin for number, span in spans.items() if span.begin > 0}
    if cut:
        where = ", ".join(f"partition {number} begins at {begin:,}" for number, begin in cut.items())
        yield Finding(
            Weight.ERROR,
            f"records were deleted from the changelog: {where}, not at 0, so the state may not be whole",
            f"keep cleanup.policy at compact; restore the records, {ANEW}",
        )
    elif spans:
        yield Finding(Weight.OK, "nothing was deleted from the changelog by age or by hand")


def _workers(seen: Seen, settings: Settings) -> Iterator[Finding]:
    members, partitions = seen.group.members, len(seen.touchpoints)
    if members is None and any(each.resource == "group" for each in _lacking(seen, settings)):
        return  # that is said with what is not allowed
    if members is None:
        way_out = f"allow Describe on the group {settings.app}"
        yield Finding(Weight.WARNING, f"the group {settings.app} may not be looked at", way_out)
    elif members == 0:
        yield Finding(Weight.WARNING, f"no worker is in the group {settings.app}", "rapport worker")
    elif members > partitions > 0:
        what = f"{members} workers for {partitions} partitions, so {members - partitions} have nothing to do"
        yield Finding(Weight.NOTE, what, f"run at most {partitions}")
    else:
        yield Finding(Weight.OK, f"workers in the group {settings.app}: {members}")


def _lacking(seen: Seen, settings: Settings) -> list[Need]:
    return [] if seen.allowed is None else lacking(settings, seen.allowed)


def _lag(seen: Seen, settings: Settings) -> Iterator[Finding]:
    """Yield how far the group is in each partition, and where its offset fits no record that is there."""
    waiting: dict[int, int] = {}
    for number, span in sorted(seen.touchpoints.items()):
        committed = seen.group.committed.get(number)
        where = f"partition {number}: the group's offset is {committed}"
        if committed is not None and committed > span.end:
            yield Finding(
                Weight.ERROR,
                f"{where}, and the touchpoints end at {span.end}: the topic was made "
                "anew, or somebody set it",
                f"restore the topic or the offset, {ANEW}",
            )
        elif committed is not None and committed < span.begin:
            yield Finding(
                Weight.ERROR,
                f"{where}, and the touchpoints begin at {span.begin}: "
                f"{span.begin - committed:,} expired unread",
                f"restore them, {ANEW}; and keep touchpoints longer (retention.ms)",
            )
        else:
            waiting[number] = span.end - (span.begin if committed is None else committed)
    if not waiting:
        return
    if not any(waiting.values()):
        yield Finding(Weight.OK, "lag: none, all touchpoints are processed")
        return
    each = ", ".join(f"partition {number} {lag:,}" for number, lag in waiting.items() if lag)
    what = f"lag: {sum(waiting.values()):,} records ({each})"
    if seen.group.members == 0:
        yield Finding(Weight.WARNING, f"{what}, and nobody reads them", "rapport worker")
    else:
        way_out = "if it stays or grows: start more workers, up to the partitions, and look at their /readyz"
        yield Finding(Weight.NOTE, what, way_out)


def _clock(seen: Seen) -> Iterator[Finding]:
    """Yield whether this clock is behind the broker's; that it is ahead looks like a quiet topic."""
    if seen.newest is None:
        what = "clock: not compared, since there is no touchpoint that the broker has stamped"
        yield Finding(Weight.NOTE, what)
    elif not seen.newest.by_broker:
        what = "clock: not compared, since senders stamp touchpoints (message.timestamp.type)"
        yield Finding(Weight.NOTE, what)
    elif seen.newest.stored_ms - seen.now_ms > CLOCKS_APART_MS:
        behind_s = (seen.newest.stored_ms - seen.now_ms) / 1_000
        yield Finding(
            Weight.WARNING,
            f"clock: the broker has stored a touchpoint {behind_s:,.1f} s from now, so this clock is at "
            "least so far behind the broker's: a worker here tells silence and ends of windows too late",
            "set both by the same time server",
        )
    else:
        ago_s = max(seen.now_ms - seen.newest.stored_ms, 0) / 1_000
        yield Finding(
            Weight.OK,
            f"clock: not behind the broker's, which stored the newest touchpoint {ago_s:,.1f} s ago by this "
            "one (one that is ahead looks the same)",
        )
