"""Which Kafka a cluster is, by its features, and what that means for transactions. Pure."""

from collections.abc import Mapping
from typing import Final

from streams.runtime.kafka.findings import Finding, Weight

# The first level of metadata.version in each release (MetadataVersion in Kafka's sources).
RELEASES: Final = {
    "3.0": 1, "3.1": 2, "3.2": 3, "3.3": 4, "3.4": 8, "3.5": 9, "3.6": 12, "3.7": 15, "3.8": 20, "3.9": 21,
    "4.0": 22, "4.1": 26,
}  # fmt: skip
NEWEST: Final = 27  # the last level of the last of them
VERIFYING: Final = RELEASES["3.6"]  # since then a broker sees whether a batch belongs to an open transaction
BUMPING: Final = 2  # the level of transaction.version at which each transaction has an epoch of its own


def release(features: Mapping[str, int]) -> Finding:
    """Return what the cluster is, and whether a batch that comes too late can do harm there (KIP-890)."""
    level = features.get("metadata.version")
    if level is None:
        return Finding(
            Weight.NOTE,
            "the cluster does not say which Kafka it is, as one older than 3.3, or kept by ZooKeeper: "
            "Rapport is tried with 4.1. Before 3.6, a batch that comes after its transaction has ended can "
            "keep readers of what is committed waiting (KIP-890)",
        )
    name = _named(level)
    if level < VERIFYING:
        return Finding(
            Weight.WARNING,
            f"the cluster works as {name}, which takes batches after their transaction has ended: one that "
            "is late can keep readers of what is committed waiting for ever (KIP-890)",
            "go to Kafka 3.6 or later; Rapport is tried with 4.1",
        )
    version = features.get("transaction.version", 0)
    own = "" if version >= BUMPING else f" (transaction.version is {version}; Rapport needs no higher one)"
    return Finding(
        Weight.OK,
        f"the cluster works as {name}: it takes no batch into a transaction that has ended (KIP-890){own}",
    )


def _named(level: int) -> str:
    name = max((name for name, first in RELEASES.items() if first <= level), key=lambda each: RELEASES[each])
    return f"Kafka {name}" + (" or later" if level > NEWEST else "") + f" (metadata.version {level})"
