"""Rows of other people's files become touchpoints, or say which cell is wrong."""

from collections.abc import Callable

import msgspec
import pytest

from schemas.dead_letter import DeadLetterReason
from streams.ingest.canonical import read_item
from streams.ingest.item import Accepted
from streams.ingest.mapping_file import read_mapping
from streams.ingest.table import UnmappableRow, compile_mapping

BASE = """\
format: {format}
fields:
  message_id: {{row: true}}
  event: {{value: Edit}}
  customer_id: {{{key}: {customer}}}
"""


def compiled(*lines: str, rows: str = "csv") -> Callable[[bytes, int], bytes]:
    key, customer, time = ("path", "user", "time") if rows == "jsonl" else ("column", "1", "2")
    text = BASE.format(format=rows, key=key, customer=customer)
    if not any(line.startswith("timestamp") for line in lines):
        lines = (f"timestamp: {{{key}: {time}}}", *lines)
    text += "".join(f"  {line}\n" for line in lines)
    return compile_mapping(read_mapping(text), digest="d1ge57")


def mapped(line: bytes, *lines: str, rows: str = "csv") -> dict[str, object]:
    value = compiled(*lines, rows=rows)(line, 7)
    assert isinstance(read_item(value), Accepted)
    found: dict[str, object] = msgspec.json.decode(value)
    return found


def fault(line: bytes, *lines: str, rows: str = "csv") -> tuple[DeadLetterReason, str]:
    with pytest.raises(UnmappableRow) as raised:
        compiled(*lines, rows=rows)(line, 7)
    return raised.value.reason, raised.value.message


def test_a_row_becomes_a_touchpoint_that_the_canonical_reader_accepts() -> None:
    """The message id is the file's digest and the row number."""
    found = mapped(
        b" c1   2026-01-31T12:00:00Z  3  11.50 ",
        "properties.revenue: {column: 4, number: true}",
        rows="table",
    )

    assert found == {
        "message_id": "d1ge57:7",
        "event": "Edit",
        "customer_id": "c1",
        "timestamp": "2026-01-31T12:00:00.000Z",
        "properties": {"revenue": 11.5},
    }


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        (b"c1,2026-01-31T12:00:00Z,plain", "plain"),
        (b'c1,2026-01-31T12:00:00Z,"a, ""quoted"" cell"', 'a, "quoted" cell'),
        (b'c1,2026-01-31T12:00:00Z,"two\nlines"', "two\nlines"),
        ('c1,2026-01-31T12:00:00Z,"x\u2028",'.encode(), "x\u2028"),
        ("c1,2026-01-31T12:00:00Z,\u2028 ñ".encode(), "\u2028 ñ"),
        (b"c1,2026-01-31T12:00:00Z, spaces ", " spaces "),
    ],
)
def test_csv_cells_are_what_rfc_4180_says(line: bytes, cells: str) -> None:
    """Quotes protect commas, quotes and line ends; nothing is trimmed."""
    assert mapped(line, "properties.a: {column: 3}")["properties"] == {"a": cells}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3),
        ("-3", -3),
        ("11.50", 11.5),
        (" 7 ", 7),
        ("1e3", 1000.0),
        ("00012", 12),
        ("0", 0),
        ("-0.5", -0.5),
    ],
)
def test_numbers_are_read_as_they_are_written(text: str, number: float) -> None:
    """Whole ones stay whole."""
    found = mapped(f"c1,2026-01-31T12:00:00Z,{text}".encode(), "properties.a: {column: 3, number: true}")

    assert found["properties"] == {"a": number}
    assert type(found["properties"]["a"]) is type(number)  # type: ignore[index]


@pytest.mark.parametrize(
    "text", ["x", "1_000", "nan", "inf", "-Infinity", "1e999", "0x10", "12 000", "9" * 5000]
)
def test_what_is_not_a_finite_number_makes_a_dead_letter(text: str) -> None:
    """The message says which column, and shows the start of what stands there."""
    reason, message = fault(
        f"c1,2026-01-31T12:00:00Z,{text}".encode(), "properties.a: {column: 3, number: true}"
    )

    assert reason is DeadLetterReason.INVALID
    assert message.startswith("column 3: ")
    assert len(message) < 200


