"""Entries that no touchpoint can reach are found; entries that can be reached are left alone."""

import pytest

from streams.model.definition import Condition, Entry
from streams.model.overrides import covers, implies, pattern_covers, satisfies
from tests.model.planted import SECTIONS, at_mark, model, problems


def entries(*texts: str) -> str:
    """Return a model with these entries behind those of the model."""
    return model(touchpoints=SECTIONS["touchpoints"] + "".join(f"  - {text}\n" for text in texts))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{event: A}", "{event: ▸A}"),
        ("{event: A}", "{event: ▸A, where: {properties.x: 1}}"),
        ("{event: 'A*'}", "{event: ▸Abc}"),
        ("{event: 'A*'}", "{event: ▸'Ab*'}"),
        ("{event: '*'}", "{event: ▸'?b'}"),
        ("{event: A, where: {properties.x: {ge: 4}}}", "{event: ▸A, where: {properties.x: {ge: 5}}}"),
        ("{event: A, where: {properties.x: {ge: 4}}}", "{event: ▸A, where: {properties.x: {gt: 4}}}"),
        ("{event: A, where: {properties.x: {lt: 4}}}", "{event: ▸A, where: {properties.x: {lt: 4, ge: 1}}}"),
        ("{event: A, where: {properties.x: {le: 4}}}", "{event: ▸A, where: {properties.x: 4}}"),
        ("{event: A, where: {properties.x: {exists: true}}}", "{event: ▸A, where: {properties.x: 4}}"),
        ("{event: A, where: {properties.x: [a, b, c]}}", "{event: ▸A, where: {properties.x: [a, b]}}"),
        ("{event: A, where: {properties.x: 'a*'}}", "{event: ▸A, where: {properties.x: ab}}"),
        ("{event: A, where: {properties.x: 'a*'}}", "{event: ▸A, where: {properties.x: 'ab*'}}"),
        (
            "{event: A, where: {properties.x: 'a*'}}",
            "{event: ▸A, where: {properties.x: [ab, ac], traits.y: 1}}",
        ),
    ],
)
def test_an_entry_behind_one_that_takes_all_of_it_is_refused(first: str, second: str) -> None:
    """The first match wins."""
    assert "this entry can never match" in at_mark(entries(first, second)).reason


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{event: A}", "{event: B}"),
        ("{event: A, where: {properties.x: 1}}", "{event: A}"),
        ("{event: Abc}", "{event: 'A*'}"),
        ("{event: 'Ab*'}", "{event: 'A*'}"),
        ("{event: 'A*b'}", "{event: 'A*'}"),
        ("{event: 'A?c*'}", "{event: 'A*'}"),
        ("{event: 'A[b]'}", "{event: 'Ab'}"),
        ("{event: A, where: {properties.x: {ge: 5}}}", "{event: A, where: {properties.x: {ge: 4}}}"),
        ("{event: A, where: {properties.x: {gt: 4}}}", "{event: A, where: {properties.x: {ge: 4}}}"),
        ("{event: A, where: {properties.x: {ge: 4}}}", "{event: A, where: {properties.x: {le: 5}}}"),
        ("{event: A, where: {properties.x: {lt: 4}}}", "{event: A, where: {properties.x: {le: 4}}}"),
        ("{event: A, where: {properties.x: 1}}", "{event: A, where: {properties.x: true}}"),
        ("{event: A, where: {properties.x: '1'}}", "{event: A, where: {properties.x: 1}}"),
        ("{event: A, where: {properties.x: {ge: 1}}}", "{event: A, where: {properties.x: true}}"),
        (
            "{event: A, where: {properties.x: {exists: true}}}",
            "{event: A, where: {properties.x: {exists: false}}}",
        ),
        ("{event: A, where: {properties.x: {exists: false}}}", "{event: A, where: {properties.x: 1}}"),
        ("{event: A, where: {properties.x: [a, b]}}", "{event: A, where: {properties.x: [a, c]}}"),
        ("{event: A, where: {properties.x: ab}}", "{event: A, where: {properties.x: 'a*'}}"),
        ("{event: A, where: {properties.x: 1}}", "{event: A, where: {properties.y: 1}}"),
    ],
)
def test_an_entry_that_something_is_left_for_is_not_refused(first: str, second: str) -> None:
    """The neighbours of the above."""
    assert problems(entries(first, second)) == []


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("{direction: ▸inbound}", "no touchpoint has this direction"),
        ("{channel: ▸mail}", "no touchpoint has this channel"),
        ("{channel: ▸[mail, fax]}", "no touchpoint has this channel"),
        ("{channel: ▸'mail*'}", "no touchpoint has this channel"),
        ("{direction: ▸{ge: 4}}", "no touchpoint has this direction"),
        ("{properties.x: ▸{ge: 5, le: 4}}", "no value of properties.x satisfies all of this"),
        ("{properties.x: ▸{ge: 5, lt: 5}}", "no value of properties.x satisfies all of this"),
        ("{properties.x: ▸{gt: 5, le: 5}}", "no value of properties.x satisfies all of this"),
        ("{properties.x: ▸{exists: false, le: 5}}", "no value of properties.x satisfies all of this"),
    ],
)
def test_a_condition_that_nothing_satisfies_is_refused(where: str, reason: str) -> None:
    """Directions and channels are closed sets; bounds may cross."""
    assert at_mark(entries(f"{{event: A, where: {where}}}")).reason == reason


