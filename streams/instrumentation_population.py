"""How everybody is, as gauges that are read when Prometheus asks: one collector for both logs.

Each has the label `partition`, whoever owns it, and is there only while the partition is running there: a
sum over workers counts no partition twice.
"""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from streams.model.definition import Model
from streams.population_gauges import OF_CUSTOMERS, OF_STATE, Gauge, Names, PartitionReading, bins


class Population(Collector):
    """Collects what `read` gives, by partition; `hindrance` is None while all is well."""

    def __init__(
        self,
        model: Model,
        *,
        read: Callable[[], Mapping[int, PartitionReading]],
        partitions: Callable[[], int],
        hindrance: Callable[[], str | None],
        registry: CollectorRegistry,
    ) -> None:
        """partitions: how many there are in all, whoever has them; 0 while that is not known."""
        self._names = Names(model)
        self._read = read
        self._partitions = partitions
        self._hindrance = hindrance
        registry.register(self)

    def describe(self) -> list[Metric]:
        """Say nothing: a registry that asks when it is built would have everything read."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read everything once, and yield it."""
        ready = float(self._hindrance() is None)
        yield GaugeMetricFamily("engagement_ready", "1 while it is ready to serve.", value=ready)
        yield GaugeMetricFamily(
            "engagement_partitions", "Partitions in all, whoever owns them.", value=self._partitions()
        )
        readings = {str(number): each for number, each in sorted(self._read().items())}
        for gauge in (*OF_STATE, *OF_CUSTOMERS):
            yield self._family(gauge, readings)
        yield self._evicted(readings)
        yield self._scores(readings)

    def _family(self, gauge: Gauge, readings: Mapping[str, PartitionReading]) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            f"engagement_{gauge.name}", gauge.what, labels=["partition", *gauge.labels]
        )
        for partition, reading in readings.items():
            for labels, value in gauge.series(reading, self._names):
                family.add_metric([partition, *labels], value)
        return family

    def _evicted(self, readings: Mapping[str, PartitionReading]) -> CounterMetricFamily:
        family = CounterMetricFamily(
            "engagement_ids_evicted_early", "Ids forgotten while a repeat was possible.", labels=["partition"]
        )
        for partition, reading in readings.items():
            family.add_metric([partition], reading.sizes.ids_evicted_early)
        return family

    def _scores(self, readings: Mapping[str, PartitionReading]) -> GaugeHistogramMetricFamily:
        family = GaugeHistogramMetricFamily(
            "engagement_score", "Customers by score, as they stand now.", labels=["partition", "score"]
        )
        for partition, reading in readings.items():
            for score in self._names.scores:
                family.add_metric([partition, score], *bins(reading.kpis, score))
        return family
