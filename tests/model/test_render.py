"""A tree written as text and read again is the same tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.model.expression import (
    Arithmetic,
    Compare,
    Constant,
    Default,
    Fold,
    Holds,
    Known,
    Node,
    Not,
    Term,
    Text,
    Window,
)
from streams.model.parse import conjunction, disjunction, negative, parse_expression
from streams.model.render import duration_text, number_text, render
from tests.model.planted import bare

NAMES = st.sampled_from(["visit", "purchase", "reply.closed", "a", "x_1"])
SIMPLE = st.sampled_from(["engagement", "a", "x_1"])
WINDOWS = st.builds(Window, st.integers(2, 400), st.sampled_from(["d", "w"]))
NUMBERS = st.one_of(
    st.integers(-1_000, 1_000).map(float), st.floats(-1e9, 1e9, allow_nan=False), st.sampled_from([1e20, 0.1])
).map(lambda value: Constant(value + 0.0))
DURATIONS = st.integers(-1_000_000, 10**12).map(lambda value: Constant(float(value), "duration"))
DOTTED = st.sampled_from(["score", "dimension", "type", "stage", "trait"])
OF_SIGNALS = st.sampled_from(["since", "ever", "first", "last", "count", "days"])
OF_NAMES = st.sampled_from(["answer", "follow", "until"])
OF_WINDOWS = st.sampled_from(["channels", "sessions"])
AGO = st.integers(0, 9)


def make(kind: str, name: str = "", window: Window | None = None, ago: int = 0) -> Term:
    """Return a term."""
    return Term(kind=kind, name=name, window=window, ago=ago)


def past_score(name: str, days: int) -> Term:
    """Return a score at the midnight so many days ago."""
    return Term(kind="score_at", name=name, back_ms=days * 86_400_000)


TERMS = st.one_of(
    st.builds(make, DOTTED, SIMPLE),
    st.builds(past_score, SIMPLE, st.integers(1, 90)),
    st.builds(make, st.sampled_from(["rhythm", "tenure", "p_alive"])),
    st.builds(make, OF_SIGNALS, NAMES),
    st.builds(make, OF_NAMES, SIMPLE),
    st.builds(make, st.just("sum"), NAMES, WINDOWS, AGO),
    st.builds(make, st.just("seen"), SIMPLE, WINDOWS),
    st.builds(make, OF_WINDOWS, st.just(""), WINDOWS),
    st.builds(make, st.just("days_active"), st.just(""), WINDOWS, AGO),
)
TEXTS = st.sampled_from(["", "pro", "it's", 'a "b"', "7d @ #", "é"]).map(Text)


def larger(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Return trees that are made of smaller ones."""
    several = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(
        st.builds(Arithmetic, st.sampled_from(["+", "-", "*", "/"]), parts, parts),
        st.builds(Compare, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), parts, parts),
        parts.map(lambda part: negative(part, column=0)),
        parts.map(Not),
        parts.map(Known),
        st.builds(Default, parts, parts),
        several.map(lambda found: Holds(tuple(found))),
        st.builds(lambda op, found: Fold(op, tuple(found)), st.sampled_from(["min", "max", "mean"]), several),
        st.lists(parts, min_size=2, max_size=3).map(lambda found: conjunction(found, column=0)),
        st.lists(parts, min_size=2, max_size=3).map(lambda found: disjunction(found, column=0)),
    )


TREES = st.recursive(st.one_of(NUMBERS, DURATIONS, TERMS, TEXTS), larger, max_leaves=12)


@given(TREES)
def test_reading_what_was_written_gives_the_same_tree(tree: Node) -> None:
    """Parentheses stand where they are needed; no number loses a digit."""
    text = render(tree)

    assert bare(parse_expression(text).node) == bare(tree)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("count( visit,30d )>=1", "count( visit,30d ) >= 1"),
        ("(a+b)*2", "(a + b) * 2"),
        ("((a)) - (b - 1)", "a - (b - 1)"),
        ("not(ever(a))and(ever(b)or ever(c))", "not ever(a) and (ever(b) or ever(c))"),
        ("-(-a)", "-(-a)"),
        ("1.50*a", "1.5 * a"),
        ("trait.x=='a'", 'trait.x == "a"'),
        ("trait.x=='a\"'", "trait.x == 'a\"'"),
    ],
)
def test_a_tree_is_written_as_one_would(text: str, written: str) -> None:
    """Terms as their author wrote them; the rest in one spelling."""
    assert render(parse_expression(text).node) == written


def test_one_spelling_can_be_asked_for() -> None:
    """To compare rules that differ in blanks only."""
    assert render(parse_expression("count( visit,30d ) > 1").node, canonical=True) == "count(visit, 30d) > 1"


def test_durations_are_written_in_the_largest_unit_that_comes_out_whole() -> None:
    """Numbers without a needless fraction."""
    assert [duration_text(ms) for ms in (0, 1, 1_500, 90_000, 3_600_000, 86_400_000, 604_800_000)] == [
        "0d",
        "1ms",
        "1500ms",
        "90s",
        "1h",
        "1d",
        "7d",
    ]
    assert [number_text(value) for value in (1.0, 0.5, -3.0, 1e20)] == ["1", "0.5", "-3", "1e+20"]