@pytest.mark.parametrize(
    "where",
    [
        "{direction: out, channel: [email, fax]}",
        "{channel: 'e*'}",
        "{channel: {exists: true}}",
        "{properties.x: {ge: 5, le: 5}}",
        "{properties.x: {exists: true, gt: 5, lt: 6}}",
        "{properties.x: {exists: false}}",
    ],
)
def test_a_condition_that_something_satisfies_is_not_refused(where: str) -> None:
    """The neighbours of the above."""
    assert problems(entries(f"{{event: A, where: {where}}}")) == []


def test_a_pattern_in_a_list_is_warned_about() -> None:
    """Members of a list stand for themselves."""
    at_mark(entries("{event: A, where: {properties.path: ▸[/a, '/b*']}}"), severity="warning")


def test_a_cap_on_nothing_is_warned_about() -> None:
    """A daily cap withholds points; a type counts as points."""
    at_mark(entries("{event: A, daily_cap: ▸3}"), severity="warning")

    assert problems(entries("{event: A, type: cognitive, daily_cap: 3}")) == []
    assert problems(entries("{event: A, dimensions: {attention: 1}, daily_cap: 3}")) == []


def test_conditions_are_decided_as_the_engine_decides_them() -> None:
    """A bool never equals a number; bounds are false on anything but a number; brackets are no pattern."""
    assert satisfies(True, Condition("x", "eq", True))
    assert not satisfies(True, Condition("x", "eq", 1))
    assert not satisfies(True, Condition("x", "ge", 0))
    assert not satisfies("5", Condition("x", "le", 9))
    assert satisfies(5, Condition("x", "le", 5))
    assert not satisfies(5, Condition("x", "lt", 5))
    assert satisfies(5, Condition("x", "gt", 4))
    assert satisfies("a", Condition("x", "any", ("b", "a")))
    assert not satisfies(3, Condition("x", "glob", "*"))
    assert not satisfies("a", Condition("x", "exists", False))
    assert pattern_covers("a[b]*", "a[b]c")
    assert not pattern_covers("a[b]", "ab")
    assert not implies(Condition("x", "exists", False), Condition("x", "exists", True))
    assert not implies(Condition("x", "any", ()), Condition("x", "eq", "a"))
    assert not implies(Condition("x", "glob", "a*"), Condition("x", "eq", "ab"))
    assert not covers(Entry("A", (Condition("x", "eq", 1),)), Entry("A"))
