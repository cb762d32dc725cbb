"""The names that random rules may refer to, and windows over them."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, TypeVar

from hypothesis import strategies as st

from streams.model.expression import PaneUnit, Term
from tests.nodes import DAY, HOUR, MINUTE, panes, term

DURATIONS = (1, MINUTE, HOUR, 6 * HOUR, DAY, 2 * DAY, 7 * DAY, 10 * DAY, 30 * DAY)
LONGER = (6 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY)
THRESHOLDS = (2.37, 5.37, 10.37, 20.37, 30.37, 45.37, 60.37)
DISTANCES = (1.37, 3.37, 8.37)
PLANS = ("free", "pro", "true")
UNITS: dict[str, tuple[PaneUnit, ...]] = {"hdw": ("d", "h", "w"), "dw": ("d", "w")}
BUILT_IN = ("activity", "session")


T = TypeVar("T")


@cache
def places(size: int) -> st.SearchStrategy[int]:
    """Return a place in a sequence; made once per size, for making a strategy is what takes time."""
    return st.integers(0, size - 1)


def picked(draw: st.DrawFn, options: Sequence[T]) -> T:
    """Return one of the options."""
    return options[draw(places(len(options)))]


class Words(NamedTuple):
    """The names that a model has so far, for rules to refer to."""

    signals: tuple[str, ...]
    dimensions: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    stages: tuple[tuple[str, str], ...] = ()
    p_alive: bool = False
    inexact: bool = False


def any_signal(words: Words) -> st.SearchStrategy[str]:
    """Return a signal of the map or a built-in one."""
    return st.sampled_from((*words.signals, *BUILT_IN))


@st.composite
def windowed(
    draw: st.DrawFn,
    kind: str,
    name: str = "",
    *,
    units: str = "hdw",
    ago: bool = False,
    lifetime: bool = False,
) -> Term:
    """Return a term over a window of 2 to 10 panes, perhaps some panes back, or over the lifetime."""
    if lifetime and draw(st.booleans()):
        return term(kind, name)
    unit: PaneUnit = picked(draw, UNITS[units])
    size = draw(st.integers(2, 4 if unit == "w" else 10))
    back = draw(st.integers(0, 3)) if ago else 0
    return term(kind, name, panes(size, unit), ago=back)
