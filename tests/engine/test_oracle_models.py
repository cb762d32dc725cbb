"""The random models and the example are models that an author could have written."""

import msgspec
from hypothesis import HealthCheck, given, settings

from streams.model.definition import Model
from streams.model.expression import Node
from streams.model.parse import parse_expression
from tests.engine.lives import Life
from tests.example_model import example_model
from tests.nodes import DAY
from tests.oracle.evaluation import is_inexact, rules_of
from tests.random_histories import at
from tests.random_models import models


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(models())
def test_the_text_of_a_random_rule_says_its_tree(model: Model) -> None:
    """The parser reads the same tree out of it."""
    for each in rules_of(model):
        assert plain(parse_expression(each.text).node) == plain(each.node), each.text


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(models(inexact=False))
def test_a_model_without_inexact_rules_has_none(model: Model) -> None:
    """So that half of the models are exact to the millisecond."""
    assert not any(is_inexact(each.node) for each in rules_of(model))


def test_the_example_lives_a_life() -> None:
    """Pricing looked at, a trial left alone, a purchase, an unhappy answer, and a long silence."""
    life = Life(example_model())
    start = at(2024, 2, 27, 10)
    life.event("Page Viewed", start, properties={"path": "/pricing"})
    life.event("Trial Started", start + DAY)
    life.event("Order Completed", start + 2 * DAY, properties={"revenue": 20, "quantity": 2})
    life.event("NPS Answered", start + 20 * DAY, properties={"score": 6})

    life.oracle.until(start + 60 * DAY)

    assert [move for move in life.moves() if move[1] not in ("active", "buyer", None)] == [
        (None, "evaluating", start),
        ("evaluating", "customer", start + 2 * DAY),
        ("customer", "evaluating", start + 9 * DAY),
        ("evaluating", "aware", at(2024, 3, 28)),
        ("aware", "dormant", start + 34 * DAY + 1),
    ]
    assert ("raised", "detractor", start + 20 * DAY) in life.alerts()
    assert life.state()["follows"] == {"onboarding": ["expired", start + DAY]}
    assert life.state()["signals"]["items"]["sum"] == 2.0


def plain(node: Node) -> object:
    """Return a tree without the columns of its source."""

    def stripped(value: object) -> object:
        if isinstance(value, dict):
            return {name: stripped(each) for name, each in value.items() if name != "column"}
        return [stripped(each) for each in value] if isinstance(value, list | tuple) else value

    return stripped(msgspec.to_builtins(node))
