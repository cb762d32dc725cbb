"""What types cannot say about a touchpoint: its subject, the characters of its names, its instant."""

from datetime import UTC, datetime

import msgspec
import pytest

from schemas.dead_letter import DeadLetterReason
from schemas.touchpoint import Subject, Touchpoint
from schemas.validate import problem, subject_id

PLAIN = Touchpoint(
    message_id="m1",
    event="Page Viewed",
    timestamp=datetime(2025, 3, 3, tzinfo=UTC),
    customer_id="c1",
    account_id="a1",
)


def test_a_plain_touchpoint_has_no_problem() -> None:
    """What is complete and printable can be used."""
    assert problem(PLAIN) is None


@pytest.mark.parametrize(
    ("subject", "expected"),
    [(Subject.CUSTOMER, "c1"), (Subject.ACCOUNT, "a1"), (Subject.BUSINESS, "business")],
)
def test_the_subject_decides_whose_id_counts(subject: Subject, expected: str) -> None:
    """The key is the customer's id, the account's id, or `business`."""
    touchpoint = msgspec.structs.replace(PLAIN, subject=subject)

    assert subject_id(touchpoint) == expected


@pytest.mark.parametrize(
    ("subject", "field"), [(Subject.CUSTOMER, "customer_id"), (Subject.ACCOUNT, "account_id")]
)
def test_a_touchpoint_without_its_subjects_id_has_no_subject(subject: Subject, field: str) -> None:
    """The id of the other subject does not stand in for it, and the message names the field."""
    touchpoint = msgspec.structs.replace(PLAIN, subject=subject, **{field: None})

    found = problem(touchpoint)

    assert found is not None
    assert found[0] is DeadLetterReason.NO_SUBJECT
    assert field in found[1]
    with pytest.raises(ValueError, match="without an id"):
        subject_id(touchpoint)


@pytest.mark.parametrize(
    ("subject", "absent"),
    [
        (Subject.CUSTOMER, ["account_id"]),
        (Subject.ACCOUNT, ["customer_id"]),
        (Subject.BUSINESS, ["customer_id", "account_id"]),
    ],
)
def test_an_id_that_the_subject_does_not_need_may_be_absent(subject: Subject, absent: list[str]) -> None:
    """Spend has no customer, and a customer need not have an account."""
    touchpoint = msgspec.structs.replace(PLAIN, subject=subject, **dict.fromkeys(absent))

    assert problem(touchpoint) is None


@pytest.mark.parametrize("field", ["message_id", "event", "customer_id", "account_id"])
@pytest.mark.parametrize("character", ["\x00", "\n", "\x1f", "\x7f", "\x80", "\x9f"])
def test_a_control_character_in_a_name_is_invalid(field: str, character: str) -> None:
    """C0, DEL and C1 are refused; the message says which field, which character and where."""
    touchpoint = msgspec.structs.replace(PLAIN, **{field: f"ab{character}cd"})

    found = problem(touchpoint)

    assert found is not None
    assert found[0] is DeadLetterReason.INVALID
    assert found[1].startswith(f"{field} holds a control character (U+{ord(character):04X} at position 2)")


@pytest.mark.parametrize("text", [" ", "~", "\xa0", "Zoë 👩\u200d💻", "\u2028", "顧客", "\ue000"])
def test_any_other_character_is_part_of_a_name(text: str) -> None:
    """The neighbours of the control characters, joiners, spaces and private characters are all kept."""
    touchpoint = msgspec.structs.replace(
        PLAIN, message_id=text, event=text, customer_id=text, account_id=text
    )

    assert problem(touchpoint) is None


@pytest.mark.parametrize("field", ["source", "session_id", "anonymous_id"])
def test_fields_that_are_no_names_may_hold_anything(field: str) -> None:
    """They are kept out of state, and shown as text."""
    touchpoint = msgspec.structs.replace(PLAIN, **{field: "a\nb"})

    assert problem(touchpoint) is None


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z"),
        ("1970-01-01T01:00:00+01:00", "1970-01-01T00:59:59.999+01:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999-00:01"),
        ("9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_an_instant_lies_between_1970_and_9999_in_utc(inside: str, outside: str) -> None:
    """Whatever the offset; the message names the field."""
    first, second = (
        msgspec.structs.replace(PLAIN, timestamp=datetime.fromisoformat(text)) for text in (inside, outside)
    )

    found = problem(second)

    assert problem(first) is None
    assert found is not None
    assert found[0] is DeadLetterReason.INVALID
    assert found[1].startswith("`timestamp` must lie between the years 1970 and 9999")
