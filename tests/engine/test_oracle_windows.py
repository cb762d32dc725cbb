"""The oracle's windows at the edges of UTC hours, days and weeks."""

from streams.model.definition import Framework
from tests.engine.lives import MIDNIGHT, NOON, Life, small_model, stage
from tests.nodes import DAY, HOUR, compare, panes, term
from tests.random_histories import at


def test_a_day_window_covers_the_utc_days_that_end_with_todays() -> None:
    """A touchpoint at the first midnight of the window counts; one millisecond earlier does not."""
    life = Life(small_model())
    life.event("visit", MIDNIGHT - 1)
    life.event("visit", MIDNIGHT)

    two_days = term("count", "visit", panes(2, "d"))

    assert life.reads(two_days, MIDNIGHT) == 2.0
    assert life.reads(two_days, MIDNIGHT + DAY - 1) == 2.0
    assert life.reads(two_days, MIDNIGHT + DAY) == 1.0
    assert life.reads(two_days, MIDNIGHT + 2 * DAY - 1) == 1.0
    assert life.reads(two_days, MIDNIGHT + 2 * DAY) == 0.0


def test_ago_moves_a_window_back_by_whole_panes() -> None:
    """With ago=2, what is of today enters a two-day window two midnights later, and stays for two days."""
    life = Life(small_model())
    life.event("buy", NOON, properties={"revenue": 30})

    earlier = term("sum", "buy", panes(2, "d"), ago=2)

    assert life.reads(earlier, MIDNIGHT + DAY - 1) == 0.0
    assert life.reads(earlier, MIDNIGHT + DAY) == 30.0
    assert life.reads(earlier, MIDNIGHT + 3 * DAY - 1) == 30.0
    assert life.reads(earlier, MIDNIGHT + 3 * DAY) == 0.0


def test_an_hour_window_has_hour_panes() -> None:
    """`2h` at 12:59 reaches back to 11:00, at 13:00 to 12:00."""
    life = Life(small_model())
    life.event("visit", NOON - 1)

    two_hours = term("count", "visit", panes(2, "h"))

    assert life.reads(two_hours, NOON + HOUR - 1) == 1.0
    assert life.reads(two_hours, NOON + HOUR) == 0.0


def test_a_week_starts_on_monday() -> None:
    """A Sunday's touchpoint is in the week before a Monday's."""
    monday = at(2024, 3, 11)
    life = Life(small_model())
    life.event("visit", monday - 1)
    life.event("visit", monday)

    weeks = term("count", "visit", panes(2, "w"))

    assert life.reads(weeks, monday + 7 * DAY - 1) == 2.0
    assert life.reads(weeks, monday + 7 * DAY) == 1.0
    assert life.reads(weeks, monday + 14 * DAY) == 0.0


def test_a_leap_day_is_a_day_like_any_other() -> None:
    """On 2024-03-01 a two-day window starts with 29 February."""
    life = Life(small_model())
    life.event("visit", at(2024, 2, 28, 23, 59))
    life.event("visit", at(2024, 2, 29))

    window = term("days", "visit", panes(2, "d"))

    assert life.reads(window, at(2024, 2, 29, 12)) == 2.0
    assert life.reads(window, at(2024, 3, 1)) == 1.0


def test_windows_are_entered_and_left_at_midnights_found_across_a_long_silence() -> None:
    """Three days end at the third midnight; two days, two days ago, last from the second to the fourth."""
    lately = stage("lately", compare(term("count", "visit", panes(3)), ">=", 1))
    before = stage("before", compare(term("count", "visit", panes(2), ago=2), ">=", 1))
    paid = stage("paid", compare(term("sum", "buy", panes(2, "w")), ">=", 30))
    life = Life(small_model(frameworks=(Framework("flags", "flags", (lately, before, paid)),)))
    life.event("visit", NOON)
    life.event("buy", NOON, properties={"revenue": 30})

    life.oracle.until(NOON + 4000 * DAY)

    assert life.moves()[2:] == [
        (None, "before", MIDNIGHT + DAY),
        ("lately", None, MIDNIGHT + 2 * DAY),
        ("before", None, MIDNIGHT + 3 * DAY),
        ("paid", None, at(2024, 3, 25)),
    ]
