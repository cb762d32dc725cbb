"""Why a customer is where it is: what made its scores, and how every stage's and alert's rule reads. Pure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from schemas.instants import instant
from schemas.views import RuleReading, StageReading, StageWhy, Why
from streams.model.definition import Stage
from streams.runtime import words
from streams.runtime.view import RowReader, reader_of

if TYPE_CHECKING:
    from streams.runtime.lane import Lane


def why(lane: "Lane", customer_id: str, known_ms: int) -> Why | None:
    """Return a customer's scores with what made them, and for every stage and alert what its rule reads."""
    reader = reader_of(lane, customer_id, known_ms)
    if reader is None:
        return None
    compiled, names = lane.compiled, lane.compiled.names
    return Why(
        customer_id=customer_id,
        as_of=instant(reader.at_ms),
        scores={
            name: reader.score_why(compiled.weights.get(name, {}), value)
            for name, value in reader.scores().items()
        },
        dimensions={
            name: reader.score_why(compiled.dimension_weights[name], value)
            for name, value in reader.dimensions().items()
        },
        stages={
            name: _stage_why(reader, k)
            for k, name in enumerate(names.frameworks)
            if not compiled.model.frameworks[k].levels
        },
        alerts={
            name: reader.reading(int(reader.g.ints[reader.p["alert_when"] + a]))
            for a, name in enumerate(names.alerts)
        },
    )


def _stage_why(reader: RowReader, k: int) -> StageWhy:
    """Return the stage that framework `k` is in, by which rule, and how every other stage's rule reads."""
    framework = reader.compiled.model.frameworks[k]
    base, stage = int(reader.g.ints[reader.p["framework_stage"] + k]), reader.stage(k)
    rules = {
        each.name: _entering(each, reader.reading(int(reader.g.ints[reader.p["stage_when"] + base + number])))
        for number, each in enumerate((*framework.stages, *framework.exits))
    }
    origins = {each.name: each.from_stages for each in framework.exits}
    here = rules.get(stage) if isinstance(stage, str) else None
    return StageWhy(
        stage=stage,
        since=instant(reader.at(reader.p["entered"] + k)),
        rule=here.rule if here else "",
        values=here.values if here else {},
        others={
            each: _stage_reading(reading, origins.get(each, ()))
            for each, reading in rules.items()
            if each != stage
        },
    )


def _entering(stage: Stage, reading: RuleReading) -> RuleReading:
    """Return how a stage's rule reads; one that waits for a touchpoint (`upon`) does not hold by itself."""
    return RuleReading(
        rule=words.entering(stage, reading.rule),
        holds=reading.holds and stage.upon is None,
        values=reading.values,
    )


def _stage_reading(reading: RuleReading, from_stages: Sequence[str]) -> StageReading:
    return StageReading(
        rule=reading.rule, holds=reading.holds, values=reading.values, from_stages=list(from_stages)
    )
