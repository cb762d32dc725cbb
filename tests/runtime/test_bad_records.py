"""Bad data is a value: what cannot be read is kept, with a closed reason and a message for its author."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from schemas.dead_letter import KEPT_BYTES, DeadLetter, DeadLetterReason
from streams.model.definition import Question
from streams.runtime.checks import SHORT
from streams.runtime.processor import LARGEST_RECORD, OUTCOMES, Processor
from streams.runtime.record import Record
from tests.engine.lives import NOON, small_model
from tests.nodes import DAY
from tests.random_histories import written

MODEL = small_model(questions=(Question("nps", window_ms=90 * DAY),))
INVALID = DeadLetterReason.INVALID
TOLERANCE_MS = MODEL.settings.future_tolerance_ms
GOOD: dict[str, Any] = {"message_id": "m1", "customer_id": "c1", "event": "visit", "timestamp": written(NOON)}


def body(**fields: object) -> bytes:
    """Return the JSON of a good touchpoint with some fields changed; None leaves one out."""
    return msgspec.json.encode({name: value for name, value in (GOOD | fields).items() if value is not None})


def read(
    value: bytes, *, key: bytes | None = None, appended_ms: int = NOON, **ways: Any
) -> tuple[Processor, list[DeadLetter]]:
    """Read a good record, this one, and another good record; return the processor and the dead letters."""
    processor = Processor(MODEL, **ways)
    records = [
        Record(0, NOON, None, body(message_id="before")),
        Record(1, appended_ms, key, value),
        Record(2, NOON, None, body(message_id="after")),
    ]
    outcome = processor.process(records)
    return processor, outcome.dead_letters


def assert_dead(value: bytes, reason: DeadLetterReason, word: str, **ways: Any) -> DeadLetter:
    """Assert that a record is one dead letter with its bytes, and that the records around it are applied."""
    processor, letters = read(value, **ways)
    assert [letter.reason for letter in letters] == [reason]
    assert letters[0].value == value[:KEPT_BYTES]
    assert letters[0].source_offset == 1
    assert word in letters[0].message
    assert processor.totals["applied"] == 2
    assert processor.totals["dead_letter"] == processor.dead_reasons[reason] == 1
    assert sum(processor.totals[name] for name in OUTCOMES) == 3
    assert processor.position == 3
    return letters[0]


def assert_applied(value: bytes, **ways: Any) -> None:
    """Assert that a record is applied like the two around it."""
    processor, letters = read(value, **ways)
    assert letters == []
    assert processor.totals["applied"] == 3


INFINITE = body(event="buy", properties={"revenue": "%s"}).replace(b'"%s"', b"%s")


@pytest.mark.parametrize(
    "value",
    [
        b"", b" ", b"{", b"hello", body() + b"x", body()[:-1], INFINITE % b"NaN", INFINITE % b"Infinity",
        INFINITE % b"-Infinity", INFINITE % b"01",
    ],
)  # fmt: skip
def test_what_is_not_json_is_kept_as_it_came(value: bytes) -> None:
    """Cut off, followed by more, or with numbers that JSON does not know: `not_json`."""
    assert_dead(value, DeadLetterReason.NOT_JSON, "")


@pytest.mark.parametrize(
    "value", [body().replace(b"visit", b"vi\xffsit"), body().replace(b"visit", b"\xed\xa0\x80")]
)
def test_text_that_is_not_utf_8_is_not_json(value: bytes) -> None:
    """Invalid bytes and lone surrogates inside a text: `not_json`, and the bytes are kept."""
    assert_dead(value, DeadLetterReason.NOT_JSON, "")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"message_id": 5}, "message_id"),
        ({"event": ["visit"]}, "event"),
        ({"customer_id": 7}, "customer_id"),
        ({"timestamp": 1_710_000_000_000}, "timestamp"),
        ({"properties": []}, "properties"),
        ({"traits": "x"}, "traits"),
        ({"campaign": 1}, "campaign"),
        ({"channel": "pigeon"}, "channel"),
        ({"direction": "up"}, "direction"),
        ({"subject": "planet"}, "subject"),
        ({"message_id": None}, "message_id"),
        ({"event": None}, "event"),
        ({"timestamp": None}, "timestamp"),
        ({"kind": "wish"}, "kind"),
        ({"kind": 3}, "kind"),
        ({"received_at": "soon"}, "received_at"),
    ],
)
def test_a_wrong_or_missing_field_is_named(fields: Mapping[str, object], word: str) -> None:
    """The message says which field it was."""
    assert_dead(body(**fields), INVALID, word)


@pytest.mark.parametrize("value", [b"[]", b"null", b"5", b'"text"'])
def test_json_that_is_no_object_is_invalid(value: bytes) -> None:
    """It is JSON, but no touchpoint."""
    assert_dead(value, INVALID, "object")


@pytest.mark.parametrize(("name", "longest"), [("message_id", 128), ("customer_id", 256), ("event", 256)])
def test_ids_have_a_length(name: str, longest: int) -> None:
    """Empty and one character too long are refused by name; the longest is applied."""
    assert_dead(body(**{name: ""}), INVALID, name)
    assert_dead(body(**{name: "x" * (longest + 1)}), INVALID, name)
    assert_applied(body(**{name: "x" * longest}))


@pytest.mark.parametrize("name", ["message_id", "customer_id", "event"])
@pytest.mark.parametrize("character", ["\x00", "\x1f", "\x7f", "\x9f", "\n"])
def test_control_characters_in_ids_are_refused(name: str, character: str) -> None:
    """They would tear logs and keys; the field is named. A space or an umlaut is fine."""
    assert_dead(body(**{name: f"a{character}b"}), INVALID, name)
    assert_applied(body(**{name: "a b ü 猫"}))


@pytest.mark.parametrize("name", ["message_id", "customer_id", "event"])
@pytest.mark.parametrize(
    ("text", "is_good"),
    [("a\x1fb", False), ("a\x7fb", False), ("a\x9fb", False), ("a ~", True), ("ü\u00a0", True)],
)
def test_a_control_character_is_found_among_many_good_records(name: str, text: str, is_good: bool) -> None:
    """However many records come together, it is that one alone which is refused."""
    records = [Record(place, NOON, None, body(**{name: "x" * 100})) for place in range(SHORT // 100)]
    records.append(Record(len(records), NOON, None, body(**{name: text})))

    letters = Processor(MODEL).process(records).dead_letters

    assert [letter.source_offset for letter in letters] == ([] if is_good else [SHORT // 100])


@pytest.mark.parametrize("name", ["message_id", "customer_id", "event"])
@pytest.mark.parametrize("character", ["\u200d", "\ufeff", "\u2028", "\u00a0", "\ue000"])
def test_other_characters_that_cannot_be_seen_are_let_through(name: str, character: str) -> None:
    """Joiners, marks, odd spaces and private signs harm nothing, and trackers send them."""
    assert_applied(body(**{name: f"a{character}b"}))


@pytest.mark.parametrize(
    "timestamp", ["2024-03-13T12:00:00", "2024-03-13", "yesterday", "", "2024-02-30T12:00:00Z"]
)
def test_a_timestamp_needs_an_offset_and_a_day_that_exists(timestamp: str) -> None:
    """A naive instant could be anywhere; it is refused, not guessed."""
    assert_dead(body(timestamp=timestamp), INVALID, "timestamp")


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z"),
        ("1970-01-01T01:00:00+01:00", "1970-01-01T00:59:59.999+01:00"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999-00:01"),
    ],
)
def test_timestamps_lie_between_1970_and_9999(inside: str, outside: str) -> None:
    """The first and the last millisecond are applied, their neighbours outside are refused."""
    customer = {"customer_id": "c2"}

    assert_applied(body(timestamp=inside, **customer), check_future=False)
    assert_dead(body(timestamp=outside, **customer), INVALID, "timestamp", check_future=False)


def test_a_body_has_a_largest_size() -> None:
    """A mebibyte is read, a byte more is `too_large`; of that the first 64 KiB are kept."""
    padding = LARGEST_RECORD - len(body(source=""))

    assert_applied(body(source="x" * padding))
    letter = assert_dead(body(source="x" * (padding + 1)), DeadLetterReason.TOO_LARGE, str(LARGEST_RECORD))
    assert len(letter.value) == KEPT_BYTES


def nested(depth: int) -> bytes:
    """Return a touchpoint with a property that many levels deep."""
    return body(properties={"revenue": "DEEP"}).replace(b'"DEEP"', b'{"a":' * depth + b"1" + b"}" * depth)


def test_nesting_within_reason_is_read() -> None:
    """Two hundred levels are harmless."""
    assert_applied(nested(200))


@pytest.mark.parametrize(
    "value", [nested(5_000), b"[" * 5_000, b"[" * 5_000 + b"]" * 5_000, b'{"a":' * 5_000]
)
def test_nesting_without_end_is_a_dead_letter(value: bytes) -> None:
    """Five thousand levels stop neither the process nor the record after them."""
    processor, letters = read(value)

    assert [letter.value for letter in letters] == [value]
    assert letters[0].reason in {INVALID, DeadLetterReason.NOT_JSON}
    assert processor.totals["applied"] == 2
    assert sum(processor.totals[name] for name in OUTCOMES) == 3


@pytest.mark.parametrize("value", [b"1e999", b"-1e999", b"1" * 400])
def test_a_number_beyond_all_bounds_is_never_counted(value: bytes) -> None:
    """It is refused or read as no number: no amount becomes infinite."""
    processor, _ = read(INFINITE % value)

    assert sum(processor.totals[name] for name in OUTCOMES) == 3
    view = processor.customer("c1")
    assert view is not None
    assert all(signal.sum in {0.0, 2.0} for signal in view.signals.values())


@pytest.mark.parametrize("kind", ["tick", "model", "link", "absorb"])
def test_internal_kinds_are_refused_where_the_log_is_not_trusted(kind: str) -> None:
    """A file may not make time pass; the same record in Rapport's own log is obeyed."""
    value = msgspec.json.encode({"kind": kind, "timestamp": written(NOON)})

    assert_dead(value, DeadLetterReason.INTERNAL_KIND, kind, check_internal=True)
    assert_dead(body(kind=kind), DeadLetterReason.INTERNAL_KIND, kind, check_internal=True)
    processor, letters = read(value)
    assert letters == []
    assert processor.totals["internal"] == 1


