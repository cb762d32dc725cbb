"""Figures of several partitions as one: everything is a sum, but for what the calendar day ends. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Final, TypeVar

from msgspec.structs import replace

from schemas.instants import milliseconds
from schemas.views import AnswerFigures, PartitionKpis, ScoreFigures

DAY_MS: Final = 86_400_000

_Figure = TypeVar("_Figure")


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
    parts = [
        each if milliseconds(each.as_of) // DAY_MS == today else _of_an_earlier_day(each) for each in parts
    ]
    return PartitionKpis(
        as_of=newest,
        customers=sum(each.customers for each in parts),
        new_today=sum(each.new_today for each in parts),
        active=_counts([each.active for each in parts]),
        stages=_named([each.stages for each in parts], _counts),
        scores=_named([each.scores for each in parts], _scores),
        answers=_named([each.answers for each in parts], _answers),
        transitions=_named([each.transitions for each in parts], _counts),
        alerts_open=_counts([each.alerts_open for each in parts]),
        alerts_raised=_counts([each.alerts_raised for each in parts]),
        signals=_named([each.signals for each in parts], _amounts),
        segments=_named([each.segments for each in parts], _values),
        outcomes=_counts([each.outcomes for each in parts]),
        dwell_ms=_named([each.dwell_ms for each in parts], _counts),
        alerts_resolved=_counts([each.alerts_resolved for each in parts]),
        types=_counts([each.types for each in parts]),
        channels=_counts([each.channels for each in parts]),
        sources=_counts([each.sources for each in parts]),
        entries=_places([each.entries for each in parts]),
    )


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


def _named(
    parts: Sequence[Mapping[str, _Figure]], add: Callable[[Sequence[_Figure]], _Figure]
) -> dict[str, _Figure]:
    """Add figures name by name; a name need not be in all of them."""
    names = dict.fromkeys(name for each in parts for name in each)
    return {name: add([each[name] for each in parts if name in each]) for name in names}


def _counts(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return _named(parts, sum)


def _values(parts: Sequence[dict[str, dict[str, dict[str, int]]]]) -> dict[str, dict[str, dict[str, int]]]:
    """Add the segments of a trait: by its values, frameworks and stages."""
    return _named(parts, lambda values: _named(values, _counts))


def _places(parts: Sequence[list[int]]) -> list[int]:
    """Add lists place by place; another model's may be longer."""
    return list(map(sum, zip_longest(*parts, fillvalue=0)))


def _amounts(parts: Sequence[tuple[int, float]]) -> tuple[int, float]:
    return sum(count for count, _ in parts), sum(amount for _, amount in parts)


def _scores(parts: Sequence[ScoreFigures]) -> ScoreFigures:
    return ScoreFigures(
        customers=sum(each.customers for each in parts),
        sum=sum(each.sum for each in parts),
        bins=_places([each.bins for each in parts]),
    )


def _answers(parts: Sequence[AnswerFigures]) -> AnswerFigures:
    return AnswerFigures(
        answers=sum(each.answers for each in parts),
        sum=sum(each.sum for each in parts),
        values=_counts([each.values for each in parts]),
    )
