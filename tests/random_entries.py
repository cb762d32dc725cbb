"""Hypothesis strategies for touchpoint maps: every kind of condition, amount, answer, cap and code."""

from hypothesis import strategies as st

from streams.model.definition import (
    Amount,
    AnswerSource,
    Condition,
    Entry,
)
from tests.random_words import picked

EVENTS = ("Order Completed", "Page Viewed", "Feature Used", "Survey Answered", "Trial Started", "Note Sent")
SIGNALS = ("buy", "visit", "feature", "survey", "trial", "note")
TYPES = ("cognitive", "emotional", "transactional")
DIMENSIONS = ("attention", "enthusiasm", "identification")
ONE = Amount(constant=1.0)
AMOUNTS = (
    ONE,
    Amount(constant=2.5),
    Amount(paths=("properties.revenue",)),
    Amount(paths=("properties.revenue", "properties.quantity")),
)
POINTS = (
    ONE,
    Amount(constant=4.0),
    Amount(constant=10.0),
    Amount(constant=-3.0),
    Amount(paths=("properties.quantity",)),
)
WHERES = (
    Condition("properties.path", "glob", "/pricing*"),
    Condition("properties.path", "eq", "/"),
    Condition("properties.plan", "any", ("pro", 5, True)),
    Condition("properties.revenue", "ge", 10),
    Condition("properties.revenue", "lt", 10),
    Condition("properties.quantity", "gt", 1),
    Condition("properties.quantity", "le", 2),
    Condition("properties.gift", "eq", True),
    Condition("properties.revenue", "exists", True),
    Condition("properties.revenue", "exists", False),
    Condition("channel", "eq", "email"),
    Condition("direction", "eq", "in"),
    Condition("traits.plan", "glob", "?r*"),
    Condition("campaign.name", "exists", True),
)


@st.composite
def maps(draw: st.DrawFn, questions: tuple[str, ...]) -> tuple[Entry, ...]:
    """Return a touchpoint map: for each of some events an entry, before it perhaps a narrower one."""
    found: list[Entry] = []
    events = draw(st.lists(st.sampled_from(EVENTS), unique=True, min_size=2, max_size=5))
    for event in events:
        signal = SIGNALS[EVENTS.index(event)]
        if draw(st.booleans()):
            where = draw(st.lists(st.sampled_from(WHERES), min_size=1, max_size=2, unique_by=repr))
            found.append(draw(entries(event, signal, questions, where=tuple(where))))
        found.append(draw(entries(event, signal, questions)))
    if draw(st.booleans()):
        found.append(draw(entries(picked(draw, ("*ed", "?o*", "*")), "buy", questions)))
    return tuple(found)


@st.composite
def entries(
    draw: st.DrawFn, event: str, signal: str, questions: tuple[str, ...], where: tuple[Condition, ...] = ()
) -> Entry:
    """Return one entry that carries its event's signal, and perhaps a second one."""
    second = picked(draw, (None, None, *SIGNALS))
    names = [signal] if second in (None, signal) else [signal, second]
    scaled = [AnswerSource(each, "properties.score", 0.0, 10.0) for each in questions]
    return Entry(
        event,
        where=where,
        type=draw(st.none() | st.sampled_from(TYPES)),
        signals=tuple((name, picked(draw, AMOUNTS)) for name in names),
        dimensions=draw(points()),
        answers=tuple(each for each in scaled if draw(st.booleans())),
        seen=picked(draw, ((), (("features", "properties.feature"),))),
        daily_cap=picked(draw, (None, None, 1, 2)),
        activity=picked(draw, (True, True, True, False)),
    )


@st.composite
def points(draw: st.DrawFn) -> tuple[tuple[str, Amount], ...]:
    """Return the points that an entry gives to some dimensions."""
    names = draw(st.lists(st.sampled_from(DIMENSIONS), unique=True, max_size=2))
    return tuple((name, picked(draw, POINTS)) for name in names)
