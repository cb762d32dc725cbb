"""Emissions encode as the public contract has them, whatever the model and whatever its names."""

from collections.abc import Iterator

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.instants import instant
from schemas.outputs import Rfm, ScoreUpdated
from streams.engine import ground
from streams.model.definition import Model
from streams.runtime.emission import Block, latest
from streams.runtime.identity import output_id
from streams.runtime.lane import Lane
from streams.testing import TopologyTestDriver
from tests.random_histories import History, Touch, histories
from tests.random_models import models
from tests.runtime.shop import NOON, driver_of
from tests.telling import tell


def plainly(lane: Lane, subject: str, numbers: list[float]) -> ScoreUpdated:
    """Return an emission as the contract has it, made in the obvious way."""
    compiled, names = lane.compiled, lane.compiled.names
    at = int(numbers[ground.SENT_TIME])
    sequence, incarnation = int(numbers[ground.SENT_SEQUENCE]), int(numbers[ground.SENT_INCARNATION])
    place = ground.SENT_FIXED
    scores = {name: v for name, v in zip(names.scores, numbers[place:], strict=False) if v == v}
    place += len(names.scores)
    mix = {name: v for name, v in zip(names.types, numbers[place:], strict=False) if v == v}
    place += len(names.types)
    stages: dict[str, str | list[str] | None] = {}
    levels: dict[str, str | None] = {}
    for k, framework in enumerate(compiled.model.frameworks):
        stage, held = int(numbers[place + k]), int(numbers[place + len(names.frameworks) + k])
        if framework.kind != "flags":
            stages[framework.name] = names.stages[framework.name][stage - 1] if stage > 0 else None
            continue
        on = [name for bit, name in enumerate(names.stages[framework.name]) if held >> bit & 1]
        if framework.levels:
            levels[framework.name] = on[-1] if on else None
        else:
            stages[framework.name] = on
    rfm = None
    if compiled.plan.named["purchase"] >= 0:
        count = int(numbers[ground.SENT_COUNT])
        recency = at - int(numbers[ground.SENT_LAST]) if count else None
        monetary = numbers[ground.SENT_TOTAL] if compiled.plan.named["purchase_total"] >= 0 else float(count)
        rfm = Rfm(recency_ms=recency, frequency=count, monetary=monetary)
    return ScoreUpdated(
        id=output_id(subject, "scores", sequence, incarnation),
        customer_id=subject,
        at=instant(at),
        model=compiled.model.name,
        model_version=compiled.model.version,
        scores=scores,
        levels=levels,
        mix=mix,
        stages=stages,
        rfm=rfm,
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Model, History]:
    """Return a model and a history for it."""
    model = draw(models())
    return model, draw(histories(grace_ms=model.settings.grace_ms))


def blocks(driver: TopologyTestDriver) -> Iterator[Block]:
    """Yield what the kernel left of every step."""
    for outcome in driver.outcomes:
        yield from outcome.sent


def play(model: Model, history: History) -> TopologyTestDriver:
    """Return a driver that was told all of a history."""
    driver = TopologyTestDriver(model)
    for step in history.steps:
        if isinstance(step, Touch):
            driver.pipe(step.record)
        else:
            driver.tick(step.instant_ms)
    return driver


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_every_emission_encodes_as_the_contract_has_it(case: tuple[Model, History]) -> None:
    """The same bytes as the plain struct of dicts."""
    driver = play(*case)
    lane = driver.processor.customer_lane

    for block in blocks(driver):
        numbers = block.sent.tolist()
        found = list(block.emissions(range(len(numbers))))
        expected = [plainly(lane, *each) for each in zip(block.subjects, numbers, strict=True)]
        assert [each.value for each in found] == list(map(msgspec.json.encode, expected))
        assert [each.id for each in found] == [each.id for each in expected]


LEVELS = """
frameworks:
  way: {kind: ladder, stages: {low: {}, top: {when: "ever(visit)"}}}
  journey: {kind: free, stages: {loyal: {when: "count(purchase) >= 3"}}}
  habits: {kind: flags, stages: {visitor: {when: "ever(visit)"}, buyer: {when: "ever(purchase)"}}}
levels:
  rank: {bronze: {when: "count(visit) >= 1"}, silver: {when: "count(visit) >= 2"}}
  fame: {known: {when: "count(visit) >= 9"}}
"""


def test_an_emission_says_everything_that_is_scored() -> None:
    """Stages, flags, levels, and a score without a value left out."""
    driver = driver_of(LEVELS)
    tell(driver, "visit", NOON)
    tell(driver, "visit", NOON)

    (scored,) = driver.outcomes[-1].scores()

    assert scored.stages == {"way": "top", "journey": None, "habits": ["visitor"]}
    assert scored.levels == {"rank": "silver", "fame": None}
    assert set(scored.scores) == {"engagement"}
    assert scored.mix == {"transactional": 0.0, "cognitive": 1.0}
    assert scored.rfm == Rfm(recency_ms=None, frequency=0, monetary=0.0)


def test_of_several_emissions_of_a_customer_the_last_is_told() -> None:
    """Also when there was one in between of somebody else."""
    driver = driver_of(LEVELS)
    for customer in ("c1", "c2", "c1"):
        tell(driver, "visit", NOON, customer=customer)

    found = list(latest(blocks(driver), {}))

    assert sorted(each.customer_id for each in found) == ["c1", "c2"]
    whole = [msgspec.json.decode(each.value, type=ScoreUpdated) for each in found]
    assert {each.customer_id: each.levels["rank"] for each in whole} == {"c1": "silver", "c2": "bronze"}
