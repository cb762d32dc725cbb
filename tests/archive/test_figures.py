"""Figures over time: the last of an hour or a day, of all partitions, also of those that are idle."""

import sqlite3
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.instants import instant, milliseconds
from schemas.population import Flow
from schemas.views import PartitionKpis
from streams.archive import figures
from streams.archive.figures import DAYS_KEPT, HOURS_KEPT
from tests.archive.conftest import DAY_MS, HOUR_MS, alert, end, made, moved, write
from tests.figures import NOBODY

START_HOUR = 20_000 * 24


def kept(
    tables: sqlite3.Connection, hour: float, customers: int, partition: int = 0, now_ms: int | None = None
) -> None:
    """Write the figures of a partition at an hour of the test."""
    at_ms = int((START_HOUR + hour) * HOUR_MS)
    of_all = replace(NOBODY, as_of=instant(at_ms), customers=customers)
    figures.write(tables, partition, of_all, now_ms=at_ms if now_ms is None else now_ms)


def history(tables: sqlite3.Connection, step: figures.Step, limit: int = 1_000) -> list[tuple[int, int]]:
    """Return hours (or days) since the test's start, and the customers then."""
    width = HOUR_MS if step == "hour" else DAY_MS
    return [
        ((milliseconds(point.start) - START_HOUR * HOUR_MS) // width, point.kpis.customers)
        for point in figures.history(tables, step=step, limit=limit)
    ]


def test_the_last_of_an_hour_stays(tables: sqlite3.Connection) -> None:
    """Through its last millisecond; the next begins another."""
    for hour, customers in ((0, 1), (0.5, 2), (1 - 1 / HOUR_MS, 3), (1, 4)):
        kept(tables, hour, customers)

    assert history(tables, "hour") == [(0, 3), (1, 4)]
    assert history(tables, "day") == [(0, 4)]
    assert history(tables, "hour", limit=1) == [(1, 4)]


def test_a_partition_that_is_idle_counts_as_it_was_last(tables: sqlite3.Connection) -> None:
    """Also when it last wrote before the first step that is shown; before it was there it counts nothing."""
    kept(tables, 0, 10, partition=0)
    kept(tables, 5, 1, partition=1)
    kept(tables, 6, 2, partition=1)
    kept(tables, 30, 20, partition=0)

    assert history(tables, "hour") == [(0, 10), (5, 11), (6, 12), (30, 22)]
    assert history(tables, "hour", limit=2) == [(6, 12), (30, 22)]
    assert history(tables, "day") == [(0, 12), (1, 22)]
    assert history(tables, "day", limit=1) == [(1, 22)]
    assert {number: each.customers for number, each in figures.latest(tables).items()} == {0: 20, 1: 2}


def test_without_figures_there_is_no_history(tables: sqlite3.Connection) -> None:
    """Rather than a step of nothing."""
    assert (history(tables, "day"), figures.latest(tables)) == ([], {})


def test_of_older_days_the_last_hour_stays(tables: sqlite3.Connection) -> None:
    """Hours are kept for fourteen days, to the hour; then one a day, in each partition."""
    for hour in range(3 * 24):
        for partition in (0, 1):
            kept(tables, hour, hour, partition)

    kept(tables, HOURS_KEPT + 24 + 12, 1_000)

    hours = [hour for hour, _ in history(tables, "hour")]
    assert hours == [*range(3 * 24), HOURS_KEPT + 36]  # partition 1 wrote nothing since, and keeps its hours
    kept(tables, HOURS_KEPT + 24 + 12, 1_000, partition=1)

    assert [hour for hour, _ in history(tables, "hour")] == [23, *range(36, 3 * 24), HOURS_KEPT + 36]


def test_the_history_by_day_is_the_same_when_hours_are_thinned_out(tables: sqlite3.Connection) -> None:
    """What is forgotten was not the last of its day."""
    for hour in range(0, 60 * 24, 5):
        kept(tables, hour, hour, partition=hour % 2)

    days = history(tables, "day")

    assert [day for day, _ in days] == list(range(60))
    for hour, customers in days[:-16]:
        in_day = [h for h in range(0, 60 * 24, 5) if h < (hour + 1) * 24]
        assert customers == max(h for h in in_day if h % 2) + max(h for h in in_day if h % 2 == 0)


def test_days_are_forgotten_after_four_hundred(tables: sqlite3.Connection) -> None:
    """Figures and counts; the four hundredth day back is still there."""
    write(tables, moved(START_HOUR * HOUR_MS, None, "a"), moved(START_HOUR * HOUR_MS + DAY_MS, "a", "b"))
    kept(tables, 0, 1)
    kept(tables, 24, 2)
    first_day = START_HOUR // 24

    kept(tables, DAYS_KEPT * 24, 3)
    assert [day for day, _ in history(tables, "day")] == [0, 1, DAYS_KEPT]
    assert len(figures.moves(tables, "clm", first_day=0)) == 2
    kept(tables, (DAYS_KEPT + 1) * 24, 4)

    assert [day for day, _ in history(tables, "day")] == [1, DAYS_KEPT, DAYS_KEPT + 1]
    assert figures.counts_by_day(tables, "moved", first_day=0) == {"clm": {first_day + 1: 1}}


def test_figures_of_a_wrong_instant_forget_nothing(tables: sqlite3.Connection) -> None:
    """What is old is a matter of the log's time: a touchpoint may say that it is from 2099."""
    write(tables, moved(START_HOUR * HOUR_MS, None, "a"))
    kept(tables, 0, 1)

    kept(tables, 80 * 365 * 24, 2, now_ms=(START_HOUR + 1) * HOUR_MS)

    assert [day for day, _ in history(tables, "day")] == [0, 80 * 365]
    assert figures.counts_by_day(tables, "moved", first_day=0) != {}


WRITES = st.lists(
    st.tuples(st.integers(0, 30 * 24), st.integers(0, 2), st.integers(0, 99)), min_size=1, max_size=40
)


@given(writes=WRITES, limit=st.integers(1, 40), step=st.sampled_from(["hour", "day"]))
@settings(max_examples=100)
def test_a_step_is_the_sum_of_what_each_partition_said_last(
    writes: list[tuple[int, int, int]], limit: int, step: figures.Step
) -> None:
    """By a plain look through everything that was written, for the hours that are still kept."""
    tables = made()
    writes = sorted(writes, key=lambda each: each[0])
    for hour, partition, customers in writes:
        kept(tables, hour, customers, partition)
    width = 1 if step == "hour" else 24

    found = history(tables, step, limit)

    tables.close()
    since = writes[-1][0] - HOURS_KEPT
    for place, customers in found:
        if place * width >= since:
            last = {partition: n for hour, partition, n in writes if hour < (place + 1) * width}
            assert customers == sum(last.values())
    wanted = sorted({hour // width for hour, _, _ in writes if step == "day" or hour >= since})
    assert [place for place, _ in found if place * width >= since or step == "day"][-limit:] == wanted[
        -limit:
    ]
    assert all(one < other for (one, _), (other, _) in pairwise(found))


def test_moves_are_counted_between_stages_since_a_day(tables: sqlite3.Connection) -> None:
    """The most frequent first; nothing stands for no stage."""
    day, other = 20_000, 20_001
    write(
        tables,
        moved(day * DAY_MS, None, "a"),
        moved(day * DAY_MS + DAY_MS - 1, "a", "b"),
        moved(other * DAY_MS, "a", "b"),
        moved(other * DAY_MS, "b", None),
        moved(other * DAY_MS, "a", "b", framework="other"),
    )

    assert figures.moves(tables, "clm", first_day=day) == [
        Flow(from_stage="a", to_stage="b", moves=2),
        Flow(from_stage=None, to_stage="a", moves=1),
        Flow(from_stage="b", to_stage=None, moves=1),
    ]
    assert sum(each.moves for each in figures.moves(tables, "clm", first_day=other)) == 2
    assert figures.counts_by_day(tables, "moved", first_day=day) == {
        "clm": {day: 2, other: 2},
        "other": {other: 1},
    }


def test_alerts_are_counted_by_the_day_on_which_they_were_raised_or_resolved(
    tables: sqlite3.Connection,
) -> None:
    """Not on that on which it was written."""
    write(tables, alert(1, DAY_MS), alert(2, DAY_MS), written_ms=9 * DAY_MS)
    write(tables, end(1, 3 * DAY_MS), written_ms=9 * DAY_MS)

    assert figures.counts_by_day(tables, "raised", first_day=0) == {"drop": {1: 2}}
    assert figures.counts_by_day(tables, "resolved", first_day=0) == {"drop": {3: 1}}


def test_figures_come_back_whole(tables: sqlite3.Connection) -> None:
    """Every one of them, not the customers alone."""
    some: PartitionKpis = replace(
        NOBODY, stages={"clm": {"a": 1}}, signals={"x": (1, 2.5)}, entries=[1, 2], sources={"": 3}
    )
    figures.write(tables, 3, some, now_ms=0)

    assert figures.latest(tables) == {3: some}
    assert figures.history(tables, step="hour", limit=1)[0].kpis == some