@pytest.mark.parametrize("received", [None, NOON])
def test_the_future_begins_after_the_tolerance(received: int | None) -> None:
    """Counted from `received_at`, else from the append: the bound is applied, 1 ms more is `future`."""
    far = NOON if received is None else 0  # the append does not count where the arrival is known
    arrival = None if received is None else written(received)
    at_bound = body(timestamp=written(NOON + TOLERANCE_MS), received_at=arrival)
    beyond = body(timestamp=written(NOON + TOLERANCE_MS + 1), received_at=arrival)

    assert_applied(at_bound, appended_ms=far)
    assert_dead(beyond, DeadLetterReason.FUTURE, "timestamp", appended_ms=far)
    assert_applied(beyond, appended_ms=far, check_future=False)


def test_the_key_is_the_subject() -> None:
    """Another key would put one customer into two partitions; no key, or the right one, is fine."""
    assert_dead(body(), DeadLetterReason.KEY_MISMATCH, "key", key=b"c2")
    assert_dead(body(), DeadLetterReason.KEY_MISMATCH, "key", key=b"")
    assert_applied(body(), key=b"c1")
    assert_applied(body(subject="business", customer_id=None), key=b"business")
    assert_dead(body(subject="business"), DeadLetterReason.KEY_MISMATCH, "key", key=b"c1")


@pytest.mark.parametrize(
    ("fields", "conflicts"),
    [({}, 0), ({"received_at": written(NOON)}, 1), ({"event": "buy"}, 1)],
)
def test_a_repeat_is_a_conflict_when_its_bytes_are_others(fields: dict[str, object], conflicts: int) -> None:
    """Even by another `received_at` alone; it is a duplicate all the same, and the first one holds."""
    processor, _ = read(body(message_id="before", **fields))

    assert processor.totals["duplicate"] == 1
    assert processor.totals["conflict"] == conflicts
    view = processor.customer("c1")
    assert view is not None
    assert view.signals["visit"].count == 2


@pytest.mark.parametrize(("subject", "word"), [("customer", "customer_id"), ("account", "account_id")])
def test_a_subject_needs_its_id(subject: str, word: str) -> None:
    """Nobody to tell it to: `no_subject`, and the message names the field."""
    assert_dead(body(subject=subject, customer_id=None), DeadLetterReason.NO_SUBJECT, word)


def test_a_dead_letter_keeps_its_key() -> None:
    """Key and value come back as they were, to be mended and sent again."""
    letter = assert_dead(b"{", DeadLetterReason.NOT_JSON, "", key=b"k\xff")

    assert letter.key == b"k\xff"
