"""What happens in a dashboard on Kafka alone: outputs taken over, what could not be, and the broker away.

One function for each happening, as in `instrumentation.py`. Topics go by their public names.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.instrumentation import tell

_COMMIT_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class DashboardInstrumentation:
    """The happenings of one dashboard; `topics`: those that it follows."""

    def __init__(self, topics: Iterable[str], *, registry: CollectorRegistry) -> None:
        def counter(name: str, what: str) -> Counter:
            return Counter(f"engagement_dashboard_{name}", what, ["topic"], registry=registry)

        self._records = counter("records", "Outputs taken over into the file.")
        self._repeats = counter("repeated_records", "Outputs that were there before, and were left out.")
        self._unreadable = counter("unreadable_records", "Records that are no outputs, and were left out.")
        self._missed = counter("missed_records", "Offsets that expired before they were read.")
        self._rebuilds = counter("rebuilds", "Topics of which the file is made anew.")
        self._commits = Histogram(
            "engagement_dashboard_commit_seconds", "Time to write what came at once into the file.",
            registry=registry, buckets=_COMMIT_SECONDS,
        )  # fmt: skip
        for each in topics:
            for family in (self._records, self._repeats, self._unreadable, self._missed, self._rebuilds):
                family.labels(each)

    def taken(self, records: Mapping[str, int], *, seconds: float) -> None:
        """Records were read and committed as one; counted by topic."""
        for topic, count in records.items():
            self._records.labels(topic).inc(count)
        self._commits.observe(seconds)

    def repeated(self, topic: str) -> None:
        """An output came again: its worker writes at least once."""
        self._repeats.labels(topic).inc()

    def unreadable(self, topic: str, *, partition: int, offset: int, error: Exception) -> None:
        """A record is not what the topic promises; somebody else wrote it, or another version."""
        self._unreadable.labels(topic).inc()
        tell(
            logging.ERROR, "output_unreadable", topic=topic, partition=partition, offset=offset,
            error=str(error),
        )  # fmt: skip

    def missed(self, topic: str, *, partition: int, records: int) -> None:
        """Records expired, or were compacted away, before they were read."""
        self._missed.labels(topic).inc(records)
        tell(logging.WARNING, "outputs_missed", topic=topic, partition=partition, offsets=records)

    def rebuilding(self, topic: str, *, why: str) -> None:
        """What the file has of a topic is thrown away and read again."""
        self._rebuilds.labels(topic).inc()
        tell(logging.WARNING, "rebuilding", topic=topic, why=why)

    def made_anew(self, *, why: str) -> None:
        """The file could not be used; another one is made of the topics."""
        tell(logging.WARNING, "file_made_anew", why=why)

    def reindexed(self) -> None:
        """The model has other names than the one before, so customers were put in order anew."""
        tell(logging.INFO, "customers_reindexed")

    def following(self, *, partitions: int, behind: int) -> None:
        """All topics are there, and are read from where the file ends."""
        tell(logging.INFO, "following", partitions=partitions, behind=behind)

    def caught_up(self, *, seconds: float) -> None:
        """Everything that was there at the start is in the file."""
        tell(logging.INFO, "caught_up", seconds=round(seconds, 1))

    def hindered(self, *, reason: str) -> None:
        """Nothing can be read or written for now; what is in the file is served."""
        tell(logging.WARNING, "dashboard_hindered", reason=reason)

    def other_model(self, *, theirs: str, ours: str) -> None:
        """The outputs that come in are of a model that is not the dashboard's."""
        tell(logging.WARNING, "other_model", theirs=theirs, ours=ours)


class DashboardState(Collector):
    """Collects how far the dashboard is: `lag` by topic, the bytes of its file, and what hinders it."""

    def __init__(
        self,
        *,
        lag: Callable[[], Mapping[str, int]],
        file_bytes: Callable[[], int],
        hindrance: Callable[[], str | None],
        registry: CollectorRegistry,
    ) -> None:
        self._lag = lag
        self._file_bytes = file_bytes
        self._hindrance = hindrance
        registry.register(self)

    def describe(self) -> list[Metric]:
        """Say nothing: there may be no file yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read everything once."""
        ready = float(self._hindrance() is None)
        yield GaugeMetricFamily("engagement_ready", "1 while it is ready to serve.", value=ready)
        lag = GaugeMetricFamily(
            "engagement_dashboard_lag_records", "Outputs that are not taken over yet.", labels=["topic"]
        )
        for topic, records in self._lag().items():
            lag.add_metric([topic], records)
        yield lag
        yield GaugeMetricFamily(
            "engagement_dashboard_file_bytes", "Size of the dashboard's file.", value=self._file_bytes()
        )
