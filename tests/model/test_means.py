"""Scores that are weighted means of dimensions are added up without their program; others are not."""

import pytest

from streams.model.compile import compile_model
from streams.model.load import load_model_text

MODEL = """
model: means
version: 1
touchpoints:
  - {event: A, dimensions: {a: 1, b: 2}}
dimensions:
  a: {half_life: 7d, half_at: 10}
  b: {half_life: 7d, half_at: 10}
  c: {value: "100 * count(activity, 7d) / 7"}
scores:
  base: (a + 3 * b) / 4
  tried: RULE
"""


def parts(rule: str) -> dict[str, float]:
    """Return the dimensions of the score `tried` with their weights, as the plan has them."""
    compiled = compile_model(load_model_text(MODEL.replace("RULE", rule)))
    plan, score = compiled.plan, compiled.names.scores.index("tried")
    first, last = plan.ints[plan.named["score_part"] + score :][:2]
    found = range(first, last)
    return {
        compiled.names.dimensions[plan.ints[plan.named["score_part_dimension"] + k]]: float(
            plan.nums[plan.named["score_part_weight"] + k]
        )
        for k in found
    }


@pytest.mark.parametrize(
    ("rule", "weights"),
    [
        ("mean(a, b)", {"a": 0.5, "b": 0.5}),
        ("0.25 * a + b * 0.5", {"a": 0.25, "b": 0.5}),
        ("score.base", {"a": 0.25, "b": 0.75}),
        ("a - -b / 2 - a / 2", {"a": 0.5, "b": 0.5}),
        ("a", {"a": 1.0}),
    ],
)
def test_a_weighted_mean_needs_no_program(rule: str, weights: dict[str, float]) -> None:
    """Weights are positive and come to at most 1, so the score needs no clamp."""
    assert parts(rule) == pytest.approx(weights)


@pytest.mark.parametrize(
    "rule",
    ["a + b", "a - b", "mean(a, 10)", "min(a, b)", "mean(a, c)", "default(a, b)"],
)
def test_what_may_leave_its_bounds_or_is_not_linear_keeps_its_program(rule: str) -> None:
    """More than 1 in sum, a negative weight, a constant, a choice, a dimension with a value of its own."""
    assert parts(rule) == {}
