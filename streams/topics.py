"""The topics of the public contract: what each is called, what it is keyed by and how it is cleaned up.

The embedded log keeps the same names, so an output is found under one name on both logs.
"""

from enum import StrEnum
from typing import Final, Literal

import msgspec

DAY_MS: Final = 86_400_000


class TopicKey(StrEnum):
    """What the key of a record is."""

    SUBJECT_ID = "subject_id"
    CUSTOMER_ID = "customer_id"
    PARTITION = "partition"
    ORIGINAL = "original"


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One topic. `retention_ms` says how long records are kept; None means until a newer one has the key."""

    name: str
    key: TopicKey
    cleanup: Literal["delete", "compact"]
    retention_ms: int | None


def _deleted(name: str, *, key: TopicKey, days: int) -> Topic:
    return Topic(name=name, key=key, cleanup="delete", retention_ms=days * DAY_MS)


def _compacted(name: str, *, key: TopicKey) -> Topic:
    return Topic(name=name, key=key, cleanup="compact", retention_ms=None)


TOUCHPOINTS: Final = _deleted("engagement.touchpoints.v1", key=TopicKey.SUBJECT_ID, days=30)
SCORES: Final = _compacted("engagement.scores.v1", key=TopicKey.CUSTOMER_ID)
TRANSITIONS: Final = _deleted("engagement.transitions.v1", key=TopicKey.SUBJECT_ID, days=90)
ALERTS: Final = _deleted("engagement.alerts.v1", key=TopicKey.SUBJECT_ID, days=90)
KPIS: Final = _compacted("engagement.kpis.v1", key=TopicKey.PARTITION)
LATE: Final = _deleted("engagement.late.v1", key=TopicKey.SUBJECT_ID, days=30)
DEAD_LETTERS: Final = _deleted("engagement.dead-letters.v1", key=TopicKey.ORIGINAL, days=30)


def changelog(app: str) -> str:
    """Return the name of an application's changelog; it is private, and compacted."""
    return f"{app}-customers-changelog"


OUTPUTS: Final = (SCORES, TRANSITIONS, ALERTS, KPIS, LATE, DEAD_LETTERS)
