"""A mapping file: which column or path of somebody's file becomes which field of a touchpoint.

It is checked completely before the first row is read. Names and formats in it are data, never code.
"""

from typing import Final, Literal

import msgspec

from streams.model.problems import Problem

Format = Literal["table", "csv", "jsonl"]

# The fields of a touchpoint that hold text, those that hold an instant, and the objects a mapping may fill.
TEXT_FIELDS: Final = (
    "message_id",
    "customer_id",
    "event",
    "kind",
    "subject",
    "direction",
    "channel",
    "source",
    "account_id",
    "anonymous_id",
    "session_id",
)
TIME_FIELDS: Final = ("timestamp", "received_at")
OBJECT_FIELDS: Final = ("properties", "traits", "campaign")


class Column(msgspec.Struct, frozen=True):
    """A cell of the row; columns count from 1."""

    number: int


class Path(msgspec.Struct, frozen=True):
    """A value inside a JSON object, one key per step."""

    steps: tuple[str, ...]


class Constant(msgspec.Struct, frozen=True):
    """The same value for every row."""

    value: str | int | float | bool


class RowNumber(msgspec.Struct, frozen=True):
    """`<first 16 hex digits of xxh3_128 of the file's contents>:<row>`; data rows count from 1."""


Origin = Column | Path | Constant | RowNumber


class TimeFormat(msgspec.Struct, frozen=True):
    """How an instant is written: `iso`, `epoch_ms`, `epoch_s` or a strptime pattern.

    zone: where the clock stood, for instants that do not say it themselves.
    """

    pattern: str = "iso"
    zone: str | None = None


class Field(msgspec.Struct, frozen=True):
    """How one field of the touchpoint is filled.

    group, name: `properties`, `revenue` for `properties.revenue`; group "" for a field of the touchpoint.
    default: stands in for an empty cell, or a path that is not there or null. replace: other words for
    values, compared as text; what it does not name stays.
    """

    group: str
    name: str
    origin: Origin
    number: bool = False
    time: TimeFormat | None = None
    default: str | int | float | bool | None = None
    replace: tuple[tuple[str, str | int | float | bool], ...] = ()

    @property
    def label(self) -> str:
        """The name as the mapping file has it."""
        return f"{self.group}.{self.name}" if self.group else self.name


class Mapping(msgspec.Struct, frozen=True):
    """A checked mapping. `header`: the first row names the columns and is not a touchpoint."""

    format: Format
    fields: tuple[Field, ...]
    header: bool = False

    @property
    def needs_digest(self) -> bool:
        """Whether message ids are made of the file's digest and the row number."""
        return any(isinstance(field.origin, RowNumber) for field in self.fields)


class MappingError(Exception):
    """The mapping cannot be used. Correct the file at the places named, then start again."""

    def __init__(self, problems: list[Problem]) -> None:
        """Keep the findings in the order of the file; the message is one line per finding."""
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))
