"""When it is time to flush, by a clock that stands still."""

import pytest

from streams.runtime.schedule import BEHIND_INTERVAL_MS, NOT_AT_ALL, RunSettings, Schedule

NOW = 10_000


def flushed_ago(ms: int, **settings: int) -> Schedule:
    """Return a schedule whose last flush was so long ago."""
    paces = iter([NOW - ms])
    schedule = Schedule(RunSettings(**settings), clock=lambda: 0, pace=lambda: next(paces, NOW))
    schedule.flushed()
    return schedule


@pytest.mark.parametrize("behind", [False, True])
def test_without_changes_nothing_is_written(behind: bool) -> None:
    """However long ago the last flush was."""
    assert flushed_ago(60_000).flush_wait_ms(0, behind=behind) == NOT_AT_ALL


def test_a_change_waits_for_the_interval() -> None:
    """From the last flush on."""
    assert flushed_ago(100, flush_interval_ms=250).flush_wait_ms(1) == 150


@pytest.mark.parametrize("behind", [False, True])
def test_many_changes_are_written_at_once(behind: bool) -> None:
    """So that memory stays small."""
    assert flushed_ago(0, flush_changes=10).flush_wait_ms(10, behind=behind) == 0


@pytest.mark.parametrize(("interval_ms", "expected"), [(250, BEHIND_INTERVAL_MS), (9_000, 9_000)])
def test_whoever_is_behind_flushes_seldom(interval_ms: int, expected: int) -> None:
    """Every two seconds, or as seldom as the settings say."""
    assert flushed_ago(0, flush_interval_ms=interval_ms).flush_wait_ms(1, behind=True) == expected
