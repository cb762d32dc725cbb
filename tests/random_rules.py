"""Hypothesis strategies for conditions: every kind of term, with thresholds that random histories reach.

Thresholds on scores end in .37 and stay away from 0 and 100, where decaying scores creep: there a crossing
cannot be told to the millisecond in double precision. Two moving scores are only compared with a distance
between them, for the same reason.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

from hypothesis import strategies as st

from streams.model.expression import And, Default, Fold, Holds, Known, Negative, Node, Not
from tests.nodes import DAY, both, calculate, compare, duration, either, number, term, text
from tests.random_words import (
    DISTANCES,
    DURATIONS,
    LONGER,
    PLANS,
    THRESHOLDS,
    Words,
    any_signal,
    picked,
    windowed,
)


@cache
def conditions(words: Words, *, depth: int = 1) -> st.SearchStrategy[Node]:
    """Return a condition over the words; depth: how often conditions are joined."""
    leaf = st.one_of([make(words) for make in leaves(words)])
    if depth == 0:
        return leaf
    inner = conditions(words, depth=depth - 1)
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        leaf,
        leaf,
        several.map(all_of),
        several.map(any_of),
        inner.map(Not),
        several.map(two_of),
    )


def all_of(several: tuple[Node, ...]) -> Node:
    """Return that all of several conditions hold."""
    return both(*several)


def any_of(several: tuple[Node, ...]) -> Node:
    """Return that any of several conditions holds."""
    return either(*several)


def two_of(several: tuple[Node, ...]) -> Node:
    """Return that at least two of several conditions hold."""
    return compare(Holds(conditions=several), ">=", 2)


def leaves(words: Words) -> Sequence[Callable[[Words], st.SearchStrategy[Node]]]:
    """Return the makers of comparisons for which the words suffice."""
    makers: list[Callable[[Words], st.SearchStrategy[Node]]] = [
        counted,
        counted,
        totals,
        distinct,
        recency,
        recency,
        ages,
        lifetimes,
        traits,
        silences,
    ]
    if words.dimensions:
        makers.append(levels)
    if words.scores:
        makers += [scores, scores, score_changes]
    if words.types:
        makers.append(shares)
    if words.questions:
        makers.append(answers)
    if words.follows:
        makers.append(follows)
    if words.sets:
        makers.append(breadth)
    if words.stages:
        makers.append(stages)
    if words.p_alive:
        makers.append(probability)
    if words.inexact:
        makers.append(inexact)
    return makers


@st.composite
def counted(draw: st.DrawFn, words: Words) -> Node:
    """Return a count of touchpoints or sessions against a small number, or two counts against each other."""
    if draw(st.booleans()):
        read: Node = draw(windowed("sessions", units="dw"))
    else:
        read = draw(windowed("count", draw(any_signal(words)), ago=True, lifetime=True))
    if draw(st.booleans()):
        return compare(read, picked(draw, (">=", "==", "<", "!=")), draw(st.integers(1, 3)))
    other = draw(windowed("count", draw(any_signal(words)), ago=True, lifetime=True))
    return compare(read, picked(draw, (">", "<=")), calculate(number(0.5), "*", other))


@st.composite
def totals(draw: st.DrawFn, words: Words) -> Node:
    """Return a sum of amounts against a number."""
    read = draw(windowed("sum", picked(draw, words.signals), ago=True, lifetime=True))
    return compare(read, picked(draw, (">=", "<")), picked(draw, (1, 9.5, 30)))


@st.composite
def distinct(draw: st.DrawFn, words: Words) -> Node:
    """Return distinct days, active days or channels against a small number."""
    read = draw(
        st.one_of(
            windowed("days", draw(any_signal(words)), units="dw", ago=True, lifetime=True),
            windowed("days_active", units="dw", ago=True),
            windowed("channels", units="dw"),
        )
    )
    return compare(read, picked(draw, (">=", "<")), draw(st.integers(1, 3)))


@st.composite
def recency(draw: st.DrawFn, words: Words) -> Node:
    """Return `since` against a length, or against another `since`."""
    since = term("since", draw(any_signal(words)))
    op = picked(draw, ("<", "<=", ">", ">="))
    if draw(st.integers(0, 3)) == 0:
        other = term("since", draw(any_signal(words)))
        folded = Fold(op="min", arguments=(Default(operand=other, fallback=term("tenure")), term("tenure")))
        return compare(since, op, folded)
    return compare(since, op, duration(picked(draw, DURATIONS)))


@st.composite
def ages(draw: st.DrawFn, words: Words) -> Node:
    """Return tenure, or the time until a date trait, against a length."""
    read = picked(draw, (term("tenure"), term("until", "renewal")))
    return compare(read, picked(draw, ("<", ">=")), duration(picked(draw, LONGER)))


@st.composite
def lifetimes(draw: st.DrawFn, words: Words) -> Node:
    """Return whether something ever happened, or how first and last instants lie to each other."""
    one, two = draw(any_signal(words)), draw(any_signal(words))
    made: list[Node] = [
        term("ever", one),
        compare(calculate(term("last", one), "-", term("first", two)), ">=", duration(DAY)),
        compare(term("last", one), ">", term("last", two)),
    ]
    return picked(draw, made)


@st.composite
def silences(draw: st.DrawFn, words: Words) -> Node:
    """Return silence against the own rhythm."""
    rhythm: Node = term("rhythm")
    if draw(st.booleans()):
        rhythm = Default(operand=rhythm, fallback=duration(picked(draw, LONGER)))
    patience = calculate(number(picked(draw, (1.5, 2))), "*", rhythm)
    floor = duration(picked(draw, LONGER))
    silence = Default(operand=term("since", "activity"), fallback=term("tenure"))
    return compare(silence, ">", Fold(op="max", arguments=(patience, floor)))


@st.composite
def traits(draw: st.DrawFn, words: Words) -> Node:
    """Return a trait against a text or a number, or whether it is known."""
    made: list[Node] = [
        compare(term("trait", "plan"), picked(draw, ("==", "!=")), picked(draw, PLANS)),
        compare(Default(operand=term("trait", "plan"), fallback=text("free")), "==", "free"),
        compare(term("trait", "seats"), ">=", 5),
        Known(operand=term("trait", "plan")),
    ]
    return picked(draw, made)


@st.composite
def levels(draw: st.DrawFn, words: Words) -> Node:
    """Return a dimension, or two of them folded, against a threshold."""
    read: Node = term("dimension", picked(draw, words.dimensions))
    if draw(st.booleans()):
        other = term("dimension", picked(draw, words.dimensions))
        op: Literal["min", "max", "mean"] = picked(draw, ("min", "max", "mean"))
        read = Fold(op=op, arguments=(read, other))
    return compare(read, picked(draw, (">=", "<")), picked(draw, THRESHOLDS))


@st.composite
def scores(draw: st.DrawFn, words: Words) -> Node:
    """Return a score against a threshold, perhaps turned round."""
    score, threshold = term("score", picked(draw, words.scores)), picked(draw, THRESHOLDS)
    if draw(st.integers(0, 4)) == 0:
        return compare(Negative(operand=score), picked(draw, (">", "<=")), -threshold)
    return compare(score, picked(draw, (">=", "<")), threshold)


@st.composite
def score_changes(draw: st.DrawFn, words: Words) -> Node:
    """Return a score against what it was at a past midnight, or against another score, at a distance."""
    name = picked(draw, words.scores)
    past = term("score_at", name, back_ms=picked(draw, (1, 2, 7)) * DAY)
    now, distance = term("score", name), number(picked(draw, DISTANCES))
    other = term("score", picked(draw, words.scores))
    made: list[Node] = [
        compare(calculate(past, "-", now), ">=", distance),
        And((compare(past, ">=", 10.37), compare(now, "<=", calculate(number(0.8), "*", past)))),
        compare(calculate(other, "-", now), ">=", distance),
        Known(operand=past),
    ]
    return picked(draw, made)


@st.composite
def shares(draw: st.DrawFn, words: Words) -> Node:
    """Return the share of an engagement type against a part."""
    read = term("type", picked(draw, words.types))
    return compare(read, picked(draw, (">=", "<")), picked(draw, (0.137, 0.337, 0.637)))


@st.composite
def answers(draw: st.DrawFn, words: Words) -> Node:
    """Return an answer, perhaps with a default, against a value, or whether it is known."""
    read = term("answer", picked(draw, words.questions))
    made: list[Node] = [
        compare(read, ">=", 9),
        compare(read, "<=", 6),
        compare(Default(operand=read, fallback=number(7)), ">", 6),
        Known(operand=read),
    ]
    return picked(draw, made)


@st.composite
def follows(draw: st.DrawFn, words: Words) -> Node:
    """Return how a follow stands, or whether it has expired."""
    name = picked(draw, words.follows)
    how = picked(draw, ("open", "closed", "expired"))
    expired = compare(term("since", f"{name}.expired"), "<", duration(picked(draw, LONGER)))
    ever = compare(term("count", f"{name}.closed"), ">=", 1)
    stands = compare(term("follow", name), picked(draw, ("==", "!=")), how)
    return picked(draw, (stands, expired, ever))


@st.composite
def breadth(draw: st.DrawFn, words: Words) -> Node:
    """Return how many codes were seen."""
    read = draw(windowed("seen", picked(draw, words.sets), units="dw"))
    return compare(read, ">=", draw(st.integers(1, 3)))


@st.composite
def stages(draw: st.DrawFn, words: Words) -> Node:
    """Return whether a customer is, or is not, in a stage of an earlier framework."""
    framework, stage = picked(draw, words.stages)
    return compare(term("stage", framework), picked(draw, ("==", "!=")), stage)


@st.composite
def probability(draw: st.DrawFn, words: Words) -> Node:
    """Return the probability of being alive against a part."""
    return compare(term("p_alive"), picked(draw, ("<", ">=")), picked(draw, (0.337, 0.637)))


@st.composite
def inexact(draw: st.DrawFn, words: Words) -> Node:
    """Return a product of two moving sides, or a division by one: read at midnights and touchpoints only."""
    since = term("since", draw(any_signal(words)))
    ratio = calculate(since, "/", term("tenure"))
    made: list[Node] = [compare(ratio, picked(draw, (">=", "<")), picked(draw, (0.337, 0.637)))]
    if words.scores:
        score = term("score", picked(draw, words.scores))
        made.append(compare(calculate(score, "*", score), "<", 400.37))
        made.append(compare(calculate(number(100), "/", calculate(number(1), "+", score)), ">", 5.37))
    return picked(draw, made)