@pytest.mark.parametrize(
    ("time", "text", "expected"),
    [
        ("", "2026-01-31T12:00:00.123456+02:00", "2026-01-31T10:00:00.123Z"),
        (", zone: Europe/Madrid", "2026-01-31 12:00:00", "2026-01-31T11:00:00.000Z"),
        (", zone: Europe/Madrid", "2026-07-31", "2026-07-30T22:00:00.000Z"),
        (", zone: Europe/Madrid", "2026-07-31T00:00:00Z", "2026-07-31T00:00:00.000Z"),
        (', time: "%Y%m%d", zone: UTC', "19970930", "1997-09-30T00:00:00.000Z"),
        (', time: "%d/%m/%Y %H:%M %z"', "30/09/1997 01:30 +0200", "1997-09-29T23:30:00.000Z"),
        (", time: epoch_ms", "1442018818771", "2015-09-12T00:46:58.771Z"),
        (", time: epoch_s", "1442018818.7719", "2015-09-12T00:46:58.771Z"),
        (", time: epoch_s", "0", "1970-01-01T00:00:00.000Z"),
        (", time: epoch_ms", "253402300799999", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_times_become_utc_with_milliseconds(time: str, text: str, expected: str) -> None:
    """Formats, zones with their summer time, and counts since 1970; below a millisecond is cut."""
    found = mapped(f"c1,{text}".encode(), f"timestamp: {{column: 2{time}}}")

    assert found["timestamp"] == expected


@pytest.mark.parametrize(
    ("time", "text"),
    [
        ("", "2026-01-31T12:00:00"),
        ("", "31.1.2026"),
        ("", ""),
        (', time: "%Y%m%d", zone: UTC', "19970931"),
        (', time: "%Y%m%d", zone: UTC', "1997-09-30"),
        (", time: epoch_s", "soon"),
        (", time: epoch_s", "NaN"),
        (", time: epoch_s", "1e999999999"),
        (", time: epoch_s", "Infinity"),
        (", time: epoch_s", "1_000"),
        (", time: epoch_ms", "-1"),
        (", time: epoch_ms", "253402300800000"),
        ("", "0001-01-01T00:00:00+05:00"),
        ("", "9999-12-31T23:59:59-05:00"),
    ],
)
def test_a_time_that_cannot_be_read_makes_a_dead_letter(time: str, text: str) -> None:
    """The other side: naive times without a zone, days that do not exist, years that are not."""
    reason, message = fault(f"c1,{text}".encode(), f"timestamp: {{column: 2{time}}}")

    assert reason is DeadLetterReason.INVALID
    assert "column 2" in message


def test_a_repeated_date_is_the_same_instant_each_time() -> None:
    """Dates are remembered, and that changes nothing."""
    to_touchpoint = compiled('timestamp: {column: 2, time: "%Y%m%d", zone: UTC}')

    first, other, again = (
        to_touchpoint(line, 1) for line in (b"c1,19970101", b"c1,19970102", b"c1,19970101")
    )

    assert first == again != other


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", "web"), ("shop", "store"), ("email", "email")],
)
def test_defaults_stand_in_for_nothing_and_other_words_replace_old_ones(text: str, expected: str) -> None:
    """What the mapping does not name stays as it is."""
    line = "channel: {column: 3, default: web, map: {shop: store}}"

    assert mapped(f"c1,2026-01-31T12:00:00Z,{text}".encode(), line)["channel"] == expected


def test_an_empty_optional_cell_leaves_the_field_out() -> None:
    """Only what a touchpoint needs must be there."""
    found = mapped(
        b"c1,2026-01-31T12:00:00Z,", "properties.a: {column: 3, number: true}", "source: {column: 3}"
    )

    assert "source" not in found
    assert found["properties"] == {}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b",2026-01-31T12:00:00Z", "column 1 is empty"),
        (b"c1", "1 columns, and timestamp is read from column 2"),
        (b'c1,"2026', "not CSV"),
        (b'c1,"2026"x', "not CSV"),
        (b"c\xff,2026-01-31T12:00:00Z", "byte 1 is not UTF-8"),
    ],
)
def test_a_broken_row_says_what_is_wrong_with_it(line: bytes, says: str) -> None:
    """Required cells, missing columns, stray quotes, other encodings."""
    reason, message = fault(line)

    assert reason is DeadLetterReason.INVALID
    assert says in message


def test_json_values_keep_their_types_below_properties() -> None:
    """Booleans, numbers, null and nested paths."""
    line = b'{"user":"c1","time":"2026-01-31T12:00:00Z","bot":false,"n":{"m":2.5},"no":null}'

    found = mapped(
        line,
        "properties.bot: {path: bot}",
        "properties.m: {path: n.m, number: true}",
        "properties.no: {path: no}",
        "properties.deep: {path: bot.m}",
        "properties.word: {path: bot, map: {false: human}}",
        "properties.v: {value: 1.5}",
        "traits.t: {value: true}",
        rows="jsonl",
    )

    assert found["properties"] == {"v": 1.5, "bot": False, "m": 2.5, "word": "human"}
    assert found["traits"] == {"t": True}


def test_a_whole_number_may_be_an_id() -> None:
    """Text fields take it as text."""
    assert mapped(b'{"user":42,"time":"2026-01-31T12:00:00Z"}', rows="jsonl")["customer_id"] == "42"


@pytest.mark.parametrize(
    ("line", "reason", "says"),
    [
        (b"{", DeadLetterReason.NOT_JSON, "one object a line"),
        (b'{"user":"\xff"}', DeadLetterReason.NOT_JSON, "utf-8"),
        (b"[]", DeadLetterReason.INVALID, "not a JSON object"),
        (b'{"time":"2026-01-31T12:00:00Z"}', DeadLetterReason.INVALID, "path user is empty"),
        (
            b'{"user":true,"time":"2026-01-31T12:00:00Z"}',
            DeadLetterReason.INVALID,
            "path user: True is not text",
        ),
        (b'{"user":["a"],"time":"2026-01-31T12:00:00Z"}', DeadLetterReason.INVALID, "is not text"),
        (b'{"user":"a","time":{}}', DeadLetterReason.INVALID, "path time: {} is not a time"),
        (b'{"user":"a","time":true}', DeadLetterReason.INVALID, "is not a time"),
        (
            b'{"user":"a","time":"2026-01-31T12:00:00Z","n":true}',
            DeadLetterReason.INVALID,
            "path n: True is not a number",
        ),
    ],
)
def test_a_json_line_of_the_wrong_kind_says_so(line: bytes, reason: DeadLetterReason, says: str) -> None:
    """The message names the path."""
    found, message = fault(line, "properties.n: {path: n, number: true}", rows="jsonl")

    assert found is reason
    assert says in message
