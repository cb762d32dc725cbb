"""`kafka-workers`: two workers against one where all share both cores; and where a worker's time goes."""

from collections.abc import Mapping
from statistics import median
from typing import Final

from bench import reference
from bench.figures import Figure, Row
from bench.kafka import systems
from bench.kafka.cluster import Cluster, cluster, fresh, source
from bench.kafka.loading import load
from bench.kafka.profiled_worker import HAPPENING
from bench.kafka.progress import Group, watch
from bench.kafka.throughput import RUN_S, SEED, TOO_SHORT, Tell, shown, starter
from bench.population import written

STEPS: Final = ("fetch", "decode", "columns", "index", "engine", "outputs", "flush", "produce")
REST: Final = "rest"
PROFILED: Final = ("-m", "bench.kafka.profiled_worker")


def rows(customers: int) -> list[Row]:
    """Return the lines of the table."""
    over = f"{customers:,} customers, `starter`"
    return [
        Row("one", f"Kafka, one worker, which shares both cores with the broker, {over}, touchpoints/s"),
        Row("two", "two workers, which share both cores with the broker"),
        Row("ratio", "two against one"),
        Row("steps", f"profile of a worker, µs a touchpoint: {', '.join((*STEPS, REST))}"),
    ]


def measure(*, touchpoints: int, customers: int, runs: int, tell: Tell) -> dict[str, Figure]:
    """Run one worker and two by turns, and one with clocks in it.

    Raises:
        WrongTableError: A run left a wrong table.
    """
    path = written(customers, SEED, touchpoints=touchpoints)
    with path.open("rb") as lines:
        expected = reference.fold(lines)
    rates: dict[int, list[float]] = {1: [], 2: []}
    with cluster(shared=True) as at:
        for _ in range(runs):
            for workers, found in rates.items():
                tell(f"kafka-workers: {workers}, on all cores")
                found.append(starter(at, path, expected, workers=workers, shared=True, tell=tell).wall)
        steps = _profiled(at, customers=customers, touchpoints=touchpoints, tell=tell)
    one, two = median(rates[1]), median(rates[2])
    ratio = two / one if one else 0.0
    return {
        "one": shown(rates[1]),
        "two": shown(rates[2]),
        "ratio": Figure(ratio, f"{ratio:.2f}" if ratio else TOO_SHORT),
        "steps": Figure(sum(steps.values()), ", ".join(f"{each:.2f}" for each in steps.values())),
    }


def _profiled(at: Cluster, *, customers: int, touchpoints: int, tell: Tell) -> dict[str, float]:
    """Let a worker with clocks read the population; return microseconds a touchpoint, by step."""
    tell("kafka-workers: one, with clocks around its steps")
    path = written(customers, SEED, touchpoints=touchpoints)
    with fresh(at.broker) as names:
        load(at.broker, names, path)
        group = Group(at.broker, names.app, source(names))
        try:
            with systems.worker(at, names, child=PROFILED) as member:
                pids = [member.process.pid]
                watch(group, group.ends(), pids, see=lambda: systems.see([member]), timeout_s=RUN_S)
                member.stop()
            (said,) = member.told(HAPPENING)
        finally:
            group.close()
    found = by_step(said["steps"], cpu_s=said["cpu"], touchpoints=touchpoints)
    tell("  " + ", ".join(f"{step} {each:.2f}" for step, each in found.items()) + " µs a touchpoint")
    return found


def by_step(seconds: Mapping[str, float], *, cpu_s: float, touchpoints: int) -> dict[str, float]:
    """Return microseconds a touchpoint for each step, and for what is in none of them."""
    known = {step: seconds.get(step, 0.0) for step in STEPS}
    return {
        step: each / touchpoints * 1e6 for step, each in {**known, REST: cpu_s - sum(known.values())}.items()
    }
