"""Bodies in Rapport's own shape: accepted with their bytes, or refused with a reason and a way out."""

import msgspec
import pytest

from schemas.dead_letter import DeadLetterReason
from streams.ingest.canonical import DEPTH_LIMIT, EVENT_LIMIT_BYTES, read_body, read_item
from streams.ingest.item import Accepted, Item, Refused
from streams.model.definition import Model
from streams.runtime.processor import Processor
from streams.runtime.record import Record


def touchpoint(**changes: object) -> bytes:
    fields: dict[str, object] = {
        "message_id": "m1",
        "customer_id": "c1",
        "event": "Page Viewed",
        "timestamp": "2026-01-31T12:00:00.5+01:00",
    }
    fields.update(changes)
    return msgspec.json.encode({name: value for name, value in fields.items() if value is not None})


def reasons(items: list[Item]) -> list[DeadLetterReason | None]:
    return [item.reason if isinstance(item, Refused) else None for item in items]


def refused(item: Item) -> tuple[DeadLetterReason, str]:
    assert isinstance(item, Refused)
    return item.reason, item.message


def nested(levels: int) -> bytes:
    # The touchpoint and its properties are two levels themselves.
    return touchpoint(properties={"a": 0}).replace(b"0}}", b"[" * (levels - 2) + b"]" * (levels - 2) + b"}}")


def test_an_accepted_touchpoint_keeps_the_senders_bytes_and_gets_its_key() -> None:
    """Nothing is encoded again: spaces, unknown fields and all stay as they were sent."""
    body = b'{ "unknown" : [1, 2], ' + touchpoint()[1:]

    (item,) = read_body(body)

    assert isinstance(item, Accepted)
    assert item.value == body
    assert item.subject == item.touchpoint.customer_id == "c1"


@pytest.mark.parametrize("timestamp", ["1969-12-31T23:59:59Z", "9999-12-31T23:59:59-00:01"])
def test_an_instant_that_the_processor_cannot_hold_is_refused_at_the_edge(timestamp: str) -> None:
    """The sender hears at once what a dead letter would say later, in the same words."""
    value = touchpoint(timestamp=timestamp)
    processor = Processor(Model(name="m", version=1, digest="d"))
    (letter,) = processor.process([Record(0, 0, None, value)]).dead_letters

    assert refused(read_item(value)) == (letter.reason, letter.message)


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"subject": "account", "account_id": "a1"}, "a1"),
        ({"subject": "business", "customer_id": None}, "business"),
    ],
)
def test_the_key_is_the_id_of_the_subject(changes: dict[str, object], subject: str) -> None:
    """An account's touchpoint goes to the account, the business's to the business."""
    item = read_item(touchpoint(**changes))

    assert isinstance(item, Accepted)
    assert item.subject == subject


@pytest.mark.parametrize("separator", [b"\n", b"\r\n", b"\n\n \n"])
@pytest.mark.parametrize("content_type", ["application/x-ndjson; charset=utf-8", "application/json", ""])
def test_json_lines_are_one_item_a_line_whatever_the_content_type(
    separator: bytes, content_type: str
) -> None:
    """Blank lines are nothing; a broken line does not spoil its neighbours."""
    good = touchpoint()
    body = separator.join([good, good[:-1], good]) + separator

    items = read_body(body, content_type)

    assert reasons(items) == [None, DeadLetterReason.NOT_JSON, None]
    assert [item.value for item in items] == [good, good[:-1], good]


def test_the_content_type_of_json_lines_holds_even_when_the_first_line_is_broken() -> None:
    """Told that it is JSON lines, the collector salvages what follows a broken start."""
    body = b"{\n" + touchpoint()

    assert reasons(read_body(body, "application/x-ndjson")) == [DeadLetterReason.NOT_JSON, None]
    assert reasons(read_body(body, "application/json")) == [DeadLetterReason.NOT_JSON]


def test_an_array_is_one_item_per_element_in_order() -> None:
    """A bad element is refused alone, with its own bytes."""
    good, bad = touchpoint(), touchpoint(event=None)

    items = read_body(b"[" + good + b" ,\n" + bad + b"," + good + b"]")

    assert reasons(items) == [None, DeadLetterReason.INVALID, None]
    assert [item.value for item in items] == [good, bad, good]


def test_an_object_over_several_lines_is_one_item() -> None:
    """Pretty-printed JSON is not taken for JSON lines."""
    body = msgspec.json.format(touchpoint(), indent=2)

    items = read_body(body)

    assert reasons(items) == [None]


def test_an_empty_array_holds_no_items() -> None:
    """It is not an error either."""
    assert read_body(b" [ ] ") == []


def test_a_byte_order_mark_is_not_part_of_the_body() -> None:
    """Some senders write one; RFC 8259 lets a reader skip it."""
    items = read_body(b"\xef\xbb\xbf" + touchpoint())

    assert reasons(items) == [None]


