"""What libraries may say, and how often: an operator has to find the line that matters."""

import logging

import pytest

from streams.logs import EVERY_S, Seldom


def said(
    at_s: float, text: str = "Unable connect to node with id %s", name: str = "aiokafka.client"
) -> logging.LogRecord:
    record = logging.LogRecord(name, logging.ERROR, "", 0, text, (1,) if "%s" in text else (), None)
    record.created = at_s
    return record


def test_a_library_says_the_same_once_in_ten_seconds_and_then_how_often() -> None:
    """However many connections it tries meanwhile."""
    seldom = Seldom()
    records = [said(second / 10) for second in range(0, 205)]

    told = [record for record in records if seldom.filter(record)]

    assert [record.created for record in told] == [0.0, EVERY_S, 2 * EVERY_S]
    assert [getattr(record, "fields", None) for record in told] == [None, {"repeated": 99}, {"repeated": 99}]


@pytest.mark.parametrize(
    "other", [said(1.0, "Heartbeat failed"), said(1.0, name="aiokafka.consumer"), said(1.0, name="rapport")]
)
def test_what_is_not_the_same_is_said(other: logging.LogRecord) -> None:
    """Another text, another part of the library, and whatever Rapport says itself."""
    seldom = Seldom()
    seldom.filter(said(0.5, name=other.name if other.name == "rapport" else "aiokafka.client"))

    assert seldom.filter(other)


def test_texts_that_never_come_again_are_not_kept_for_ever() -> None:
    """A library may put an address into the text itself."""
    seldom = Seldom()

    assert all(seldom.filter(said(0.0, f"no answer from {number}")) for number in range(5_000))
    assert len(seldom._said) <= 1_000
