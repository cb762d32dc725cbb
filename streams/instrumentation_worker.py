"""What happens in a worker on Kafka, beside what happens anywhere: take-overs, failed flushes, the group.

One function for each happening, as in `instrumentation.py`. Partitions are a label: there are few, and each
has one owner.
"""

import logging
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streams.instrumentation import tell

_TAKE_OVER_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class WorkerInstrumentation:
    """The happenings of one worker; phases, verdicts, foreign (topics): the closed sets of their labels."""

    def __init__(
        self,
        *,
        phases: Iterable[str],
        verdicts: Iterable[str],
        transactions: bool,
        registry: CollectorRegistry,
        foreign: Iterable[str] = (),
    ) -> None:
        self._phases = list(phases)
        self._phase = Gauge(
            "engagement_partition_phase", "1 for what a partition is doing.", ["partition", "phase"],
            registry=registry,
        )  # fmt: skip
        self._skew = Gauge(
            "engagement_clock_skew_seconds", "How far the broker's clock was ahead of ours, as last seen.",
            registry=registry,
        )  # fmt: skip
        self._remaining = Gauge(
            "engagement_recovery_remaining_records", "Changelog records still to read.", ["partition"],
            registry=registry,
        )  # fmt: skip
        self._take_over = Histogram(
            "engagement_take_over_seconds", "Time to take a partition over.",
            registry=registry, buckets=_TAKE_OVER_SECONDS,
        )  # fmt: skip
        self._failures = Counter(
            "engagement_flush_failures", "Flushes and take-overs that failed, by what was done about it.",
            ["verdict"], registry=registry,
        )  # fmt: skip
        self._rebalances = Counter(
            "engagement_rebalances", "Assignments of partitions by the group.", registry=registry
        )
        self._refused_commits = Counter(
            "engagement_group_commits_refused", "Commits of offsets that the broker did not take.",
            registry=registry,
        )  # fmt: skip
        Gauge(
            "engagement_transactions", "1: every output exactly once; 0: at least once.", registry=registry
        ).set(int(transactions))
        self._normalised = Counter(
            "engagement_normalised_touchpoints", "Touchpoints taken from other people's topics.", ["topic"],
            registry=registry,
        )  # fmt: skip
        self._missed = Counter(
            "engagement_normalise_missed_records", "Records of such topics that expired unread.", ["topic"],
            registry=registry,
        )  # fmt: skip
        self._foreign_lag = Gauge(
            "engagement_normalise_lag_records", "Records of such topics that are not taken over yet.",
            ["topic", "partition"], registry=registry,
        )  # fmt: skip
        for each in verdicts:
            self._failures.labels(each)
        for each in foreign:
            self._normalised.labels(each)
            self._missed.labels(each)

    def entered(self, *, partition: int, phase: str) -> None:
        """A partition does something else now."""
        for each in self._phases:
            self._phase.labels(partition, each).set(int(each == phase))

    def partition_dropped(self, *, partition: int) -> None:
        """A partition is no longer this worker's."""
        for each in self._phases:
            self._phase.remove(partition, each)
        self._remaining.labels(partition)
        self._remaining.remove(partition)
        tell(logging.INFO, "partition_dropped", partition=partition)

    def recovering(self, *, partition: int, remaining: int) -> None:
        """A changelog is being read; so many records are left."""
        self._remaining.labels(partition).set(remaining)

    def taken_over(
        self, *, partition: int, flushes: int, position: int, customers: int, seconds: float
    ) -> None:
        """The state of a partition was read, and its touchpoints are processed from `position` on."""
        self._take_over.observe(seconds)
        self._remaining.labels(partition).set(0)
        tell(
            logging.INFO, "taken_over", partition=partition, flushes=flushes, position=position,
            customers=customers, seconds=round(seconds, 3),
        )  # fmt: skip

    def flush_failed(self, *, partition: int, verdict: str, error: BaseException, attempt: int) -> None:
        """A flush or take-over did not come through; nothing of it can be seen."""
        self._failures.labels(verdict).inc()
        tell(
            logging.ERROR, "flush_failed", partition=partition, verdict=verdict, attempt=attempt,
            error=f"{type(error).__name__}: {error}",
        )  # fmt: skip

    def clock_compared(self, *, seconds: float) -> None:
        """The broker said what time it is: so far ahead of this worker's clock, or (below 0) behind it."""
        self._skew.set(seconds)

    def assigned(self, *, partitions: Iterable[int], kept: Iterable[int], generation: int) -> None:
        """The group gave this worker its partitions; the state of those that stayed is kept."""
        self._rebalances.inc()
        tell(
            logging.INFO, "assigned", partitions=sorted(partitions), kept=sorted(kept), generation=generation
        )

    def commit_refused(self, *, error: Exception) -> None:
        """The group's offsets could not be committed; they only show lag."""
        self._refused_commits.inc()
        tell(logging.INFO, "commit_refused", error=f"{type(error).__name__}: {error}")

    def group_troubled(self, *, error: Exception) -> None:
        """The group could not be coordinated; it is tried again."""
        tell(logging.WARNING, "group_troubled", error=f"{type(error).__name__}: {error}")

    def stuck(self, *, what: str, seconds: float) -> None:
        """Nothing moves though there is work; the process ends."""
        tell(logging.CRITICAL, "stuck", what=what, seconds=round(seconds, 1))

    # Other people's topics

    def normalised(self, *, topic: str, touchpoints: int) -> None:
        """Touchpoints of somebody else's topic are in the log."""
        self._normalised.labels(topic).inc(touchpoints)

    def normalise_lagging(self, *, topic: str, partition: int, records: int) -> None:
        """So many records of such a topic are not taken over yet."""
        self._foreign_lag.labels(topic, partition).set(records)

    def normalise_missed(self, *, topic: str, partition: int, records: int) -> None:
        """Records of such a topic expired before they were read: nobody has them any more."""
        self._missed.labels(topic).inc(records)
        tell(logging.ERROR, "normalise_missed", topic=topic, partition=partition, records=records)

    def normalise_failed(
        self, *, topic: str, partition: int, verdict: str, error: BaseException, attempt: int
    ) -> None:
        """Touchpoints could not be written to the log; they are read again."""
        self._failures.labels(verdict).inc()
        tell(
            logging.ERROR, "normalise_failed", topic=topic, partition=partition, verdict=verdict,
            attempt=attempt, error=f"{type(error).__name__}: {error}",
        )  # fmt: skip

    def normalise_dropped(self, *, topic: str, partition: int) -> None:
        """A partition of such a topic is no longer this worker's."""
        self._foreign_lag.labels(topic, partition)
        self._foreign_lag.remove(topic, partition)