@pytest.mark.parametrize("body", [b"", b" \r\n", b"hello", b'{"a"', b"[1, 2", b"[" + touchpoint() + b"]]"])
def test_a_body_that_is_no_json_is_refused_whole(body: bytes) -> None:
    """One item, reason not_json."""
    assert reasons(read_body(body)) == [DeadLetterReason.NOT_JSON]


@pytest.mark.parametrize(
    ("body", "reason", "names"),
    [
        (b'"text"', "invalid", "object"),
        (touchpoint(message_id=None), "invalid", "message_id"),
        (touchpoint(message_id=""), "invalid", "message_id"),
        (touchpoint(message_id="m" * 129), "invalid", "message_id"),
        (touchpoint(message_id=7), "invalid", "message_id"),
        (touchpoint(event=None), "invalid", "event"),
        (touchpoint(event="e" * 257), "invalid", "event"),
        (touchpoint(event="a\x00b"), "invalid", "event"),
        (touchpoint(customer_id=None), "no_subject", "customer_id"),
        (touchpoint(customer_id=""), "invalid", "customer_id"),
        (touchpoint(customer_id="c" * 257), "invalid", "customer_id"),
        (touchpoint(customer_id="c\n1"), "invalid", "customer_id"),
        (touchpoint(subject="account"), "no_subject", "account_id"),
        (touchpoint(timestamp=None), "invalid", "timestamp"),
        (touchpoint(timestamp="2026-01-31T12:00:00"), "invalid", "RFC 3339 with an offset"),
        (touchpoint(timestamp=1769860800), "invalid", "timestamp"),
        (touchpoint(timestamp="yesterday"), "invalid", "timestamp"),
        (touchpoint(kind="tick"), "internal_kind", "tick"),
        (touchpoint(kind="absorb"), "internal_kind", "absorb"),
        (b'{"kind":"tick","timestamp":"2026-01-31T12:00:00Z"}', "internal_kind", "tick"),
        (touchpoint(kind="dance"), "invalid", "track, identify"),
        (touchpoint(properties=[]), "invalid", "properties"),
        (touchpoint(consent={"ads": "yes"}), "invalid", "consent"),
        (touchpoint(properties={"a": 0}).replace(b"0}", b"1e999}"), "invalid", "properties"),
        (touchpoint(properties={"a": 0}).replace(b"0}", b"NaN}"), "not_json", "JSON"),
        (touchpoint(properties={"a": 0}).replace(b"0}", b"-Infinity}"), "not_json", "JSON"),
        (touchpoint(unknown="x").replace(b'"x"', b'"\xff"'), "not_json", "UTF-8"),
        (touchpoint(properties={"a": "x"}).replace(b'"x"', b'"\x01"'), "not_json", "JSON"),
    ],
)
def test_bad_input_is_refused_with_a_closed_reason_and_a_message_that_helps(
    body: bytes, reason: str, names: str
) -> None:
    """The message names the field, or what to send instead."""
    found, message = refused(read_item(body))

    assert found == reason
    assert names in message


@pytest.mark.parametrize("length", [1, 128])
def test_ids_of_allowed_length_are_accepted(length: int) -> None:
    """The other side of the boundary."""
    assert isinstance(read_item(touchpoint(message_id="m" * length)), Accepted)


def test_an_event_may_have_32_kib_and_not_one_byte_more() -> None:
    """The limit counts the bytes as sent."""
    room = EVENT_LIMIT_BYTES - len(touchpoint(source=""))
    fits, too_long = touchpoint(source="x" * room), touchpoint(source="x" * (room + 1))

    items = read_body(b"[" + fits + b"," + too_long + b"]")

    assert reasons(items) == [None, DeadLetterReason.TOO_LARGE]
    assert str(EVENT_LIMIT_BYTES) in refused(items[1])[1]


def test_nesting_is_allowed_up_to_the_limit() -> None:
    """One level more is refused, and so are 200."""
    found = reasons([read_item(nested(levels)) for levels in (DEPTH_LIMIT, DEPTH_LIMIT + 1, 200)])

    assert found == [None, DeadLetterReason.INVALID, DeadLetterReason.INVALID]


def test_many_brackets_side_by_side_or_in_text_are_not_deep() -> None:
    """Only nesting counts."""
    wide = touchpoint(properties={"items": [[] for _ in range(500)], "text": '[{"' * 500})

    assert isinstance(read_item(wide), Accepted)


@pytest.mark.parametrize("body", [b"[" * 1_000_000, b'{"a":' * 1_000_000, b"[" * 5_000 + b"]" * 5_000])
def test_endless_nesting_is_refused_without_exhausting_the_stack(body: bytes) -> None:
    """A hostile body is an ordinary refusal."""
    (item,) = read_body(body)

    assert isinstance(item, Refused)


def test_a_body_of_ten_megabytes_is_refused() -> None:
    """As one event it is far too large."""
    assert reasons(read_body(touchpoint(source="x" * 10_000_000))) == [DeadLetterReason.TOO_LARGE]
