"""The range of an expression holds every value that it can take."""

import math

import pytest

from streams.model.expression import Text
from streams.model.interval import EVERYTHING, Interval, bounds
from streams.model.parse import parse_expression


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("3", 3, 3),
        ("score.x - 20", -20, 80),
        ("2 * score.x + 1", 1, 201),
        ("-score.x", -100, 0),
        ("score.x * -1", -100, 0),
        ("score.x / 4", 0, 25),
        ("score.x / count(a)", -math.inf, math.inf),
        ("100 / max(count(a), 1)", 0, 100),
        ("count(a) * 0", 0, 0),
        ("score.x * count(a)", 0, math.inf),
        ("min(score.x, 20)", 0, 20),
        ("max(score.x, 20)", 20, 100),
        ("mean(score.x, 20)", 10, 60),
        ("default(answer(nps), 11)", 0, 11),
        ("answer(other)", -math.inf, math.inf),
        ("holds(ever(a), ever(b))", 0, 2),
        ("days(a, 4w)", 0, 28),
        ("days_active(28d)", 0, 28),
        ("days(a)", 0, math.inf),
        ("trait.x", -math.inf, math.inf),
    ],
)
def test_the_range_of_an_expression(text: str, low: float, high: float) -> None:
    """Worked out from its terms up; an end that is never reached may be included."""
    found = bounds(parse_expression(text).node, {"nps": Interval(0, 10)})

    assert (found.low, found.high) == (low, high)


def test_a_text_has_no_range() -> None:
    """It is no number."""
    assert bounds(Text("a"), {}) == EVERYTHING


def test_intervals_know_their_open_ends() -> None:
    """Both sides of every boundary."""
    closed, open_ = Interval(1, 3), Interval(1, 3, low_open=True, high_open=True)

    assert open_.within(closed)
    assert not closed.within(open_)
    assert closed.both(open_) == open_
    assert not Interval(3, 3).empty
    assert Interval(3, 3, high_open=True).empty
    assert Interval(3, 3, low_open=True).empty
    assert Interval(4, 3).empty
    assert Interval(1, 2).both(Interval(2, 3)) == Interval(2, 2)
