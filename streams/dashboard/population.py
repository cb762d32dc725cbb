"""Figures that are read when Prometheus asks: customers per stage, open alerts, lag, readiness."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from streams.dashboard.service import NotReadyError, Service
from streams.model.definition import Framework


class Population(Collector):
    """Collect the gauges of a live table; every stage and alert of the model is there, at zero too."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Read the table once and yield its figures."""
        service = self._service
        ready = service.hindrance() is None
        yield GaugeMetricFamily("engagement_ready", "1 when ready to serve.", value=float(ready))
        yield GaugeMetricFamily("engagement_lag_records", "Stored, not processed yet.", value=service.lag())
        try:
            kpis, memory = service.kpis(), service.memory()
        except NotReadyError:
            return  # no figures are better than zeros that are not true
        yield GaugeMetricFamily("engagement_customers", "Customers in the table.", value=kpis.customers)
        yield GaugeMetricFamily("engagement_row_bytes", "Memory of one customer.", value=memory.row_bytes)
        yield GaugeMetricFamily(
            "engagement_ids_remembered", "Ids that find duplicates.", value=memory.ids_remembered
        )
        yield CounterMetricFamily(
            "engagement_ids_evicted_early",
            "Ids forgotten while a repeat was possible.",
            value=memory.ids_evicted_early,
        )

        stages = GaugeMetricFamily(
            "engagement_customers_in_stage", "Customers that are in a stage.", labels=["framework", "stage"]
        )
        for framework in service.model.frameworks:
            now = kpis.stages.get(framework.name, {})
            for stage in _stages(framework):
                stages.add_metric([framework.name, stage], now.get(stage, 0))
        yield stages

        alerts = GaugeMetricFamily("engagement_alerts_open", "State alerts that are open.", labels=["alert"])
        for alert in service.model.alerts:
            if alert.kind == "state":
                alerts.add_metric([alert.name], kpis.alerts_open.get(alert.name, 0))
        yield alerts


def _stages(framework: Framework) -> list[str]:
    return [stage.name for stage in (*framework.stages, *framework.exits)]
