"""Metrics as text: made once for a moment, consistent, and not held up by whoever reads slowly."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from streams.exposition import KEPT_S, MOST_KEPT_S, TIMES_ITS_COST, Exposition
from streams.instrumentation_disk import Disk
from streams.ledger import OUTCOMES, Ledger


class Looks(Collector):
    """Counts how often it is looked at; each look takes `cost` and waits for `wait` on the clock `now`."""

    def __init__(self) -> None:
        self.count = 0
        self.now = self.spent = 0.0
        self.cost = self.wait = 0.0

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Be looked at."""
        self.count += 1
        self.spent += self.cost
        self.now += self.cost + self.wait
        yield GaugeMetricFamily("looks", "Looks.", value=self.count)


def test_metrics_are_made_once_for_all_who_ask_within_a_moment() -> None:
    """Up to the last instant before a quarter of a second is over; then anew."""
    registry, looks = CollectorRegistry(), Looks()
    registry.register(looks)
    looks.count = 0
    exposition = Exposition(registry, pace=lambda: looks.now)

    first = exposition.text()
    looks.now = KEPT_S - 0.001
    second = exposition.text()
    looks.now = KEPT_S
    third = exposition.text()

    assert first == second != third
    assert looks.count == 2


def test_metrics_about_something_else_are_made_at_once() -> None:
    """A partition that was given back is gone from the very next scrape, since its new owner shows it."""
    registry, looks, running = CollectorRegistry(), Looks(), {1, 2}
    registry.register(looks)
    looks.count = 0
    exposition = Exposition(registry, pace=lambda: looks.now, about=lambda: frozenset(running))

    exposition.text()
    exposition.text()
    before = looks.count
    running.remove(2)
    exposition.text()

    assert (before, looks.count) == (1, 2)


def test_metrics_that_take_long_are_made_seldom() -> None:
    """Ten milliseconds every two seconds."""
    registry, looks = CollectorRegistry(), Looks()
    registry.register(looks)
    looks.count, looks.now, looks.cost = 0, 0.0, 0.01
    exposition = Exposition(registry, pace=lambda: looks.now, spent=lambda: looks.spent)

    exposition.text()
    looks.now = 0.01 + 0.01 * TIMES_ITS_COST - 0.001
    exposition.text()
    before = looks.count
    looks.now += 0.002
    exposition.text()

    assert (before, looks.count) == (1, 2)


@pytest.mark.parametrize(
    ("cost", "wait", "kept_s"), [(0.0, 0.5, KEPT_S), (0.01, 3.0, 2.0), (0.5, 0.0, MOST_KEPT_S)]
)
def test_metrics_are_never_frozen(cost: float, wait: float, kept_s: float) -> None:
    """Waiting for a lock is no cost, and whatever they cost, they are made again after five seconds."""
    registry, looks = CollectorRegistry(), Looks()
    registry.register(looks)
    looks.count, looks.cost, looks.wait = 0, cost, wait
    exposition = Exposition(registry, pace=lambda: looks.now, spent=lambda: looks.spent)

    exposition.text()
    looks.now = made = looks.now + kept_s - 0.001
    exposition.text()
    before = looks.count
    looks.now = made + 0.002
    exposition.text()

    assert (before, looks.count) == (1, 2)


def test_both_sides_of_the_ledger_are_of_one_instant() -> None:
    """A chunk that is counted while Prometheus reads changes the next look, and nothing of this one."""
    ledger = Ledger()
    ledger.add(3, {"applied": 2, "late": 1})

    families = ledger.collect()
    read = next(families)
    ledger.add(5, {"applied": 5})
    became = next(families)

    assert sum(sample.value for sample in read.samples) == 3
    assert {sample.labels["outcome"]: sample.value for sample in became.samples} == dict.fromkeys(
        OUTCOMES, 0
    ) | {"applied": 2, "late": 1}


def test_the_log_and_its_disk_are_measured(tmp_path: Path) -> None:
    """All files of the directory, and what the file system has left."""
    (tmp_path / "log").write_bytes(b"x" * 100)
    (tmp_path / "log-wal").write_bytes(b"x" * 20)
    registry = CollectorRegistry()
    Disk(tmp_path, registry=registry)

    assert registry.get_sample_value("engagement_log_bytes") == 120
    free = registry.get_sample_value("engagement_disk_free_bytes")
    size = registry.get_sample_value("engagement_disk_size_bytes")
    assert free is not None
    assert size is not None
    assert 0 < free <= size


@pytest.mark.parametrize("gone", ["log-wal"])
def test_a_file_that_goes_while_we_look_is_no_error(tmp_path: Path, gone: str) -> None:
    """SQLite takes its journals away."""
    (tmp_path / "log").write_bytes(b"x" * 100)
    (tmp_path / gone).symlink_to(tmp_path / "nowhere")
    registry = CollectorRegistry()
    Disk(tmp_path, registry=registry)

    assert registry.get_sample_value("engagement_log_bytes") == 100
