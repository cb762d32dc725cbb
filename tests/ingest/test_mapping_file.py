"""A mapping is checked completely before a row is read, and every finding has its place."""

import zoneinfo
from collections.abc import Iterator

import pytest

from streams.ingest.mapping import Column, Constant, Field, MappingError, Path, RowNumber, TimeFormat
from streams.ingest.mapping_file import read_mapping
from streams.model.problems import Problem

ISSUE = """\
format: table            # csv | table (whitespace) | jsonl
header: true
fields:
  customer_id: {column: 1}
  timestamp: {column: 2, time: "%Y%m%d", zone: UTC}
  event: {value: Order Completed}
  message_id: {row: true}
  properties.revenue: {column: 4, number: true}
  properties.quantity: {column: 3, number: true}
"""

START = """\
format: csv
fields:
  customer_id: {column: 1}
  event: {value: Edit}
  message_id: {row: true}
"""
WHOLE = START + "  timestamp: {column: 2}\n"

JSONL = """\
format: jsonl
fields:
  customer_id: {path: user.id}
  event: {value: Edit}
  message_id: {row: true}
  timestamp: {path: time}
"""


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(MappingError) as raised:
        read_mapping(text, name="m.yaml")
    return raised.value.problems


def field(line: str, *, base: str = WHOLE) -> Field:
    return read_mapping(f"{base}  {line}\n").fields[-1]


def test_the_mapping_of_the_readme_is_read_as_it_says() -> None:
    """Columns, constants, the row number, a time format with its zone, numbers."""
    mapping = read_mapping(ISSUE)

    assert (mapping.format, mapping.header, mapping.needs_digest) == ("table", True, True)
    assert mapping.fields == (
        Field("", "customer_id", Column(1)),
        Field("", "timestamp", Column(2), time=TimeFormat("%Y%m%d", "UTC")),
        Field("", "event", Constant("Order Completed")),
        Field("", "message_id", RowNumber()),
        Field("properties", "revenue", Column(4), number=True),
        Field("properties", "quantity", Column(3), number=True),
    )


def test_a_timestamp_is_iso_unless_the_mapping_says_otherwise() -> None:
    """The format that needs no words."""
    mapping = read_mapping(WHOLE)

    assert mapping.fields[-1].time == TimeFormat("iso", None)


def test_paths_go_one_key_per_dot() -> None:
    """Only JSON has them."""
    mapping = read_mapping(JSONL)

    assert mapping.fields[0].origin == Path(("user", "id"))


@pytest.mark.parametrize(
    ("line", "default", "replace"),
    [
        (
            'channel: {column: 3, default: web, map: {shop: store, "2": 2}}',
            "web",
            (("shop", "store"), ("2", "2")),
        ),
        (
            "properties.n: {column: 3, default: 1.5, map: {a: 1, b: true, c: x}}",
            1.5,
            (("a", 1), ("b", True), ("c", "x")),
        ),
        ('properties.n: {column: 3, default: "7"}', "7", ()),
        ("properties.n: {column: 3, default: -3}", -3, ()),
        ("properties.n: {column: 3, default: .inf}", ".inf", ()),
    ],
)
def test_defaults_and_other_words_have_the_type_they_are_written_in(
    line: str, default: object, replace: object
) -> None:
    """Below properties a number is a number and a quoted one is text; a field of the touchpoint is text."""
    found = field(line)

    assert (found.default, found.replace) == (default, replace)


