"""A checked mapping, compiled: one row of somebody's file into the JSON of a touchpoint.

Compiling builds one list of small functions per mapping, so that a row costs microseconds. What comes
out is not checked again here: the processor reads it like any other touchpoint.
"""

import csv
import io
import math
from collections.abc import Callable
from typing import Final

import msgspec

from schemas.dead_letter import DeadLetterReason
from streams.ingest.mapping import Column, Constant, Field, Mapping, Path, RowNumber
from streams.ingest.times import instant_reader

Row = Callable[[bytes, int], bytes]
Read = Callable[["Cells"], object]
Cells = list[str] | dict[str, object]

REQUIRED: Final = frozenset({"message_id", "customer_id", "event", "timestamp"})


class UnmappableRow(Exception):
    """A row cannot become a touchpoint; it becomes a dead letter with this reason and message."""

    def __init__(self, reason: DeadLetterReason, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.reason = reason
        self.message = message


def compile_mapping(mapping: Mapping, *, digest: str) -> Row:
    """Return the function (bytes of a row, its number from 1) -> JSON of a touchpoint.

    `digest` stands before the row number in message ids that are made of it. The function raises
    UnmappableRow and nothing else.
    """
    split = _SPLITTERS[mapping.format]
    constants: dict[str, object] = {}
    groups: dict[str, dict[str, object]] = {}
    steps: list[tuple[str, str, Read]] = []
    for field in mapping.fields:
        if field.group:
            groups.setdefault(field.group, {})
        if isinstance(field.origin, Constant):
            target = groups[field.group] if field.group else constants
            target[field.name] = field.origin.value
        elif not isinstance(field.origin, RowNumber):
            steps.append((field.group, field.name, _compile_field(field)))
    row_prefix = f"{digest}:" if mapping.needs_digest else None
    own = [(name, read) for group, name, read in steps if not group]
    below = [
        (group, shared, [(name, read) for of, name, read in steps if of == group])
        for group, shared in groups.items()
    ]
    encode = msgspec.json.Encoder().encode

    def read_row(line: bytes, number: int) -> bytes:
        cells = split(line)
        document = constants.copy()
        if row_prefix is not None:
            document["message_id"] = f"{row_prefix}{number}"
        for name, read in own:
            value = read(cells)
            if value is not None:
                document[name] = value
        for group, shared, parts in below:
            inner = shared.copy()
            for name, read in parts:
                value = read(cells)
                if value is not None:
                    inner[name] = value
            document[group] = inner
        return encode(document)

    return read_row


def _compile_field(field: Field) -> Read:
    """Chain what a field asks for: fetch, default, other words, then text, number or instant."""
    read = _fetch(field)
    if field.default is not None:
        read = _with_default(read, field.default)
    elif not field.group and field.name in REQUIRED:
        read = _required(read, field)
    if field.replace:
        read = _replaced(read, dict(field.replace))
    if field.time is not None:
        return _as_instant(read, field)
    if field.number:
        return _as_number(read, field)
    if not field.group and isinstance(field.origin, Path):
        return _as_text(read, field)
    return read


def _fetch(field: Field) -> Read:
    """Return what takes the raw value out of a row; None when there is none."""
    origin = field.origin
    if isinstance(origin, Column):
        index = origin.number - 1

        def cell(cells: Cells) -> object:
            try:
                return cells[index] or None  # type: ignore[index]  # a table's cells are a list
            except IndexError:
                message = f"{len(cells)} columns, and {field.label} is read from column {index + 1}"
                raise UnmappableRow(DeadLetterReason.INVALID, message) from None

        return cell
    assert isinstance(origin, Path)
    first, *rest = origin.steps

    def value(cells: Cells) -> object:
        here: object = cells.get(first)  # type: ignore[union-attr]  # JSON gives an object
        for step in rest:
            here = here.get(step) if isinstance(here, dict) else None
        return None if here == "" else here

    return value


def _with_default(read: Read, default: object) -> Read:
    def value(cells: Cells) -> object:
        found = read(cells)
        return default if found is None else found

    return value


def _required(read: Read, field: Field) -> Read:
    def value(cells: Cells) -> object:
        found = read(cells)
        if found is None:
            message = f"{_place(field)} is empty; {field.label} needs a value"
            raise UnmappableRow(DeadLetterReason.INVALID, message)
        return found

    return value


def _replaced(read: Read, words: dict[str, str | int | float | bool]) -> Read:
    def value(cells: Cells) -> object:
        found = read(cells)
        return words.get(_word(found), found) if isinstance(found, str | int | float) else found

    return value


def _as_text(read: Read, field: Field) -> Read:
    def value(cells: Cells) -> object:
        found = read(cells)
        if found is None or isinstance(found, str):
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        raise _wrong(field, found, "is not text")

    return value


def _as_number(read: Read, field: Field) -> Read:
    def value(cells: Cells) -> object:
        found = read(cells)
        if isinstance(found, str):
            return _number(found, field)
        if found is None or (isinstance(found, int | float) and not isinstance(found, bool)):
            return found
        raise _wrong(field, found, "is not a number")

    return value


def _number(text: str, field: Field) -> int | float:
    """Read a finite number: digits, a point, an exponent; no separators."""
    text = text.strip()
    try:
        if text.removeprefix("-").isdecimal():
            return int(text)
        value = float(text)
    except ValueError:
        raise _wrong(field, text, "is not a number (write it with a point and no separators)") from None
    if not math.isfinite(value) or "_" in text:
        raise _wrong(field, text, "is not a finite number")
    return value


def _as_instant(read: Read, field: Field) -> Read:
    assert field.time is not None
    instant = instant_reader(field.time)

    def value(cells: Cells) -> object:
        found = read(cells)
        if found is None:
            return None
        if not isinstance(found, str | int | float) or isinstance(found, bool):
            raise _wrong(field, found, "is not a time")
        try:
            return instant(found if isinstance(found, str) else repr(found))
        except ValueError as fault:
            raise UnmappableRow(DeadLetterReason.INVALID, f"{_place(field)}: {fault}") from None

    return value


def _word(value: str | float | bool) -> str:
    """Return a value as it would stand in a mapping's `map`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _place(field: Field) -> str:
    if isinstance(field.origin, Column):
        return f"column {field.origin.number}"
    assert isinstance(field.origin, Path)
    return f"path {'.'.join(field.origin.steps)}"


def _wrong(field: Field, value: object, what: str) -> UnmappableRow:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:60]}…"
    return UnmappableRow(DeadLetterReason.INVALID, f"{_place(field)}: {shown} {what}")


def _table_cells(line: bytes) -> Cells:
    return _text(line).split()


def _csv_cells(line: bytes) -> Cells:
    text = _text(line)
    if '"' not in text:
        return text.rstrip("\r\n").split(",")
    try:
        return next(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        message = f"not CSV: {error}; a quote inside a quoted cell is written twice"
        raise UnmappableRow(DeadLetterReason.INVALID, message) from None


def _json_cells(line: bytes) -> Cells:
    try:
        found: object = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnmappableRow(DeadLetterReason.NOT_JSON, f"{error}; write one object a line") from None
    if not isinstance(found, dict):
        raise UnmappableRow(DeadLetterReason.INVALID, "not a JSON object; each line must be one")
    return found


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        message = f"byte {error.start} is not UTF-8; convert the file to UTF-8"
        raise UnmappableRow(DeadLetterReason.INVALID, message) from None


_SPLITTERS: Final[dict[str, Callable[[bytes], Cells]]] = {
    "table": _table_cells,
    "csv": _csv_cells,
    "jsonl": _json_cells,
}
