"""Which way a rule goes with what it reads: what is not true stands only where nothing can make it true."""

import pytest

from streams.model.causes import DOWN, EITHER, UP, Reads, Thing, Way
from streams.model.definition import Model
from streams.model.load import load_model_text

TEXT = """
model: ways
version: 1
touchpoints:
  - {event: A, signals: [a, b], dimensions: {x: 1, y: 1}}
dimensions:
  x: {half_life: 14d, half_at: 5}
  y: {half_life: 14d, half_at: 5}
scores:
  up: mean(x, y)
  down: 100 - x
  both: x - 2 * x
alerts:
  tried: {kind: state, when: "RULE"}
"""


def ways(rule: str, thing: Thing) -> set[Way]:
    """Return the ways in which a rule goes with a thing."""
    model: Model = load_model_text(TEXT.replace("RULE", rule))
    (alert,) = model.alerts
    assert alert.when is not None
    return {way for found, way in Reads(model).of(alert.when.node) if found == thing}


@pytest.mark.parametrize(
    ("rule", "way"),
    [
        ("since(a) > 7d", UP),
        ("7d < since(a)", UP),
        ("since(a) <= 7d", DOWN),
        ("not (since(a) > 7d)", DOWN),
        ("since(a) - since(b) > 7d", UP),
        ("since(b) - since(a) > 7d", DOWN),
        ("2 * since(a) > 7d", UP),
        ("-1 * since(a) > -7d", DOWN),
        ("since(a) / 2 > 7d", UP),
        ("since(b) / since(a) > 7", EITHER),
        ("since(a) == 7d", EITHER),
        ("max(since(a), since(b)) > default(rhythm, 7d)", UP),
        ("default(since(a), tenure) > 7d and ever(b)", UP),
        ("holds(since(a) > 7d, ever(b)) >= 2", UP),
        ("holds(since(a) > 7d, ever(b)) < 2", DOWN),
        ("known(since(a))", EITHER),
    ],
)
def test_a_rule_goes_with_or_against_a_silence(rule: str, way: Way) -> None:
    """Up where a longer silence can only make it true."""
    assert ways(rule, ("since", "a")) == {way}


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("score.up >= 20", {UP}),
        ("score.up <= 0.8 * score.up@7d", {DOWN}),
        ("score.up@7d - score.up >= 5", {DOWN}),
        ("score.down >= 20", {DOWN}),
        ("score.both >= 20", {UP, DOWN}),
        ("dimension.x < 5", {DOWN}),
        ("score.up@7d >= 20", set()),  # points of today show at later midnights
    ],
)
def test_a_rule_goes_with_or_against_points_through_scores(rule: str, found: set[Way]) -> None:
    """A part that is subtracted goes the other way; one score may go both."""
    assert ways(rule, ("dimension", "x")) == found
