"""What contributed to a change, worked out by hand."""

from collections.abc import Sequence

import pytest

from schemas.outputs import Contribution
from streams.model.compile import compile_model
from streams.model.definition import Alert, TransitionPattern
from streams.model.expression import Rule
from streams.model.load import load_model_text
from streams.runtime.words import (
    MOST_CONTRIBUTIONS,
    Source,
    contributions,
    raising,
    signal_contributions,
    units,
)
from tests.nodes import DAY, number

NEVER = float("nan")
BOUGHT = Source(0, "purchase", "Order Completed", counts=True, is_since=False)
BOUGHT_IN_A_MONTH = Source(1, "purchase", "Order Completed", counts=True, is_since=False)
SINCE_VISIT = Source(2, "visit", "Page Viewed", counts=False, is_since=True)
RULE = Rule(text="RULE", node=number(1.0))
SPENT = Source(3, "purchase", "Order Completed", counts=False, is_since=False)


def told(found: Sequence[Contribution]) -> list[tuple[str, float, float]]:
    return [(each.event, each.points, each.share) for each in found]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ((3.0, 0.0, 1.0), [("a", 3.0, 0.75), ("b", 1.0, 0.25)]),
        ((1.0, 2.0, 0.0), [("a", 3.0, 1.0)]),
        ((1.0, 0.0, -3.0), [("b", -3.0, 0.75), ("a", 1.0, 0.25)]),
        ((1.0, 0.0, 1.0), [("a", 1.0, 0.5), ("b", 1.0, 0.5)]),
        ((1.0, -1.0, 0.0), []),
        ((0.0, 0.0, 0.0), []),
    ],
)
def test_points_of_one_event_are_together_and_the_largest_come_first(
    points: tuple[float, ...], expected: list[tuple[str, float, float]]
) -> None:
    """Shares are of the sizes, so that they add up to one; what cancels out is not there."""
    assert told(contributions(points, ("a", "a", "b"))) == expected


def test_points_that_cancel_out_for_every_event_divide_nothing() -> None:
    """Each event has as much for as against."""
    found = contributions((1.0, -1.0, 2.0, -2.0), ("a", "a", "b", "b"))

    assert told(found) == [("a", 0.0, 0.0), ("b", 0.0, 0.0)]


def test_only_the_largest_contributions_are_told() -> None:
    """A reason is short."""
    assert len(contributions([*map(float, range(1, 10))], "abcdefghi")) == MOST_CONTRIBUTIONS


def test_a_rule_that_counts_a_signal_twice_tells_the_larger_count() -> None:
    """Four purchases, three of them in a month, a visit just now: not eight points."""
    found = signal_contributions([BOUGHT, BOUGHT_IN_A_MONTH, SINCE_VISIT, SPENT], [4.0, 3.0, 0.0, 99.5])

    assert told(found) == [("Order Completed", 4.0, 0.8), ("Page Viewed", 1.0, 0.2)]


def test_what_never_happened_contributes_nothing() -> None:
    """Neither a count of zero nor a time since that is not known."""
    assert signal_contributions([BOUGHT, SINCE_VISIT], [0.0, 0.0, NEVER]) == []


@pytest.mark.parametrize(
    ("alert", "expected"),
    [
        (Alert(name="a", kind="state"), "RULE"),
        (Alert(name="a", kind="event", upon_signal="purchase"), "upon purchase"),
        (Alert(name="a", kind="event", upon_question="nps", when=RULE), "upon nps when RULE"),
        (Alert(name="a", kind="event", upon_every_ms=365 * DAY), "upon every 365d"),
        (
            Alert(name="a", kind="event", upon_transition=TransitionPattern(framework="clm")),
            "upon transition clm",
        ),
        (
            Alert(
                name="a",
                kind="event",
                upon_transition=TransitionPattern(
                    framework="clm", direction="back", to=("a", "b"), except_to=("c",), from_stages=("d",)
                ),
            ),
            "upon transition clm back from d to a or b except to c",
        ),
    ],
)
def test_an_alert_says_upon_what_it_was_raised(alert: Alert, expected: str) -> None:
    """As the model says it; `always` would explain nothing."""
    assert raising(alert, "RULE") == expected


def test_terms_that_are_no_plain_numbers_have_a_unit() -> None:
    """Lengths of time and instants are milliseconds; a count needs no unit."""
    model = load_model_text(
        """
model: m
version: 1
touchpoints: [{event: Bought, signals: [purchase]}]
frameworks:
  way:
    kind: ladder
    stages:
      low: {}
      top: {when: "since(purchase) < 7d and first(purchase) < last(purchase) and count(purchase, 7d) > 1"}
"""
    )

    found = units(compile_model(model))

    assert found == {
        "since(purchase)": "duration", "first(purchase)": "instant", "last(purchase)": "instant",
    }  # fmt: skip