@pytest.mark.parametrize(
    ("text", "line", "column", "reason", "suggestion"),
    [
        ("fields", 1, 1, "format, header and fields", "format: csv"),
        ("", 1, 1, "empty", ""),
        ("fields: {}\n", 1, 1, "format is missing", "table, csv, jsonl"),
        (WHOLE.replace("csv", "cvs"), 1, 9, "cvs is not a format", "did you mean csv"),
        (WHOLE.replace("csv", "[csv]"), 1, 9, "not a format", "formats"),
        ("format: csv\n", 1, 1, "fields are missing", "one line per field"),
        ("format: csv\nfields: {}\n", 2, 9, "fields are missing", "one line per field"),
        (WHOLE + "headers: true\n", 7, 1, "unknown key headers", "did you mean header"),
        (WHOLE + "header: yes\n", 7, 9, "neither true nor false", "true or false"),
        (JSONL + "header: true\n", 7, 1, "no header", "remove"),
        (WHOLE + "  event: {value: Again}\n", 7, 3, "twice", "remove"),
        (START, 2, 1, "timestamp is missing", "timestamp: {column"),
        (JSONL.replace("  timestamp: {path: time}\n", ""), 2, 1, "timestamp is missing", "timestamp: {path"),
        (
            WHOLE.replace("  customer_id: {column: 1}\n", ""),
            2,
            1,
            "customer_id is missing",
            "customer_id: {column",
        ),
        (WHOLE.replace("  message_id: {row: true}\n", ""), 2, 1, "message_id is missing", "{row: true}"),
        (WHOLE + "  subject: {value: account}\n", 2, 1, "account_id is missing", "account_id"),
        (WHOLE + "  custmer: {column: 3}\n", 7, 3, "no field custmer", "did you mean customer_id"),
        (WHOLE + "  colour: {column: 3}\n", 7, 3, "no field colour", "properties.colour"),
        (WHOLE + "  time_stamp: {column: 3}\n", 7, 3, "no field time_stamp", "did you mean timestamp"),
        (WHOLE + "  properties: {column: 3}\n", 7, 3, "one name below properties", "properties.name"),
        (WHOLE + "  properties.a.b: {column: 3}\n", 7, 3, "one name below properties", "properties.b"),
        (WHOLE + "  source: 3\n", 7, 11, "where its value comes from", "{column: 1}"),
        (WHOLE + "  source: {}\n", 7, 3, "has none", ""),
        (WHOLE + "  source: {column: 1, value: x}\n", 7, 3, "column and value", ""),
        (WHOLE + "  source: {column: [1]}\n", 7, 20, "one value", ""),
        (WHOLE + "  source: {colunm: 1, value: x}\n", 7, 12, "unknown key colunm", "did you mean column"),
        (WHOLE + "  source: {column: 0}\n", 7, 20, "0 is not a column", "from 1"),
        (WHOLE + "  source: {column: -1}\n", 7, 20, "-1 is not a column", "from 1"),
        (WHOLE + "  source: {column: 10000}\n", 7, 20, "not a column", "9999"),
        (WHOLE + f"  source: {{column: {'9' * 5000}}}\n", 7, 20, "not a column", "9999"),
        (WHOLE + "  source: {path: a}\n", 7, 18, "csv has no paths", "column"),
        (JSONL + "  source: {column: 1}\n", 7, 20, "no columns", "path"),
        (JSONL + "  source: {path: a..b}\n", 7, 18, "a..b is not a path", "a.b"),
        (WHOLE + "  source: {row: true}\n", 7, 3, "row number is an id", "only message_id"),
        (WHOLE.replace("row: true", "row: false"), 5, 21, "row can only be true", "row: true"),
        (WHOLE + "  source: {column: 1, number: true}\n", 7, 23, "source is not a number", "remove"),
        (
            WHOLE + "  properties.a: {column: 1, number: 1}\n",
            7,
            37,
            "neither true nor false",
            "true or false",
        ),
        (WHOLE + "  properties.a: {value: 1, number: true}\n", 7, 28, "does nothing to a constant", "remove"),
        (WHOLE + "  kind: {value: trakc}\n", 7, 17, "trakc is not a kind", "did you mean track"),
        (WHOLE + "  kind: {value: tick}\n", 7, 17, "tick is not a kind", "track"),
        (WHOLE + '  source: {value: ""}\n', 7, 19, "empty", "write a value"),
        (WHOLE + "  source: {value: [a]}\n", 7, 19, "one value", ""),
        (WHOLE + "  received_at: {value: yesterday}\n", 7, 24, "not an instant", "RFC 3339"),
        (WHOLE + "  received_at: {value: 2026-01-31}\n", 7, 24, "not an instant", "RFC 3339"),
        (
            START + "  timestamp: {column: 2, time: isoo}\n",
            6,
            32,
            "isoo is not a time format",
            "did you mean iso",
        ),
        (START + '  timestamp: {column: 2, time: "%Y%m%d"}\n', 6, 32, "where the clock stood", "zone: UTC"),
        (START + '  timestamp: {column: 2, time: "%H:%M", zone: UTC}\n', 6, 32, "whole date", "%Y-%m-%d"),
        (START + '  timestamp: {column: 2, time: "%Y%m", zone: UTC}\n', 6, 32, "whole date", "%Y-%m-%d"),
        (
            START + '  timestamp: {column: 2, time: "%Y-%Q", zone: UTC}\n',
            6,
            32,
            "cannot be read",
            "directives",
        ),
        (START + "  timestamp: {column: 2, time: [iso]}\n", 6, 32, "one value", "epoch_ms"),
        (START + "  timestamp: {column: 2, zone: Mars}\n", 6, 32, "Mars is not a time zone", "Europe/Madrid"),
        (START + "  timestamp: {column: 2, zone: ../UTC}\n", 6, 32, "not a time zone", "Europe/Madrid"),
        (START + '  timestamp: {column: 2, zone: ""}\n', 6, 32, "not a time zone", "Europe/Madrid"),
        (START + "  timestamp: {column: 2, zone: Europe}\n", 6, 32, "not a time zone", "Europe/Madrid"),
        (
            START + "  timestamp: {column: 2, time: epoch_ms, zone: UTC}\n",
            6,
            42,
            "counts in UTC",
            "remove zone",
        ),
        (WHOLE + "  source: {column: 2, zone: UTC}\n", 7, 23, "source is not a time", "time:"),
        (WHOLE + "  source: {column: 2, time: iso}\n", 7, 23, "source is not a time", "remove"),
        (
            WHOLE + "  properties.a: {column: 2, time: iso, number: true}\n",
            7,
            40,
            "time or a number",
            "remove",
        ),
        (WHOLE + "  properties.a: {column: 2, map: 3}\n", 7, 34, "old and new", "{old: new}"),
        (WHOLE + "  properties.a: {column: 2, map: {a: [1]}}\n", 7, 38, "one value", ""),
        (WHOLE + "  properties.a: {column: 2, default: [1]}\n", 7, 38, "one value", ""),
        (WHOLE + "  properties.a: {column: 2, number: true, default: x}\n", 7, 52, "not a number", "number"),
        (START + "  timestamp: {column: 2, default: soon}\n", 6, 35, "soon", "default"),
        ("format: csv\nfields: {a: [}\n", 2, 14, "", ""),
    ],
)
def test_what_is_wrong_is_said_with_line_column_reason_and_suggestion(
    text: str, line: int, column: int, reason: str, suggestion: str
) -> None:
    """One fault each, planted; it is the one that is found, at its place."""
    found = [one for one in problems(text) if reason in one.reason and suggestion in one.suggestion]

    assert [(one.file, one.line, one.column) for one in found] == [("m.yaml", line, column)]


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    """Nobody likes to mend a file one message at a time."""
    text = WHOLE.replace("csv", "cvs") + "  source: {column: 0}\nheaders: true\n"

    assert [problem.line for problem in problems(text)] == [1, 7, 8]


@pytest.fixture
def no_zone_data() -> Iterator[None]:
    """Be on a machine without time zone data of its own, as slim images are."""
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath(to=())
    yield
    zoneinfo.reset_tzpath()


@pytest.mark.usefixtures("no_zone_data")
def test_zones_are_known_where_the_system_has_none() -> None:
    """Rapport brings them along: tzdata is one of its dependencies."""
    text = START + '  timestamp: {column: 2, time: "%Y%m%d", zone: Europe/Madrid}\n'

    assert read_mapping(text) is not None
    assert [one.reason for one in problems(text.replace("Madrid", "Madird"))] == [
        "Europe/Madird is not a time zone"
    ]
