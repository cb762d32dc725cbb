"""`kafka-memory`: the most memory that a worker holds while it reads a long backlog."""

from pathlib import Path
from typing import Final

from bench import reference
from bench.figures import Figure, Row
from bench.kafka import systems, tables
from bench.kafka.cluster import cluster, fresh, source
from bench.kafka.loading import load
from bench.kafka.progress import Group, watch
from bench.kafka.throughput import RUN_S, SEED, Tell
from bench.population import written

MB: Final = 1_000_000
MOST_MB: Final = 400


def rows(customers: int, touchpoints: int) -> list[Row]:
    """Return the line of the table."""
    what = f"Kafka, a backlog of {touchpoints:,} is read, {customers:,} customers: most memory of the worker"
    return [Row("peak", what, f"< {MOST_MB} MB", most=MOST_MB)]


def measure(*, touchpoints: int, customers: int, tell: Tell) -> dict[str, Figure]:
    """Let a worker read a long backlog, and look at what it held at most.

    Raises:
        WrongTableError: It left a wrong table.
    """
    tell(f"kafka-memory: a backlog of {touchpoints:,} touchpoints of {customers:,} customers")
    path = written(customers, SEED, touchpoints=touchpoints)
    with path.open("rb") as lines:
        expected = reference.fold(lines)
    with cluster() as at, fresh(at.broker) as names:
        load(at.broker, names, path)
        group = Group(at.broker, names.app, source(names))
        try:
            with systems.worker(at, names) as member:
                pid = member.process.pid
                watch(group, group.ends(), [pid], see=lambda: systems.see([member]), timeout_s=RUN_S)
                peak = peak_bytes(Path(f"/proc/{pid}/status").read_text()) / MB
                member.stop()
        finally:
            group.close()
        right = tables.restored(at.broker, names, "starter")
        tables.starter_is_right(right, expected, touchpoints=touchpoints)
    tell(f"  {peak:,.0f} MB")
    return {"peak": Figure(peak, f"{peak:,.0f} MB")}


def peak_bytes(status: str) -> int:
    """Return the most memory that a process held, by its status.

    Raises:
        ValueError: it does not say.
    """
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1_024
    raise ValueError("the system does not say how much memory a process held")
