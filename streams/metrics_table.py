"""The table of metrics for the README: what each process exports, read from its own registries.

`python -m streams.metrics_table` prints it.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from prometheus_client import CollectorRegistry, Metric

from schemas.views import PartitionKpis
from streams.instrumentation import Instrumentation
from streams.instrumentation_dashboard import DashboardInstrumentation, DashboardState
from streams.instrumentation_disk import Disk
from streams.instrumentation_population import Population
from streams.instrumentation_worker import WorkerInstrumentation
from streams.model.definition import Model
from streams.model.load import load_model
from streams.population_gauges import PartitionReading
from streams.runtime.sizes import Sizes

PREFIX: Final = "engagement_"

_TYPES: Final = {"gaugehistogram": "distribution", "info": "gauge"}
_SUBJECTS: Final = {"customer": 0, "account": 0, "business": 0}
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_NOBODY: Final = PartitionReading(
    kpis=PartitionKpis(
        as_of=_NOW, customers=0, new_today=0, active={"1": 0}, stages={}, scores={}, answers={},
        transitions={}, alerts_open={}, alerts_raised={}, signals={}, segments={}, outcomes={},
    ),
    sizes=Sizes(rows=_SUBJECTS, bytes=_SUBJECTS, ids_remembered=0, ids_evicted_early=0, timers_due=0),
    lag_records=0, lag_seconds=0.0, overdue_seconds=0.0, live_bytes=0, stored_bytes=0,
)  # fmt: skip


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """A metric: its name as rules write it, the names of its series, its labels, and who exports it."""

    name: str
    series: frozenset[str]
    type: str
    labels: tuple[str, ...]
    what: str
    where: tuple[str, ...]


def exported(model: Model | None = None) -> list[Exported]:
    """Return all metrics of Rapport's own, by name."""
    model = model or load_model("starter")
    registries = {"up": _of_up(model), "worker": _of_worker(model), "dashboard": _of_dashboard(model)}
    processes = {process: _families(registry) for process, registry in registries.items()}
    found = []
    for name in sorted({name for families in processes.values() for name in families}):
        where = tuple(process for process, families in processes.items() if name in families)
        family = processes[where[0]][name]
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found.append(
            Exported(
                name=_name(family),
                series=frozenset(sample.name for sample in family.samples),
                type=_TYPES.get(family.type, family.type),
                labels=tuple(sorted(labels, key=lambda label: (label != "partition", label))),
                what=family.documentation,
                where=where,
            )
        )
    return found


def _of_up(model: Model) -> CollectorRegistry:
    registry = CollectorRegistry()
    Instrumentation(model, build="", registry=registry)
    Disk(Path.cwd(), registry=registry)
    Population(
        model, read=lambda: {0: _NOBODY}, partitions=lambda: 1, hindrance=lambda: None, registry=registry
    )
    return registry


def _of_worker(model: Model) -> CollectorRegistry:
    registry = CollectorRegistry()
    Instrumentation(model, build="", registry=registry)
    Population(
        model, read=lambda: {0: _NOBODY}, partitions=lambda: 1, hindrance=lambda: None, registry=registry
    )
    worker = WorkerInstrumentation(
        phases=("running",), verdicts=("again",), transactions=True, registry=registry, foreign=("topic",)
    )
    worker.entered(partition=0, phase="running")
    worker.recovering(partition=0, remaining=0)
    worker.normalise_lagging(topic="topic", partition=0, records=0)
    return registry


def _of_dashboard(model: Model) -> CollectorRegistry:
    registry = CollectorRegistry()
    Instrumentation(model, build="", registry=registry)
    DashboardInstrumentation(["topic"], registry=registry)
    DashboardState(lag=lambda: {"topic": 0}, file_bytes=lambda: 0, hindrance=lambda: None, registry=registry)
    return registry


def _families(registry: CollectorRegistry) -> dict[str, Metric]:
    return {family.name: family for family in registry.collect()}


def _name(family: Metric) -> str:
    match family.type:
        case "counter":
            return f"{family.name}_total"
        case "info":
            return f"{family.name}_info"
        case _:
            return family.name


def table() -> str:
    """Return the table as Markdown."""
    lines = ["| metric | type | labels | exported by | meaning |", "|---|---|---|---|---|"]
    for each in exported():
        labels = " ".join(f"`{label}`" for label in each.labels)
        lines.append(f"| `{each.name}` | {each.type} | {labels} | {', '.join(each.where)} | {each.what} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    print(table())


if __name__ == "__main__":
    main()
