"""What a term reads in a row at an instant, each recomputed from the lists of what happened."""

import math
import statistics
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from streams.model.definition import Dimension, PAlive
from streams.model.expression import Term, Window
from tests.oracle.mapping import EPOCH
from tests.oracle.row import DAY, HOUR, RHYTHM_GAPS, Row, Value


class Named(Protocol):
    """Anything in a model that has a name."""

    @property
    def name(self) -> str:
        """The name that rules use."""


Thing = TypeVar("Thing", bound=Named)


def named(things: Iterable[Thing], name: str) -> Thing:
    """Return the one of that name."""
    return next(thing for thing in things if thing.name == name)


def window_range(window: Window, ago: int, t: int) -> tuple[int, int]:
    """Return the half-open range (ms) of the panes that the window covers at t.

    The pane of t is the last one, unless `ago` moves the window back by so many panes. Hours and days start
    with 1970; weeks start on Mondays, and 1970-01-01 was a Thursday.
    """
    width, shift = {"h": (HOUR, 0), "d": (DAY, 0), "w": (7 * DAY, 3 * DAY)}[window.unit]
    pane = (t + shift) // width - ago
    return (pane - window.size + 1) * width - shift, (pane + 1) * width - shift


def in_window(row: Row, term: Term, start: int | None, end: int | None) -> float:
    """Read a windowed term over [start, end); None is without bound."""

    def inside(instant: int) -> bool:
        return (start is None or start <= instant) and (end is None or instant < end)

    if term.kind == "channels":
        return float(len({channel for e, channel in row.channels if inside(e)}))
    if term.kind == "seen":
        return float(sum(inside(day * DAY) for day in row.seen.get(term.name, {}).values()))
    found = [(e, amount) for e, amount in row.happened.get(window_signal(term), []) if inside(e)]
    if term.kind in ("days", "days_active"):
        return float(len({e // DAY for e, _ in found}))
    if term.kind == "sum":
        return math.fsum(amount for _, amount in found if amount is not None)
    return float(len(found))


def window_signal(term: Term) -> str:
    """Return the signal whose touchpoints a windowed term counts."""
    return {"days_active": "activity", "sessions": "session"}.get(term.kind, term.name)


def decaying_dimension(row: Row, dimension: Dimension, t: int) -> float:
    """Return 100 * (1 - 2 ** (-S / half_at)), S the decayed sum of points, at least 0."""
    points = row.points.get(f"dimension.{dimension.name}", [])
    total = math.fsum(weight * math.exp2(-(t - dated) / dimension.half_life_ms) for dated, weight in points)
    return 100.0 * (1.0 - math.exp2(-max(0.0, total) / dimension.half_at))


def share_of_type(row: Row, name: str) -> float | None:
    """Return the part that one engagement type has of all; it does not depend on the instant.

    All types share one half-life, so the sums are taken at the latest point, where none of them vanishes.
    """
    half_life = row.model.types_half_life_ms
    typed = {kind: points for kind, points in row.points.items() if kind.startswith("type.") and points}
    if not typed:
        return None
    latest = max(dated for points in typed.values() for dated, _ in points)
    sums = {
        kind: math.fsum(weight * math.exp2(-(latest - dated) / half_life) for dated, weight in points)
        for kind, points in typed.items()
    }
    return sums.get(f"type.{name}", 0.0) / math.fsum(sums.values())


def rhythm(row: Row) -> float | None:
    """Return the median of the last gaps between active days, in ms; absent under three gaps."""
    return float(statistics.median(row.gaps[-RHYTHM_GAPS:]) * DAY) if len(row.gaps) >= 3 else None


def answer(row: Row, question: str, t: int) -> float | None:
    """Return the latest answer while it stands."""
    if question not in row.answers:
        return None
    value, at, _ = row.answers[question]
    return value if t - at < named(row.model.questions, question).window_ms else None


def probability_alive(row: Row, parameters: PAlive, t: int) -> float | None:
    """Return P(alive) of BG/NBD on distinct days of the signal (Fader, Hardie & Lee 2005)."""
    instants = [e for e, _ in row.happened.get(parameters.signal, [])]
    if not instants:
        return None
    repeats = len({e // DAY for e in instants}) - 1
    if repeats == 0:
        return 1.0
    recency = (max(instants) - min(instants)) / parameters.unit_ms
    age = (t - min(instants)) / parameters.unit_ms
    ratio = (parameters.alpha + age) / (parameters.alpha + recency)
    try:
        odds = parameters.a / (parameters.b + repeats - 1) * math.pow(ratio, parameters.r + repeats)
    except OverflowError:
        return 0.0
    return 1.0 / (1.0 + odds)


def date_trait(row: Row, name: str) -> int | None:
    """Return the instant that a trait names: a date (its UTC midnight) or an RFC 3339 instant with offset."""
    value, _ = row.traits.get(name, (None, 0))
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if len(value) == len("2024-02-29"):
        moment = moment.replace(tzinfo=UTC)
    if moment.tzinfo is None:
        return None
    return (moment - EPOCH) // timedelta(milliseconds=1)


def constant_term(row: Row, term: Term) -> Value:
    """Read a term whose value stays as it is until something is stored in the row."""
    instants = [e for e, _ in row.happened.get(term.name, [])]
    match term.kind:
        case "ever":
            return bool(instants)
        case "first":
            return float(min(instants)) if instants else None
        case "last":
            return float(max(instants)) if instants else None
        case "type":
            return share_of_type(row, term.name)
        case "rhythm":
            return rhythm(row)
        case "trait":
            return row.traits.get(term.name, (None, 0))[0]
        case "follow":
            return row.follows[term.name][0] if term.name in row.follows else None
        case "stage":
            if term.name in row.flags:
                return frozenset(row.flags[term.name])
            return row.stages[term.name]
        case _:
            return in_window(row, term, None, None)


def straight_line(row: Row, term: Term) -> tuple[int, int] | None:
    """Return (slope, value at the epoch) of a term that grows or shrinks by 1 ms per ms; None: absent."""
    if term.kind == "tenure":
        return 1, -row.first
    if term.kind == "until":
        instant = date_trait(row, term.name)
        return None if instant is None else (-1, instant)
    instants = [e for e, _ in row.happened.get(term.name, [])]
    return (1, -max(instants)) if instants else None


def remembered_midnight(row: Row, score: str, midnight: int) -> float | None:
    """Return the score that was kept when the clock passed this midnight; absent before the row was."""
    return row.midnights.get(midnight, {}).get(score)
