"""What metrics show of the embedded log: true, cheap, and nothing while there is no state."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from streams.instrumentation import Instrumentation
from streams.model.load import load_model_text
from streams.population_gauges import PartitionReading
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.readings import LEAST_S, PARTITION, Readings
from streams.runtime.embedded.run import EmbeddedRun, RunSettings
from streams.runtime.processor import Processor
from tests.runtime.shop import MAP, NOON

MODEL = load_model_text(
    MAP + 'frameworks: {way: {kind: ladder, stages: {here: {}, gone: {when: "since(purchase) >= 1d"}}}}'
)
DAY_MS = 86_400_000


class Watched:
    """A log, a run that the test steps by hand, and its readings; all clocks by hand as well."""

    def __init__(self, directory: Path) -> None:
        self.now_ms = NOON
        self.pace_s = 0.0
        self.look_s = 0.0  # how long each look at the clock takes
        self.log = EmbeddedLog(directory)
        self.run = EmbeddedRun(
            self.log,
            MODEL,
            lambda: Processor(MODEL),
            clock=lambda: self.now_ms,
            instrumentation=Instrumentation(MODEL, build="", registry=CollectorRegistry()),
            pace=lambda: self.now_ms,
            settings=RunSettings(flush_interval_ms=1),
        )
        self.readings = Readings(self.log, self.run, MODEL, clock=lambda: self.now_ms, pace=self._pace)
        self.run.recover()

    def _pace(self) -> float:
        self.pace_s += self.look_s
        return self.pace_s

    def append(self, number: int) -> None:
        """Let a customer of its own buy something."""
        value = (
            f'{{"message_id":"{number}","customer_id":"c{number}","event":"buy",'
            f'"timestamp":"2024-03-13T12:00:00Z"}}'
        )
        self.log.append([(f"c{number}".encode(), value.encode())], self.now_ms)

    def read(self) -> PartitionReading:
        """Return what the one partition shows."""
        return self.readings.read()[PARTITION]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.log.close()


def test_lag_is_what_is_stored_and_not_processed_and_how_old_it_is(watched: Watched) -> None:
    """The oldest of them counts; without any, there is no age."""
    idle = watched.read()
    for number in range(3):
        watched.append(number)
        watched.now_ms += 1_000
    behind = watched.read()
    watched.run.step()
    caught_up = watched.read()

    assert [(each.lag_records, each.lag_seconds) for each in (idle, behind, caught_up)] == [
        (0, 0), (3, 3.0), (0, 0),
    ]  # fmt: skip


def test_figures_are_read_again_after_a_second(watched: Watched) -> None:
    """Not a moment before it: scrapes in between cost nothing."""
    watched.append(1)
    watched.run.step()
    counted = []
    for seconds in (0.0, LEAST_S - 0.001, LEAST_S):
        watched.pace_s = seconds
        counted.append(watched.read().kpis.customers)
        watched.append(2)
        watched.run.step()

    assert counted == [1, 1, 2]


@pytest.mark.parametrize(("look_s", "kept_s"), [(0.1, 20.0), (0.5, 30.0)])
def test_figures_that_take_long_are_read_seldom(watched: Watched, look_s: float, kept_s: float) -> None:
    """A scan of a tenth of a second is made every twenty seconds, and a longer one every thirty."""
    watched.append(1)
    watched.run.step()
    watched.look_s = look_s
    watched.read()
    watched.append(2)
    watched.run.step()
    watched.look_s, began_s = 0.0, watched.pace_s

    watched.pace_s = began_s + kept_s - 0.001
    before = watched.read().kpis.customers
    watched.pace_s = began_s + kept_s + 0.001

    assert (before, watched.read().kpis.customers) == (1, 2)


def test_what_time_alone_changes_is_shown_as_due_and_overdue(watched: Watched) -> None:
    """From its instant and the grace of timers on, until a tick has come."""
    watched.append(1)
    watched.run.step()
    early = watched.read()
    watched.now_ms += DAY_MS + MODEL.settings.timer_grace_ms + 2_500
    watched.pace_s += LEAST_S
    due = watched.read()
    while watched.run.step():
        pass
    watched.pace_s += LEAST_S
    ticked = watched.read()

    assert (early.overdue_seconds, early.sizes.timers_due) == (0, 0)
    assert (due.overdue_seconds >= 2.5, due.sizes.timers_due) == (True, 1)
    assert ticked.overdue_seconds == 0
    assert ticked.kpis.stages["way"] == {"here": 0, "gone": 1}


def test_the_state_on_disk_is_measured(watched: Watched) -> None:
    """Nothing before the first flush; then what it holds, and what it would be, written once."""
    before = watched.read()
    watched.append(1)
    watched.run.step()
    watched.run.flush()
    after = watched.read()

    assert (before.live_bytes, before.stored_bytes) == (0, 0)
    assert after.live_bytes > 0
    assert after.stored_bytes == watched.log.flush_bytes > 0


def test_while_there_is_no_state_there_are_no_figures(watched: Watched) -> None:
    """Nor old ones when it is there again."""
    watched.append(1)
    watched.run.step()
    watched.read()
    watched.run._drop()

    gone = watched.readings.read()
    watched.append(2)
    watched.run.recover()
    watched.run.step()

    assert gone == {}
    assert watched.read().kpis.customers == 2


def test_a_log_that_cannot_be_read_takes_the_figures_away_and_no_more(watched: Watched) -> None:
    """The metrics that say so must still come."""
    watched.append(1)
    with sqlite3.connect(watched.log.path) as other:
        other.execute("UPDATE input SET body = zeroblob(length(body))")
    other.close()

    assert watched.readings.read() == {}
