"""The comparison of states and happenings sees what it must, and forgives what it may."""

import pytest

from tests.compare import equal_happenings, equal_states

STATE = {"clock": 5, "scores": {"a": 50.0}, "stages": {"way": None, "flags": ["x"]}, "sent": None}
HAPPENING = {"subject": "c1", "kind": "scores", "at": 10, "dwell_ms": 3, "values": {"a": 50.0}, "seq": 1}


@pytest.mark.parametrize(
    "planted",
    [
        {"clock": 6},
        {"scores": {"a": 50.000001}},
        {"scores": {"a": None}},
        {"scores": {}},
        {"stages": {"way": "x", "flags": ["x"]}},
        {"stages": {"way": None, "flags": []}},
        {"sent": False},
        {"more": 1},
    ],
)
def test_a_planted_difference_is_seen(planted: dict[str, object]) -> None:
    """Whatever it is, at the top or below."""
    assert equal_states(STATE, STATE | planted) != []


def test_floats_may_differ_in_the_last_digits_and_names_may_be_left_out() -> None:
    """1e-9 relative; an ignored name is not looked at; a missing state only equals a missing one."""
    assert equal_states(STATE, STATE | {"scores": {"a": 50.0 + 1e-8}}) == []
    assert equal_states(STATE, STATE | {"clock": 7}, ignore=("clock",)) == []
    assert equal_states(None, None) == []
    assert equal_states(None, STATE) != []


@pytest.mark.parametrize("planted", [{"at": 12}, {"seq": 2}, {"kind": "stage"}, {"values": {"a": 50.001}}])
def test_a_planted_happening_is_seen(planted: dict[str, object]) -> None:
    """Two milliseconds, a number, a kind, a value."""
    assert equal_happenings([HAPPENING], [HAPPENING | planted]) != []


def test_instants_may_differ_by_a_millisecond_and_what_moves_in_it() -> None:
    """Nine and eleven are ten; then a score may differ a little more."""
    shifted = HAPPENING | {"at": 11, "dwell_ms": 4, "values": {"a": 50.001}}

    assert equal_happenings([HAPPENING], [shifted]) == []
    assert equal_happenings([HAPPENING], []) != []


def test_the_order_is_promised_per_subject_only() -> None:
    """Two subjects may be told in any order, one subject's happenings may not."""
    other = HAPPENING | {"subject": "c2"}
    later = HAPPENING | {"seq": 2}

    assert equal_happenings([HAPPENING, other], [other, HAPPENING]) == []
    assert equal_happenings([HAPPENING, later], [later, HAPPENING]) != []
