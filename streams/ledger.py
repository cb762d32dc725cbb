"""The account of records: how many were read, and what became of each. The two are equal at every scrape.

Prometheus reads one metric after the other while records are processed; two counters would differ by a
chunk now and then, and an alert on the difference could not be told from the fault that it is about.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

# Every record read ends in exactly one of these.
OUTCOMES: Final = ("applied", "duplicate", "late", "suppressed", "dead_letter", "internal", "already_applied")


class Ledger(Collector):
    """Counts of this process, replaced as a whole with every chunk and read as a whole by every scrape."""

    def __init__(self) -> None:
        self._account: tuple[int, Mapping[str, int]] = (0, MappingProxyType(dict.fromkeys(OUTCOMES, 0)))

    def add(self, records: int, gained: Mapping[str, int]) -> None:
        """Count a chunk of records, and what became of them; one thread does."""
        read, outcomes = self._account
        self._account = (read + records, {each: outcomes[each] + gained.get(each, 0) for each in OUTCOMES})

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield both sides of one account."""
        read, outcomes = self._account
        yield CounterMetricFamily("engagement_records_read", "Records read from the log.", value=read)
        became = CounterMetricFamily(
            "engagement_touchpoints", "Records read, by what became of them.", labels=["outcome"]
        )
        for outcome, count in outcomes.items():
            became.add_metric([outcome], count)
        yield became
