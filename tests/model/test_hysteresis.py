"""`hysteresis: n` is short for a stay that relaxes the comparisons of scores in `when` by n points."""

import pytest

from streams.model.hysteresis import relaxed
from streams.model.load import load_model_text
from streams.model.parse import parse_expression
from streams.model.render import render
from tests.model.planted import SECTIONS, model


@pytest.mark.parametrize(
    ("when", "stay"),
    [
        ("score.e >= 20", "score.e >= 15"),
        ("score.e > 20", "score.e > 15"),
        ("score.e <= 20", "score.e <= 25"),
        ("score.e < 20", "score.e < 25"),
        ("20 <= score.e", "15 <= score.e"),
        ("20 < score.e", "15 < score.e"),
        ("20 >= score.e", "25 >= score.e"),
        ("20 > score.e", "25 > score.e"),
        ("dimension.a > 20.5", "dimension.a > 15.5"),
        ("score.e > 2", "score.e > -3"),
        ("score.e >= 0.9 * score.e@28d", "score.e >= 0.9 * score.e@28d - 5"),
        ("score.e@28d <= score.e", "score.e@28d - 5 <= score.e"),
        ("score.e <= score.e@28d", "score.e <= score.e@28d + 5"),
        ("score.a > score.b", "score.a > score.b - 5"),
        ("not score.e < 20", "not score.e < 15"),
        ("not (score.e < 20 and not score.e > 10)", "not (score.e < 15 and not score.e > 5)"),
        ("score.e >= 20 or channels(30d) >= 2", "score.e >= 15 or channels(30d) >= 2"),
        ("score.e >= 20 and ever(x)", "score.e >= 15 and ever(x)"),
        ("20 <= score.e < 60", "15 <= score.e and score.e < 65"),
        ("mean(score.a, dimension.b) > 20", "mean(score.a, dimension.b) > 15"),
        ("default(score.a, 0) > 20", "default(score.a, 0) > 15"),
        ("holds(score.a > 20, ever(x)) >= 2", "holds(score.a > 15, ever(x)) >= 2"),
        ("holds(score.a > 20, ever(x)) < 2", "holds(score.a > 25, ever(x)) < 2"),
        ("2 <= holds(score.a > 20)", "2 <= holds(score.a > 15)"),
        ("2 > holds(score.a > 20)", "2 > holds(score.a > 25)"),
        ("score.e >= 20 or count(x) == 3", "score.e >= 15 or count(x) == 3"),
    ],
)
def test_the_bar_is_lowered_where_that_makes_it_easier_to_stay(when: str, stay: str) -> None:
    """On whichever side the score stands; under `not` the comparison itself becomes harder."""
    node = relaxed(parse_expression(when).node, 5.0)

    assert node is not None
    assert render(node) == stay


@pytest.mark.parametrize(
    "when",
    [
        "count(x) > 3",
        "score.e == 20",
        "score.e != 20",
        "2 * score.e > 40",
        "max(score.e, count(x)) > 20",
        "ever(x)",
    ],
)
def test_what_compares_no_score_is_not_relaxed(when: str) -> None:
    """Points are points of a score, so twice a score has none to give."""
    assert relaxed(parse_expression(when).node, 5.0) is None


def test_a_stage_stays_by_the_rule_that_its_hysteresis_stands_for() -> None:
    """With its own text, because reasons quote it."""
    frameworks = SECTIONS["frameworks"].replace('3"}', '3", hysteresis: 5}', 1)

    engaged = load_model_text(model(frameworks=frameworks)).frameworks[0].stages[1]

    assert engaged.stay is not None
    assert engaged.stay.text == "score.engagement >= 15 or count(visit, 30d) >= 3"
    assert not engaged.latch
