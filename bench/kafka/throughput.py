"""`kafka`: how fast a worker reads a topic that was loaded before, alone and beside its peers.

Every run has a fresh application and fresh topics, loaded from the same file; a worker writes ticks into its
input, so that an input is not used twice.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from bench import reference
from bench.figures import Figure, Row
from bench.kafka import stock_faust, systems, tables
from bench.kafka.cluster import Cluster, cluster, fresh, source
from bench.kafka.loading import load
from bench.kafka.progress import Group, Rate, TooShortError, rate, watch
from bench.kafka.small import counts_of
from bench.population import written
from streams import topics
from tests.kafka.conftest import Fresh

SMALL: Final = str(Path(__file__).with_name("small.yaml"))
SEED: Final = 7
RUN_S: Final = 600.0
TOO_SHORT: Final = "too short a run to say"
BARS: Final = (100_000, 60_000)
TIMES_SCRIPT: Final = 2
TIMES_FAUST: Final = 30
ORDER: Final = ("rapport", "script", "faust", "faust", "script", "rapport")

Tell = Callable[[str], None]


class Peer(NamedTuple):
    """A system of the comparison: what is run, and how its table is read."""

    child: tuple[str, ...]
    name: str


PEERS: Final = {
    "rapport": Peer((), "Rapport"),
    "script": Peer(("-m", "bench.kafka.by_hand"), "a confluent-kafka script"),
    "faust": Peer(("-m", "bench.kafka.stock_faust"), "stock Faust"),
}


def rows(sizes: Sequence[int], faust: int) -> list[Row]:
    """Return the lines of the table; `faust`: so many touchpoints stock Faust is given."""
    found = []
    for size, bar in zip(sizes, BARS, strict=True):
        over = f"Kafka, one worker on one core, `starter`, {size:,} customers"
        found += [
            Row(f"rate {size}", f"{over}, touchpoints/s", f"≥ {bar:,}", least=bar),
            Row(f"cpu {size}", "the same for each second of the worker's CPU time"),
        ]
    script, stock = PEERS["script"].name, PEERS["faust"].name
    return [
        *found,
        Row("small rapport", f"Kafka, a small model, {sizes[0]:,} customers, touchpoints/s"),
        Row("small script", f"the same by {script}"),
        Row("small faust", f"the same by {stock} (of {faust:,} touchpoints)"),
        Row("times script", f"Rapport against {script}", "≥ 2 times", least=TIMES_SCRIPT),
        Row("times faust", f"Rapport against {stock}", "≥ 30 times", least=TIMES_FAUST),
    ]


def measure(sizes: Sequence[int], touchpoints: int, faust: int, runs: int, tell: Tell) -> dict[str, Figure]:
    """Run each size as often as asked for, and the comparison once each way; return the medians.

    Raises:
        WrongTableError: A run left a wrong table.
    """
    figures: dict[str, Figure] = {}
    with cluster() as at:
        for size in sizes:
            path = written(size, SEED, touchpoints=touchpoints)
            tell(f"kafka: {touchpoints:,} touchpoints of {size:,} customers")
            with path.open("rb") as lines:
                expected = reference.fold(lines)
            found = [starter(at, path, expected, tell=tell) for _ in range(runs)]
            figures[f"rate {size}"] = shown([each.wall for each in found])
            figures[f"cpu {size}"] = shown([each.cpu for each in found])
        path = written(sizes[0], SEED, touchpoints=touchpoints)
        return figures | _compared(at, path, faust, tell)


def starter(
    at: Cluster,
    path: Path,
    expected: reference.Totals,
    *,
    workers: int = 1,
    shared: bool = False,
    child: tuple[str, ...] = (),
    tell: Tell,
) -> Rate:
    """Let workers read a population with `starter`, and see that their tables are right.

    shared: on any core. child: another program in the place of `rapport worker`.

    Raises:
        WrongTableError: they are not.
    """
    with fresh(at.broker) as names:
        loaded = load(at.broker, names, path)
        found = read(at, names, workers=workers, shared=shared, child=child)
        right = tables.restored(at.broker, names, "starter")
        tables.starter_is_right(right, expected, touchpoints=loaded.touchpoints)
    tell(f"  {found.wall:,.0f} touchpoints/s, {found.cpu:,.0f} for each second of CPU time")
    return found


def read(
    at: Cluster,
    names: Fresh,
    *,
    model: str = "starter",
    workers: int = 1,
    shared: bool = False,
    child: tuple[str, ...] = (),
) -> Rate:
    """Let a system read an input that is loaded, to its end; return how fast it was."""
    group = Group(at.broker, names.app, source(names))
    ends = group.ends()
    try:
        with systems.several(at, names, workers, model=model, shared=shared, child=child) as members:
            points = watch(
                group,
                ends,
                [member.process.pid for member in members],
                see=lambda: systems.see(members),
                timeout_s=RUN_S,
            )
            for member in members:
                member.stop()
    finally:
        group.close()
    try:
        return rate(points)
    except TooShortError:
        return Rate(0.0, 0.0)


def _compared(at: Cluster, path: Path, faust: int, tell: Tell) -> dict[str, Figure]:
    """Run the small model by each system, there and back again."""
    whole, part = tables.fold(path), tables.fold(path, faust)
    found: dict[str, list[float]] = {name: [] for name in PEERS}
    for name in ORDER:
        tell(f"kafka: the small model by {PEERS[name].name}")
        most = faust if name == "faust" else None
        measured = _small(at, path, most, name, part if most else whole)
        found[name].append(measured.wall)
        tell(f"  {measured.wall:,.0f} touchpoints/s, {measured.cpu:,.0f} for each second of CPU time")
    figures = {f"small {name}": shown(values) for name, values in found.items()}
    rates = {name: figures[f"small {name}"].value for name in PEERS}
    for name in ("script", "faust"):
        times = rates["rapport"] / rates[name] if rates[name] else 0.0
        figures[f"times {name}"] = Figure(times, f"{times:.1f} times" if times else TOO_SHORT)
    return figures


def _small(at: Cluster, path: Path, most: int | None, name: str, expected: tables.Counts) -> Rate:
    """Run the small model by one system, and see that its table is right.

    Raises:
        WrongTableError: it is not.
    """
    with fresh(at.broker) as names:
        load(at.broker, names, path, most)
        found = read(at, names, model=SMALL, child=PEERS[name].child)
        if name == "rapport":
            events = {event for counts in expected.values() for event in counts}
            kept = tables.small_counts(tables.restored(at.broker, names, SMALL), events)
        else:
            changelog = stock_faust.changelog if name == "faust" else topics.changelog
            kept = tables.kept_counts(at.broker, changelog(names.app), counts_of)
        tables.insist(expected, kept, system=PEERS[name].name)
    return found


def shown(rates: Sequence[float]) -> Figure:
    """Return the median of rates, with their span; a run that was too short says so."""
    if not all(rates):
        return Figure(0.0, TOO_SHORT)
    middle = median(rates)
    if len(rates) == 1:
        return Figure(middle, f"{middle:,.0f}")
    return Figure(middle, f"{middle:,.0f} ({min(rates):,.0f} to {max(rates):,.0f})")
