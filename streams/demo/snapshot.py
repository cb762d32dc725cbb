"""What the view shows at one instant: plain values, from the model in force and the processor's figures."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from schemas.instants import instant
from schemas.outputs import AlertRaised, Because, MoveDirection, Severity, StageChanged
from schemas.views import PartitionKpis
from streams.demo.diary import Diary
from streams.model.definition import Model


class StageBar(msgspec.Struct, frozen=True, kw_only=True):
    """A stage of the framework that is shown: how many are in it, and how many more than a day ago."""

    name: str
    customers: int
    change: int = 0
    exit: bool = False


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's move between two stages; None stands for no stage."""

    at: datetime
    customer_id: str
    from_stage: str | None
    to_stage: str | None
    direction: MoveDirection
    why: str


class AlertLine(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that was raised."""

    at: datetime
    severity: Severity
    message: str


class ScoreFigure(msgspec.Struct, frozen=True, kw_only=True):
    """The distribution of a score in ten bins of ten points, and its mean at the end of the last days."""

    name: str
    customers: int
    mean: float | None
    bins: tuple[int, ...]
    days: tuple[float, ...] = ()


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one picture needs. `pace` is event time per real time; 0 while it is paused."""

    model: str
    now: datetime
    pace: float
    customers: int
    touchpoints: int
    touchpoints_per_second: float
    framework: str = ""
    stages: tuple[StageBar, ...] = ()
    movements: tuple[Movement, ...] = ()
    moves_today: int = 0
    alerts: tuple[AlertLine, ...] = ()
    alerts_open: int = 0
    alerts_today: int = 0
    score: ScoreFigure | None = None
    hint: str = ""
    page: str = ""


def stage_bars(model: Model, framework: str, kpis: PartitionKpis, diary: Diary) -> tuple[StageBar, ...]:
    """Return the stages of a framework in the model's order, exits last, each with its change in a day."""
    found = next((each for each in model.frameworks if each.name == framework), None)
    if found is None:
        return ()
    counts = kpis.stages.get(framework, {})
    before = diary.a_day_ago(framework)
    named = [(stage.name, False) for stage in found.stages] + [(stage.name, True) for stage in found.exits]
    return tuple(
        StageBar(
            name=name,
            customers=counts.get(name, 0),
            change=counts.get(name, 0) - before.get(name, 0) if before is not None else 0,
            exit=leaves,
        )
        for name, leaves in named
    )


def score_figure(model: Model, kpis: PartitionKpis, diary: Diary) -> ScoreFigure | None:
    """Return the first score of the model; None when it has no score."""
    if not model.scores:
        return None
    name = model.scores[0].name
    figures = kpis.scores.get(name)
    if figures is None:
        return ScoreFigure(name=name, customers=0, mean=None, bins=(0,) * 10)
    mean = figures.sum / figures.customers if figures.customers else None
    return ScoreFigure(
        name=name, customers=figures.customers, mean=mean, bins=tuple(figures.bins), days=diary.means()
    )


def movement(change: StageChanged) -> Movement:
    """Return a transition as it is shown."""
    return Movement(
        at=change.at,
        customer_id=change.customer_id,
        from_stage=change.from_stage,
        to_stage=change.to_stage,
        direction=change.direction,
        why=short_why(change.because),
    )


def alert_line(alert: AlertRaised) -> AlertLine:
    """Return a raised alert as it is shown; one without a message is told by its name."""
    message = alert.message or f"{alert.customer_id}: {alert.alert}"
    return AlertLine(at=alert.at, severity=alert.severity, message=message)


# Why, in a few words

_COMPARISON: Final = re.compile(r"(?P<term>.+?) (?P<op><=|>=|<|>) (?P<bar>[\d.]+)(?P<unit>ms|s|m|h|d|w)?")
_UNIT_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_LENGTHS: Final = ("since(", "until(", "tenure", "rhythm")
_INSTANTS: Final = ("first(", "last(")


def short_why(because: Because) -> str:
    """Say in a few words why something changed: the comparison that came true, or the values seen.

    Counts of nothing are left out, unless there is nothing else.
    """
    for part in because.rule.split(" or "):
        told = _told(part, because.values)
        if told:
            return told
    known = {term: value for term, value in because.values.items() if value is not None}
    telling = {term: value for term, value in known.items() if value or term.startswith(_LENGTHS)}
    seen = [f"{term} {reading(term, value)}" for term, value in (telling or known).items()]
    return ", ".join(seen) or because.rule


def reading(term: str, value: float | str) -> str:
    """Write the value of a term: a length of time or an instant in words, a number with up to one digit."""
    if isinstance(value, str):
        return value
    if term.startswith(_LENGTHS):
        return length(value)
    if term.startswith(_INSTANTS):
        return f"{instant(int(value)):%d %b}"
    return f"{value:.1f}".removesuffix(".0")


def length(duration_ms: float) -> str:
    """Write a length of time in its largest unit, rounded down: `0 s`, `59 s`, `3 h`, `15 d`."""
    for unit in ("d", "h", "m"):
        if abs(duration_ms) >= _UNIT_MS[unit]:
            return f"{int(duration_ms / _UNIT_MS[unit])} {unit}"
    return f"{int(duration_ms / 1_000)} s"


def _told(part: str, values: Mapping[str, float | str | None]) -> str:
    """Return `part` with the value of its term put in, if it is one comparison and it holds; else nothing."""
    match = _COMPARISON.fullmatch(part.strip())
    value = values.get(match["term"]) if match else None
    if match is None or not isinstance(value, float | int):
        return ""
    bar = float(match["bar"]) * _UNIT_MS.get(match["unit"] or "", 1)
    holds = {"<": value < bar, "<=": value <= bar, ">": value > bar, ">=": value >= bar}[match["op"]]
    if not holds:
        return ""
    return (
        f"{match['term']} {reading(match['term'], value)} {match['op']} {match['bar']}{match['unit'] or ''}"
    )
