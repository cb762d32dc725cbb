"""`kafka-recovery`: how soon a worker works again: after a start with a large state, and after a SIGKILL.

Read from the changelog (the heads of the flushes, with their times) and from what workers say of a take-over.
"""

import signal
import time
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from bench import reference
from bench.figures import Figure, Row
from bench.kafka import heads, systems, tables
from bench.kafka.cluster import Cluster, cluster, fresh, source
from bench.kafka.generator import load
from bench.kafka.loading import load as load_file
from bench.kafka.progress import Group, watch
from bench.kafka.throughput import RUN_S, SEED, Tell
from bench.population import written
from bench.reference import WrongTableError
from tests.kafka.conftest import Fresh
from tests.kafka.fleet import Member, wait_for

RATE: Final = 1_000
BURST_S: Final = 1.0
LOAD_S: Final = 900.0  # it ends when all is seen
STILL_S: Final = 45.0  # by then it must be over
FLOW_S: Final = 3.0
TICK_S: Final = 60.0


class Started(NamedTuple):
    """A start: rows a second of the take-over, and seconds from the process to the first flush."""

    rows: float
    first_s: float


def rows(customers: int) -> list[Row]:
    """Return the lines of the table."""
    return [
        Row(
            "rows",
            f"Kafka, take-over of {customers:,} customers from the changelog, rows/s",
            "≥ 250,000",
            least=250_000,
        ),
        Row("first", "a worker's start with them, to the first touchpoint processed", "< 10 s", most=10),
        Row("killed", "a worker is killed: standstill until another has its partitions", "< 15 s", most=15),
        Row("restarted", "the only worker is killed, and started again at once", "< 15 s", most=15),
    ]


def measure(*, touchpoints: int, customers: int, runs: int, tell: Tell) -> dict[str, Figure]:
    """Build a state and start workers on it; then kill workers under load.

    Raises:
        WrongTableError: The state is wrong, or not all of it was taken over.
    """
    path = written(customers, SEED, touchpoints=touchpoints)
    with cluster() as at:
        with fresh(at.broker) as names:
            tell(f"kafka-recovery: a state of {customers:,} customers")
            _build(at, names, path, touchpoints)
            found = [_started(at, names, customers, tell) for _ in range(runs)]
        many, first = median(each.rows for each in found), median(each.first_s for each in found)
        killed = _standstill(at, 2, tell)
        restarted = _standstill(at, 1, tell)
    return {
        "rows": Figure(many, f"{many:,.0f}"),
        "first": Figure(first, f"{first:.1f} s"),
        "killed": Figure(killed, f"{killed:.1f} s"),
        "restarted": Figure(restarted, f"{restarted:.1f} s"),
    }


def _build(at: Cluster, names: Fresh, path: Path, touchpoints: int) -> None:
    """Let a worker read a population, and the ticks that bring all to the present; see that it is right."""
    load_file(at.broker, names, path)
    group = Group(at.broker, names.app, source(names))
    ends = group.ends()
    try:
        with systems.worker(at, names, name="builder") as member:
            watch(group, ends, [member.process.pid], see=lambda: systems.see([member]), timeout_s=RUN_S)
            wait_for(
                "every partition has a tick, and has read it",
                lambda: all(now > end for now, end in zip(group.committed(), ends, strict=True)),
                timeout_s=TICK_S,
            )
            member.stop()
    finally:
        group.close()
    with path.open("rb") as lines:
        expected = reference.fold(lines)
    tables.starter_is_right(tables.restored(at.broker, names, "starter"), expected, touchpoints=touchpoints)


def _started(at: Cluster, names: Fresh, customers: int, tell: Tell) -> Started:
    """Start a worker on the state, with a few touchpoints that wait for it."""
    with load(at, names, rate=RATE, seconds=BURST_S, every=1_000_000) as sending:
        sending.end()
    began_ms = time.time_ns() // 1_000_000
    with (
        heads.Heads(at.broker, names) as seen,
        systems.worker(at, names, name=f"started-{began_ms}") as member,
    ):
        wait_for("a flush", lambda: _moves(seen, member), timeout_s=STILL_S)
        first_ms = min(each.at_ms for each in seen.found)
        taken = member.told("taken_over")
        member.stop()
    held = sum(each["customers"] for each in taken)
    if held < customers:
        raise WrongTableError(f"of {customers} customers, {held} were taken over")
    found = Started(held / max(each["seconds"] for each in taken), (first_ms - began_ms) / 1_000)
    tell(f"  {found.rows:,.0f} rows/s; the first touchpoint processed after {found.first_s:.1f} s")
    return found


def _moves(seen: heads.Heads, member: Member) -> bool:
    systems.see([member])
    return bool(seen.look())


def _standstill(at: Cluster, workers: int, tell: Tell) -> float:
    """Kill one of so many workers under load; return how long its partitions stood still, in seconds.

    If it was the only one, a supervisor starts it again at once.
    """
    tell(f"kafka-recovery: one of {workers} is killed under load")
    with fresh(at.broker) as names, systems.several(at, names, workers, shared=True) as members:
        _wait_until_shared(members)
        with load(at, names, rate=RATE, seconds=LOAD_S), heads.Heads(at.broker, names) as seen:
            time.sleep(FLOW_S)
            victim = members[0]
            lost = victim.told("assigned")[-1]["partitions"]
            begin_ms = time.time_ns() // 1_000_000
            victim.send(signal.SIGKILL)
            if workers > 1:
                end_ms = _wait_until_moving(seen, lost, begin_ms)
            else:
                with systems.worker(at, names, name="again", shared=True):
                    end_ms = _wait_until_moving(seen, lost, begin_ms)
    still = heads.longest_pause_ms(seen.found, lost, begin_ms=begin_ms, end_ms=end_ms) / 1_000
    tell(f"  partitions {lost} stood still for {still:.1f} s")
    return still


def _wait_until_shared(members: list[Member]) -> None:
    for member in members:
        member.wait_until_ready()
    wait_for("each has partitions", lambda: all(member.owns() for member in members))
    for member in members:
        member.wait_until_ready()


def _wait_until_moving(seen: heads.Heads, partitions: list[int], begin_ms: int) -> int:
    """Return the instant by which each of the partitions has moved on after another."""

    def moved() -> bool:
        later = {each.partition for each in seen.look() if each.at_ms > begin_ms}
        return later.issuperset(partitions)

    wait_for("the partitions move on", moved, timeout_s=STILL_S)
    return time.time_ns() // 1_000_000
