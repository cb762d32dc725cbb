"""What stands in the topics after a run, and what a checker says about it. Plain values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

NO_HEADERS: Mapping[str, bytes] = {}


class Kind(StrEnum):
    """What is wrong."""

    LOST = "lost"
    DUPLICATED = "duplicated"
    INVENTED = "invented"
    DIFFERING = "differing"
    REORDERED = "reordered"
    ILLEGAL_PATH = "illegal_path"
    UNBALANCED = "unbalanced"
    STALE_WRITE = "stale_write"


class Finding(NamedTuple):
    """One thing that is wrong: where (topic, partition, subject or offset there), and in words."""

    kind: Kind
    topic: str
    partition: int
    where: str
    detail: str


class Read(NamedTuple):
    """One committed record of a topic."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes
    headers: Mapping[str, bytes] = NO_HEADERS


class Evidence(NamedTuple):
    """The committed records of each topic, by partition and offset. `source`: the name of the input topic."""

    source: str
    touchpoints: Sequence[Read] = ()
    transitions: Sequence[Read] = ()
    alerts: Sequence[Read] = ()
    scores: Sequence[Read] = ()
    kpis: Sequence[Read] = ()
    late: Sequence[Read] = ()
    dead_letters: Sequence[Read] = ()


class Event(NamedTuple):
    """An output in words: what it is (`id`), whom it is about, when, and all that it says."""

    topic: str
    partition: int
    subject: str
    id: str
    at_ms: int
    content: object


def told(findings: Sequence[Finding], most: int = 5) -> str:
    """Return findings as a test shows them: how many of each kind in each topic, and the first few whole."""
    counts = Counter((finding.kind.value, finding.topic) for finding in findings)
    lines = [f"{count} {kind} in {topic}" for (kind, topic), count in counts.most_common()]
    return "\n".join([*lines, *map(str, findings[:most])])
