"""Figures of several partitions as one: everything is a sum, but for what the calendar day ends. Pure."""

from collections.abc import Iterable
from typing import Any, Final, cast

import msgspec
from msgspec.structs import replace

from schemas.instants import milliseconds
from schemas.views import AnswerFigures, PartitionKpis, ScoreFigures

DAY_MS: Final = 86_400_000

_BUILT: Final = msgspec.structs.fields(PartitionKpis)


def added(figures: Iterable[PartitionKpis]) -> PartitionKpis:
    """Return the sum, as of the latest of them; what happened today counts where it is the same day.

    Raises:
        ValueError: there is nothing to add.
    """
    parts = sorted(figures, key=lambda each: each.as_of)
    if not parts:
        raise ValueError("figures of no partition have no sum")
    newest = parts[-1].as_of
    today = milliseconds(newest) // DAY_MS
    same_day = [
        each if milliseconds(each.as_of) // DAY_MS == today else _of_an_earlier_day(each) for each in parts
    ]
    if len(same_day) == 1:
        return same_day[0]
    total: dict[str, Any] = {
        field.name: _sum([getattr(each, field.name) for each in same_day])
        for field in _BUILT
        if field.name != "as_of"
    }
    return PartitionKpis(as_of=newest, **total)


def _of_an_earlier_day(figures: PartitionKpis) -> PartitionKpis:
    """Return the figures without what happened on their day, which is over."""
    return replace(
        figures,
        new_today=0,
        active={days: 0 if days == "1" else count for days, count in figures.active.items()},
        transitions={name: {} for name in figures.transitions},
        alerts_raised=dict.fromkeys(figures.alerts_raised, 0),
        alerts_resolved=dict.fromkeys(figures.alerts_resolved, 0),
        signals=dict.fromkeys(figures.signals, (0, 0.0)),
        types=dict.fromkeys(figures.types, 0),
        channels=dict.fromkeys(figures.channels, 0),
        sources=dict.fromkeys(figures.sources, 0),
    )


def _sum(values: list[Any]) -> Any:
    """Add numbers, and what is built of numbers, name by name; a list or tuple place by place."""
    first = values[0]
    if isinstance(first, dict):
        names = dict.fromkeys(name for each in values for name in each)
        return {name: _sum([each[name] for each in values if name in each]) for name in names}
    if isinstance(first, list | tuple):
        return type(first)(map(sum, zip(*_alike(values), strict=True)))
    if isinstance(first, ScoreFigures | AnswerFigures):
        fields = type(first).__struct_fields__
        return type(first)(**{name: _sum([getattr(each, name) for each in values]) for name in fields})
    return sum(values)


def _alike(values: list[Any]) -> list[Any]:
    """Return lists filled up with zeros to the length of the longest (another model's are longer)."""
    longest = max(map(len, values))
    return [[*each, *[0] * (longest - len(each))] for each in cast("list[list[int]]", values)]
