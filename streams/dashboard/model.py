"""The model in force, as data: what pages and programs need to know of it, and what its check says."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler

from schemas.population import (
    AlertInfo,
    EntryInfo,
    Finding,
    FrameworkInfo,
    ModelInfo,
    QuestionInfo,
    StageInfo,
)
from streams.dashboard.parameters import refuse_unknown
from streams.dashboard.service import NotReadyError, Service
from streams.model.compile import compile_model
from streams.model.definition import Alert, Entry, Framework, Model, Question, Stage
from streams.model.problems import Problem
from streams.runtime import words

_TOP_TWO = {(1.0, 5.0), (1.0, 7.0), (1.0, 10.0)}  # scales of which the share of the two best is usual
_NET = (0.0, 10.0)


def model_routes(service: Service, findings: Sequence[Problem]) -> list[HTTPRouteHandler]:
    """Build the route of the model; `findings` are those of its check."""
    units = words.units(compile_model(service.model))

    @get("/v1/model", sync_to_thread=True)
    def get_model(request: Request[Any, Any, Any]) -> ModelInfo:
        """Return the model in force: frameworks, touchpoint map, alerts, and what its check says."""
        refuse_unknown(request, set())
        try:
            matched = service.kpis().entries
        except NotReadyError:
            matched = []
        return model_info(service.model, matched, findings, units)

    return [get_model]


def model_info(
    model: Model, matched: Sequence[int], findings: Sequence[Problem], units: Mapping[str, str]
) -> ModelInfo:
    """Return a model as data; `matched` counts touchpoints by line of the map, then those of no line."""
    known = len(matched) == len(model.touchpoints) + 1
    signals = dict.fromkeys(name for entry in model.touchpoints for name, _ in entry.signals)
    return ModelInfo(
        name=model.name,
        version=model.version,
        digest=model.digest,
        currency=model.currency,
        frameworks=[_framework(each) for each in model.frameworks],
        dimensions=[each.name for each in model.dimensions],
        scores={each.name: each.value.text for each in model.scores},
        signals=list(signals),
        questions=[_question(each, model) for each in model.questions],
        alerts=[_alert(each) for each in model.alerts],
        touchpoints=[
            _entry(entry, matched[number] if known else None)
            for number, entry in enumerate(model.touchpoints)
        ],
        unmapped=matched[-1] if known else None,
        segments=list(model.segments),
        goals={each.name: each.target for each in model.goals},
        findings=[
            Finding(severity=each.severity, line=each.line, reason=each.reason, suggestion=each.suggestion)
            for each in findings
        ],
        units=dict(units),
    )


def _framework(framework: Framework) -> FrameworkInfo:
    return FrameworkInfo(
        name=framework.name,
        kind=framework.kind,
        levels=framework.levels,
        dwell_ms=framework.dwell_ms,
        hard=list(framework.hard),
        stages=[
            *(_stage(each, is_exit=False) for each in framework.stages),
            *(_stage(each, is_exit=True) for each in framework.exits),
        ],
    )


def _stage(stage: Stage, *, is_exit: bool) -> StageInfo:
    stay = "always" if stage.latch else stage.stay.text if stage.stay is not None else None
    return StageInfo(
        name=stage.name,
        when="always" if stage.when is None else stage.when.text,
        stay=stay,
        exit=is_exit,
        upon=stage.upon,
        from_stages=list(stage.from_stages),
        for_ms=stage.for_ms,
    )


def _question(question: Question, model: Model) -> QuestionInfo:
    scales = {
        (each.low, each.high)
        for entry in model.touchpoints
        for each in entry.answers
        if each.question == question.name
    }
    scale = scales.pop() if len(scales) == 1 else None
    figure = "nps" if scale == _NET else "top_two" if scale in _TOP_TWO else "mean"
    return QuestionInfo(
        name=question.name,
        low=scale[0] if scale else None,
        high=scale[1] if scale else None,
        window_ms=question.window_ms,
        figure=figure,
    )


def _alert(alert: Alert) -> AlertInfo:
    return AlertInfo(
        name=alert.name,
        kind=alert.kind,
        severity=alert.severity,
        when=None if alert.when is None else alert.when.text,
        message=alert.message,
        cooldown_ms=alert.cooldown_ms,
    )


def _entry(entry: Entry, matched: int | None) -> EntryInfo:
    return EntryInfo(
        event=entry.event,
        where=[_condition_text(each.path, each.op, each.value) for each in entry.where],
        type=entry.type,
        signals=[name for name, _ in entry.signals],
        dimensions=[name for name, _ in entry.dimensions],
        answers=[each.question for each in entry.answers],
        matched=matched,
    )


_SIGNS = {"eq": "=", "glob": "like", "any": "one of", "ge": "≥", "le": "≤", "gt": ">", "lt": "<"}


def _condition_text(path: str, op: str, value: object) -> str:
    if op == "exists":
        return f"{path} is {'there' if value else 'missing'}"
    shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"{path} {_SIGNS[op]} {shown}"
