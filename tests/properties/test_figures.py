"""Figures about everybody, on random models and histories: sums over customers, and sums over partitions."""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.outputs import AlertRaised, StageChanged
from schemas.views import CustomerView, PartitionKpis
from streams.model.definition import Model
from streams.runtime.processor import OUTCOMES
from streams.testing import TopologyTestDriver
from tests.properties.runs import driver_with, values_of
from tests.random_histories import History, histories
from tests.random_models import models

law = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Model, History]:
    """Return a model and a history without ticks."""
    model = draw(models())
    return model, draw(histories(grace_ms=model.settings.grace_ms, ticks=False))


def run_to(model: Model, values: Iterable[bytes], until_ms: int) -> TopologyTestDriver:
    """Read a log to its end and let time pass to an instant."""
    driver = driver_with(model, values)
    driver.run()
    driver.elapse(until_ms)
    return driver


@law
@given(case=cases())
def test_figures_are_sums_over_the_customers(case: tuple[Model, History]) -> None:
    """What a reader sees of each customer, and what was told on the day, added up."""
    model, history = case
    driver = run_to(model, values_of(history), max(step.appended_ms for step in history.steps))

    found = driver.processor.kpis()

    views = [view for name in driver.processor.customers() if (view := driver.processor.customer(name))]
    assert found.customers == len(views)
    assert found.new_today == sum(view.first.date() == found.as_of.date() for view in views)
    assert found.outcomes == driver.totals
    assert sum(found.outcomes[name] for name in OUTCOMES) == len(driver.log)
    for framework, stages in found.stages.items():
        held = Counter(name for view in views for name in standing(driver, view, framework))
        assert stages == {name: held[name] for name in stages}
    for score, figures in found.scores.items():
        known = [value for view in views if (value := view.scores[score]) is not None]
        assert (figures.customers, figures.sum) == (len(known), pytest.approx(sum(known)))
        assert sum(figures.bins) == len(known)
    for question, answers in found.answers.items():
        given_ = [view.answers[question].value for view in views if question in view.answers]
        assert (answers.answers, answers.sum) == (len(given_), pytest.approx(sum(given_)))
        assert sum(answers.values.values()) == len(given_)
    opened = Counter(each.alert for view in views for each in view.open_alerts)
    assert found.alerts_open == {name: opened[name] for name in found.alerts_open}
    assert flows_counted(model, found) == flows_of_day(driver, found)


def standing(driver: TopologyTestDriver, view: CustomerView, framework: str) -> list[str]:
    """Return where a customer stands in a framework: the flags or levels held, or the one stage."""
    state = driver.state(view.customer_id)
    assert state is not None
    stages = state["stages"]
    assert isinstance(stages, dict)
    stage = stages[framework]
    return stage if isinstance(stage, list) else [stage] if stage else []


def flows_counted(model: Model, found: PartitionKpis) -> tuple[Counter[str], Counter[str]]:
    """Return the moves and the alerts raised that figures count; moves between levels are never told."""
    told = [framework.name for framework in model.frameworks if not framework.levels]
    moves = {f"{name} {move}": n for name in told for move, n in found.transitions[name].items()}
    return Counter(moves), +Counter(found.alerts_raised)


def flows_of_day(driver: TopologyTestDriver, found: PartitionKpis) -> tuple[Counter[str], Counter[str]]:
    """Return the moves and the alerts raised that were told on the day of the figures."""
    day = found.as_of.date()
    moves = [each for each in driver.transitions if each.at.date() == day]
    raised = [each.alert for each in driver.alerts if isinstance(each, AlertRaised) and each.at.date() == day]
    return Counter(map(as_move, moves)), Counter(raised)


def as_move(each: StageChanged) -> str:
    """Return a transition as figures name it."""
    return f"{each.framework} {each.from_stage or ''}>{each.to_stage or ''}"


@law
@given(case=cases(), homes=st.tuples(st.integers(0, 1), st.integers(0, 1)))
def test_figures_of_partitions_add_up(case: tuple[Model, History], homes: tuple[int, int]) -> None:
    """However customers are spread over partitions, the figures of all of them together are the same."""
    model, history = case
    until_ms = max(step.appended_ms for step in history.steps)
    home_of = dict(zip(("c1", "c2"), homes, strict=True))
    logs: dict[int, list[bytes]] = {0: [], 1: []}
    for value in values_of(history):
        logs[home_of[msgspec.json.decode(value)["customer_id"]]].append(value)

    parts = [run_to(model, log, until_ms).processor.kpis() for log in logs.values()]

    whole = run_to(model, values_of(history), until_ms).processor.kpis()
    assert {part.as_of for part in parts} == {whole.as_of}
    sums = added(*({**msgspec.to_builtins(part), "as_of": None} for part in parts))
    assert sums == rounded({**msgspec.to_builtins(whole), "as_of": None})


def added(one: object, other: object) -> object:
    """Return two trees of figures added up, name by name and bin by bin; floats to a billionth."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {
            name: added(one.get(name), other.get(name)) for name in sorted(one.keys() | other.keys(), key=str)
        }
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return [added(a, b) for a, b in zip(one, other, strict=True)]
    if isinstance(one, int | float) and isinstance(other, int | float):
        return rounded(one + other)
    return rounded(other if one is None else one)


def rounded(tree: object) -> object:
    """Return a tree of figures with its floats to a billionth, in one order."""
    if isinstance(tree, Mapping):
        return {name: rounded(tree[name]) for name in sorted(tree, key=str)}
    if isinstance(tree, list | tuple):
        return [rounded(each) for each in tree]
    return round(tree, 9) if isinstance(tree, float) else tree
