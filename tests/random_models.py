"""Hypothesis strategies for models: small, valid, with every kind of entry, framework and alert."""

from operator import attrgetter
from typing import Literal

from hypothesis import strategies as st

from streams.model.definition import (
    Dimension,
    Follow,
    Model,
    PAlive,
    Question,
    Score,
    Settings,
)
from streams.model.expression import Default, Fold, Node
from tests.nodes import DAY, HOUR, MINUTE, calculate, number, panes, rule, term
from tests.random_entries import DIMENSIONS, maps
from tests.random_frameworks import alerts, frameworks
from tests.random_words import LONGER, Words, picked

HALF_LIVES = (HOUR, DAY, 7 * DAY, 30 * DAY)
QUESTIONS = ("nps", "ces")


@st.composite
def models(draw: st.DrawFn, *, inexact: bool | None = None) -> Model:
    """Return a model.

    Args:
        draw: given by hypothesis.
        inexact: whether rules may be inexact; None: in half of the models.
    """
    if inexact is None:
        inexact = draw(st.booleans())
    questions = draw(st.lists(st.sampled_from(QUESTIONS), unique=True, max_size=2))
    entries = draw(maps(tuple(questions)))
    signals = tuple(sorted({signal for entry in entries for signal, _ in entry.signals})) or ("buy",)
    follow_list = draw(st.lists(follows(signals), max_size=2, unique_by=attrgetter("name")))
    p_alive = draw(st.none() | st.sampled_from(signals).map(p_alive_of))
    words = Words(
        signals=signals,
        questions=tuple(questions),
        follows=tuple(each.name for each in follow_list),
        sets=("features",) if any(entry.seen for entry in entries) else (),
        types=tuple(sorted({entry.type for entry in entries if entry.type})),
        p_alive=p_alive is not None,
    )
    dimension_list = draw(dimensions())
    words = words._replace(dimensions=tuple(each.name for each in dimension_list))
    score_list = draw(scores(words))
    words = words._replace(scores=tuple(each.name for each in score_list), inexact=inexact)
    framework_list, words = draw(frameworks(words))
    return Model(
        name="random",
        version=1,
        digest="0" * 32,
        touchpoints=entries,
        dimensions=dimension_list,
        scores=score_list,
        types_half_life_ms=picked(draw, HALF_LIVES),
        questions=tuple(
            Question(name, window_ms=picked(draw, LONGER), invert=draw(st.booleans())) for name in questions
        ),
        follows=tuple(follow_list),
        p_alive=p_alive,
        frameworks=framework_list,
        alerts=draw(alerts(words, framework_list)),
        settings=draw(settings()),
    )


def settings() -> st.SearchStrategy[Settings]:
    """Return the engine's constants; min_change divides no round score."""
    return st.builds(
        Settings,
        grace_ms=st.sampled_from((DAY, 0, HOUR, 3 * DAY)),
        timer_grace_ms=st.sampled_from((MINUTE, 0, HOUR)),
        session_gap_ms=st.sampled_from((30 * MINUTE, 6 * HOUR)),
        score_interval_ms=st.sampled_from((MINUTE, 0, HOUR, DAY)),
        min_change=st.sampled_from((7.31, 1.31, 3.31)),
    )


@st.composite
def dimensions(draw: st.DrawFn) -> tuple[Dimension, ...]:
    """Return all dimensions that entries may give points to, and perhaps one by expression."""
    found = [
        Dimension(
            name,
            half_life_ms=picked(draw, HALF_LIVES),
            half_at=picked(draw, (4.0, 1.0, 9.5)),
        )
        for name in DIMENSIONS
    ]
    if draw(st.booleans()):
        habit = calculate(term("days_active", "", panes(7)), "*", number(14))
        held = Fold(op="min", arguments=(habit, number(90)))
        found.append(Dimension("habit", value=rule(held)))
    return tuple(found)


@st.composite
def scores(draw: st.DrawFn, words: Words) -> tuple[Score, ...]:
    """Return one or two scores: folds of dimensions, perhaps with a count or an answer."""
    found = []
    for name in ("engagement", "value")[: draw(st.integers(1, 2))]:
        chosen = draw(st.lists(st.sampled_from(words.dimensions), min_size=1, max_size=3, unique=True))
        op: Literal["min", "max", "mean"] = picked(draw, ("mean", "max", "min"))
        value: Node = Fold(op=op, arguments=tuple(term("dimension", each) for each in chosen))
        if draw(st.integers(0, 3)) == 0:
            counted = calculate(number(7), "*", term("count", words.signals[0], panes(3)))
            value = calculate(value, "+", counted)
        if words.questions and draw(st.integers(0, 3)) == 0:
            answer = term("answer", words.questions[0])
            if draw(st.booleans()):
                answer_or: Node = Default(operand=answer, fallback=number(5))
            else:
                answer_or = answer
            value = calculate(value, "+", calculate(number(2), "*", answer_or))
        found.append(Score(name, rule(value)))
    return tuple(found)


@st.composite
def follows(draw: st.DrawFn, signals: tuple[str, ...]) -> Follow:
    """Return something to be followed up."""
    return Follow(
        picked(draw, ("onboarding", "recovery")),
        open=picked(draw, (*signals, "session")),
        close=picked(draw, (*signals, "activity")),
        within_ms=picked(draw, (*LONGER, 1)),
    )


def p_alive_of(signal: str) -> PAlive:
    """Return BG/NBD parameters (those of the CDNOW sample) for a signal."""
    return PAlive(signal, r=0.243, alpha=4.414, a=0.793, b=2.426, unit_ms=7 * DAY)
