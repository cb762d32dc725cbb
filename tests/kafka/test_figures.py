"""What a partition shows of itself, and when: with a clock by hand and no broker."""

import asyncio
from typing import Any, NamedTuple

import pytest
from faust.types import TP
from prometheus_client import CollectorRegistry

from streams.instrumentation_worker import WorkerInstrumentation
from streams.model.load import load_model_text
from streams.runtime.kafka.appending import LOG_APPEND_TIME, Appender
from streams.runtime.kafka.changelog import Chain
from streams.runtime.kafka.figures import KPIS_MS, Figures
from streams.runtime.kafka.outputs import Renderer
from streams.runtime.kafka.state import PartitionState
from streams.runtime.kafka.takeover import Place
from streams.runtime.processor import Processor
from streams.runtime.record import Record
from streams.runtime.suspects import Portion, Suspects
from tests.runtime.shop import MAP, NOON

MODEL = load_model_text(MAP + 'frameworks: {way: {kind: free, stages: {a: {when: "ever(visit)"}}}}')
TOUCHPOINT = b'{"message_id":"1","customer_id":"c","event":"visit","timestamp":"2024-03-13T12:00:00Z"}'


class Clock:
    """Real time and the log's time, both by hand."""

    def __init__(self) -> None:
        self.ms = NOON

    def __call__(self) -> int:
        """Say what time it is."""
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def figures(clock: Clock) -> Figures:
    return Figures(pace_ms=clock, clock_ms=clock)


@pytest.fixture
def state() -> PartitionState:
    return PartitionState(
        Place("t", 0, 1, "c"), Processor(MODEL), chain=Chain(), head=None, committed=0,
        renderer=Renderer(app="a", prefix="", partition=0), part_bytes=1_000,
    )  # fmt: skip


def process(state: PartitionState, offset: int, *, appended_ms: int = NOON) -> None:
    record = Record(offset, appended_ms, b"c", TOUCHPOINT.replace(b'"1"', b'"%d"' % offset))
    state.process(Portion([record]), Suspects())


def test_nothing_is_shown_before_figures_were_taken(figures: Figures, state: PartitionState) -> None:
    """Then they are those of that instant, whatever is processed meanwhile."""
    process(state, 0)
    before = figures.reading(state, lag=0)
    figures.take(state)
    process(state, 1)

    shown = figures.reading(state, lag=0)

    assert before is None
    assert shown is not None
    assert (shown.kpis.customers, shown.sizes.rows["customer"]) == (1, 1)
    assert (shown.live_bytes, shown.stored_bytes) == (0, 0)


def test_lag_in_seconds_is_the_age_of_what_is_not_processed(
    figures: Figures, state: PartitionState, clock: Clock
) -> None:
    """Without lag it is nothing, however long ago the last record came."""
    figures.take(state)
    figures.fresh_ms = NOON
    clock.ms += 2_500

    behind, caught_up = figures.reading(state, lag=3), figures.reading(state, lag=0)

    assert behind is not None
    assert caught_up is not None
    assert (behind.lag_records, behind.lag_seconds) == (3, 2.5)
    assert (caught_up.lag_records, caught_up.lag_seconds) == (0, 0.0)


def test_a_timer_is_overdue_from_the_instant_at_which_it_is_due(
    figures: Figures, state: PartitionState, clock: Clock
) -> None:
    """Not before it, and never where nothing is due."""
    figures.take(state)
    shown = []
    for due_ms in (figures.due_ms, NOON + 1, NOON, NOON - 1_500):
        figures.due_ms = due_ms
        reading = figures.reading(state, lag=0)
        assert reading is not None
        shown.append(reading.overdue_seconds)

    assert shown == [0, 0, 0, 1.5]


def test_figures_are_told_when_they_are_new_and_the_last_time_is_long_ago(
    figures: Figures, state: PartitionState, clock: Clock
) -> None:
    """Both are needed; what was taken for the metrics alone is still to be told."""
    process(state, 0)
    figures.take(state)
    at_once = figures.are_due(state)
    clock.ms += KPIS_MS
    later = figures.are_due(state)
    figures.take_to_tell(state)
    clock.ms += KPIS_MS

    assert (at_once, later, figures.are_due(state)) == (False, True, False)
    process(state, 1)
    assert figures.are_due(state)


@pytest.mark.parametrize(("takes_ms", "rests_ms"), [(0, 2_000), (6, 2_000), (7, 2_100), (34, 10_000)])
def test_figures_that_take_long_are_taken_less_often(
    state: PartitionState, takes_ms: int, rests_ms: int
) -> None:
    """At most a three hundredth of the time goes there, and they never get older than ten seconds."""
    log = Clock()
    instants = iter([0, 0, takes_ms, takes_ms + rests_ms - 1, takes_ms + rests_ms])
    figures = Figures(pace_ms=lambda: next(instants), clock_ms=log)
    process(state, 0)

    figures.take(state)

    assert [figures.are_due(state), figures.are_due(state)] == [False, True]


def test_the_age_of_a_flush_is_that_of_its_first_record(state: PartitionState) -> None:
    """One without records has none, and the next begins anew."""
    process(state, 0, appended_ms=NOON)
    process(state, 1, appended_ms=NOON + 10)

    full, empty = state.snapshot(kpis=None), state.snapshot(kpis=None)

    assert full.age_ms(NOON + 100) == 100
    assert empty.age_ms(NOON + 100) is None
    process(state, 2, appended_ms=NOON + 50)
    assert state.snapshot(kpis=None).age_ms(NOON + 100) == 50


class Written(NamedTuple):
    """What a producer says of a record."""

    offset: int
    timestamp: int
    timestamp_type: int


class Producer:
    """Answers with a broker's time, and takes ten milliseconds for it."""

    def __init__(self, clock: Clock, *, broker_ms: int, kind: int) -> None:
        self._clock = clock
        self._written = Written(7, broker_ms, kind)

    async def send_and_wait(self, *_: Any, **__: Any) -> Written:
        """Take a record."""
        self._clock.ms += 10
        return self._written


@pytest.mark.parametrize(
    ("broker_ms", "kind", "skew"),
    [
        (NOON - 2_000, LOG_APPEND_TIME, -2.0),
        (NOON, LOG_APPEND_TIME, 0),
        (NOON + 10, LOG_APPEND_TIME, 0),
        (NOON + 11, LOG_APPEND_TIME, 0.001),
        (NOON + 90_000, 0, 0),
    ],
)
def test_the_brokers_clock_is_compared_at_each_append(
    clock: Clock, broker_ms: int, kind: int, skew: float
) -> None:
    """Within the time that the append took there is no difference; a sender's time tells none."""
    registry = CollectorRegistry()
    worker = WorkerInstrumentation(phases=(), verdicts=(), transactions=True, registry=registry)
    producer: Any = Producer(clock, broker_ms=broker_ms, kind=kind)

    offset = asyncio.run(Appender(producer, worker, clock_ms=clock).append(TP("t", 0), b"{}"))

    assert offset == 7
    assert registry.get_sample_value("engagement_clock_skew_seconds") == skew
