"""The topics of the public contract: what each is called, what it is keyed by and how it is cleaned up.

The embedded log keeps the same names, so an output is found under one name on both logs.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

import msgspec

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
KAFKA_MESSAGE_BYTES: Final = 1_048_588  # what Kafka allows a batch by itself
BATCH_MARGIN_BYTES: Final = 4_096  # a batch on its way is a little larger than what was put into it


NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class TopicKey(StrEnum):
    """What the key of a record is."""

    SUBJECT_ID = "subject_id"
    CUSTOMER_ID = "customer_id"
    PARTITION = "partition"
    ORIGINAL = "original"
    PART = "part"  # of a flush; private


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One topic. `retention_ms` says how long records are kept; None means until a newer one has the key.

    stamped: the broker writes down when a record came, whatever its sender says. flushed: written by
    flushes, so batches must fit. tuning: what else it needs on Kafka.
    """

    name: str
    key: TopicKey
    cleanup: Literal["delete", "compact"]
    retention_ms: int | None
    stamped: bool = False
    flushed: bool = True
    tuning: Mapping[str, str] = {}

    def config(self, *, max_batch_bytes: int) -> dict[str, str]:
        """Return its configuration on Kafka, where flushes write batches of up to `max_batch_bytes`."""
        found: dict[str, str] = {"cleanup.policy": self.cleanup}
        if self.retention_ms is not None:
            found["retention.ms"] = str(self.retention_ms)
        if self.stamped:
            found["message.timestamp.type"] = "LogAppendTime"
        if self.flushed:
            found["max.message.bytes"] = str(max(KAFKA_MESSAGE_BYTES, max_batch_bytes + BATCH_MARGIN_BYTES))
        return found | dict(self.tuning)


def _deleted(name: str, *, key: TopicKey, days: int) -> Topic:
    return Topic(name=name, key=key, cleanup="delete", retention_ms=days * DAY_MS)


def _compacted(name: str, *, key: TopicKey, tuning: Mapping[str, str] = NOTHING) -> Topic:
    return Topic(name=name, key=key, cleanup="compact", retention_ms=None, tuning=tuning)


TOUCHPOINTS: Final = Topic(
    name="engagement.touchpoints.v1",
    key=TopicKey.SUBJECT_ID,
    cleanup="delete",
    retention_ms=30 * DAY_MS,
    stamped=True,
    flushed=False,
)
SCORES: Final = _compacted("engagement.scores.v1", key=TopicKey.CUSTOMER_ID)
TRANSITIONS: Final = _deleted("engagement.transitions.v1", key=TopicKey.SUBJECT_ID, days=90)
ALERTS: Final = _deleted("engagement.alerts.v1", key=TopicKey.SUBJECT_ID, days=90)
# Every two seconds a partition replaces its figures; only closed segments are compacted.
KPIS: Final = _compacted(
    "engagement.kpis.v1",
    key=TopicKey.PARTITION,
    tuning={"segment.bytes": str(16 << 20), "min.cleanable.dirty.ratio": "0.2"},
)
LATE: Final = _deleted("engagement.late.v1", key=TopicKey.SUBJECT_ID, days=30)
DEAD_LETTERS: Final = _deleted("engagement.dead-letters.v1", key=TopicKey.ORIGINAL, days=30)


def transactional_ids(app: str, source: str) -> str:
    """Return what comes before the partition in transactional ids of an application that reads `source`."""
    return f"{app}-{source}-"


def changelog(app: str) -> str:
    """Return the name of an application's changelog; it is private, and compacted."""
    return f"{app}-customers-changelog"


OUTPUTS: Final = (SCORES, TRANSITIONS, ALERTS, KPIS, LATE, DEAD_LETTERS)


def changelog_topic(app: str) -> Topic:
    """Return the changelog of an application.

    It is read whole when a partition changes hands, so it is compacted early, in small segments: only
    closed segments are, and by itself Kafka closes one at 1 GiB and waits until half of it is obsolete.
    Each flush empties parts of older ones. Kafka keeps what says so for a day, for whoever is reading just
    then; four flushes a second leave a third of a million in it. No take-over lasts the hour.
    """
    return Topic(
        name=changelog(app),
        key=TopicKey.PART,
        cleanup="compact",
        retention_ms=None,
        tuning={
            "segment.bytes": str(64 << 20),
            "min.cleanable.dirty.ratio": "0.2",
            "delete.retention.ms": str(HOUR_MS),
        },
    )
