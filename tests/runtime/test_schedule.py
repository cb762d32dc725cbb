"""When it is time to flush, by a clock that stands still."""

import pytest

from streams.runtime.schedule import (
    BEHIND_INTERVAL_MS,
    FIRST_STEP_MS,
    HOUR_MS,
    LITTLE,
    NOT_AT_ALL,
    RunSettings,
    Schedule,
)

NOW = 10_000


def flushed_ago(ms: int, **settings: int) -> Schedule:
    """Return a schedule whose last flush was so long ago, and took no time."""
    return flushed_in(NOW - ms, NOW - ms, **settings)


def flushed_in(began_ms: int, ended_ms: int, **settings: int) -> Schedule:
    """Return a schedule whose last flush was between these instants."""
    paces = iter([0, began_ms, ended_ms])
    schedule = Schedule(RunSettings(**settings), clock=lambda: 0, pace=lambda: next(paces, NOW))
    schedule.flushing()
    schedule.flushed()
    return schedule


@pytest.mark.parametrize("behind", [False, True])
def test_without_changes_nothing_is_written(behind: bool) -> None:
    """However long ago the last flush was."""
    assert flushed_ago(60_000).flush_wait_ms(0, behind=behind) == NOT_AT_ALL


def test_a_change_waits_for_the_interval() -> None:
    """From the beginning of the last flush on."""
    assert flushed_ago(100, flush_interval_ms=250).flush_wait_ms(1) == 150
    assert flushed_in(NOW - 200, NOW - 100, flush_interval_ms=250).flush_wait_ms(1) == 50


def test_a_flush_that_takes_long_rests_as_long() -> None:
    """Half of the time is left for touchpoints."""
    assert flushed_in(NOW - 500, NOW - 100, flush_interval_ms=250).flush_wait_ms(1) == 300


@pytest.mark.parametrize("behind", [False, True])
def test_many_changes_are_written_at_once(behind: bool) -> None:
    """So that memory stays small."""
    assert flushed_ago(0, flush_changes=10).flush_wait_ms(10, behind=behind) == 0


@pytest.mark.parametrize(("interval_ms", "expected"), [(250, BEHIND_INTERVAL_MS), (9_000, 9_000)])
def test_whoever_is_behind_flushes_seldom(interval_ms: int, expected: int) -> None:
    """Every two seconds, or as seldom as the settings say."""
    assert flushed_ago(0, flush_interval_ms=interval_ms).flush_wait_ms(1, behind=True) == expected


def at(now_ms: int) -> Schedule:
    """Return a schedule whose clock stands at an instant."""
    return Schedule(RunSettings(), clock=lambda: now_ms, pace=lambda: NOW)


def test_a_tick_says_what_time_it_is() -> None:
    """What is due was not due long: the next tick waits for its interval."""
    schedule = at(5 * FIRST_STEP_MS)

    assert schedule.tick(4 * FIRST_STEP_MS, 0) == 5 * FIRST_STEP_MS
    assert not schedule.is_catching_up
    assert schedule.tick_wait_ms(0) == RunSettings().tick_interval_ms


def test_after_a_long_time_ticks_follow_each_other() -> None:
    """A day past what is due first: no step brings about more than a day does, where much happens."""
    schedule = at(50 * FIRST_STEP_MS)

    said = [schedule.tick(day * FIRST_STEP_MS, day * (LITTLE + 1)) for day in (1, 2, 3)]

    assert said == [2 * FIRST_STEP_MS, 3 * FIRST_STEP_MS, 4 * FIRST_STEP_MS]
    assert schedule.is_catching_up
    assert schedule.tick_wait_ms(2 * FIRST_STEP_MS) <= 0


def test_while_little_happens_time_passes_faster() -> None:
    """Two years are over after ten ticks; where much comes of one, the next is a day again."""
    schedule = at(500 * FIRST_STEP_MS)

    said = [
        schedule.tick(0, told) // FIRST_STEP_MS for told in (9, 10, LITTLE, LITTLE, 3 * LITTLE, 3 * LITTLE)
    ]

    assert said == [1, 2, 4, 8, 1, 2]


class Clocks:
    """The log's clock and real time, which go on when the test says so."""

    def __init__(self) -> None:
        self.log_ms, self.real_ms = 0, 0

    def schedule(self, **settings: int) -> Schedule:
        """Return a schedule by these clocks."""
        return Schedule(RunSettings(**settings), clock=lambda: self.log_ms, pace=lambda: self.real_ms)


def test_figures_are_kept_at_once_and_then_after_their_interval() -> None:
    """Asking too early changes nothing; the interval is of real time."""
    clocks = Clocks()
    schedule = clocks.schedule(figures_interval_ms=10_000)

    due = []
    for real_ms in (0, 9_999, 10_000, 19_999, 20_000):
        clocks.real_ms = real_ms
        due.append(schedule.are_figures_due())

    assert due == [True, False, True, False, True]


def test_a_new_hour_has_figures_sooner() -> None:
    """So that an hour keeps its last; but where a demo's hours fly, no more often than once a second."""
    clocks = Clocks()
    schedule = clocks.schedule(figures_interval_ms=10_000, hour_interval_ms=1_000)

    due = []
    for real_ms, hour in ((0, 0), (500, 1), (999, 1), (1_000, 1), (2_000, 1), (1_999, 2), (2_000, 2)):
        clocks.real_ms, clocks.log_ms = real_ms, hour * HOUR_MS
        due.append(schedule.are_figures_due())

    assert due == [True, False, False, True, False, False, True]


def test_a_short_interval_holds_for_a_new_hour_too() -> None:
    """Whoever keeps figures ten times a second does so at the turn of the hour as well."""
    clocks = Clocks()
    schedule = clocks.schedule(figures_interval_ms=100, hour_interval_ms=1_000)
    schedule.are_figures_due()

    clocks.real_ms, clocks.log_ms = 100, HOUR_MS

    assert schedule.are_figures_due()
