"""One field of a mapping file, read and checked: every finding has line, column, reason and a way out."""

import re
from collections.abc import Callable
from typing import Final

from schemas.touchpoint import Channel, Direction, Kind, Subject
from streams.ingest.instants import read_rfc3339
from streams.ingest.mapping import (
    OBJECT_FIELDS,
    TEXT_FIELDS,
    TIME_FIELDS,
    Column,
    Constant,
    Field,
    Origin,
    Path,
    RowNumber,
    TimeFormat,
)
from streams.ingest.times import NAMED_TIMES, instant_reader, is_zone, wrong_with_pattern
from streams.model.problems import Problem, did_you_mean, suggest
from streams.model.tree import Mapping as Branch
from streams.model.tree import Scalar, Tree, child, key_at, problem_at

ORIGINS: Final = ("column", "path", "value", "row")
FIELD_KEYS: Final = (*ORIGINS, "number", "time", "zone", "default", "map")
CHOICES: Final = {
    "kind": tuple(Kind),
    "subject": tuple(Subject),
    "direction": tuple(Direction),
    "channel": tuple(Channel),
}
COLUMN: Final = re.compile("[1-9][0-9]{0,3}")

Value = str | int | float | bool


class FieldReader:
    """Turns trees into fields; what is wrong with them goes into `problems`."""

    def __init__(self, problems: list[Problem]) -> None:
        """Add to `problems`; `format` is that of the rows, "" while it is not known."""
        self.problems = problems
        self.format = ""

    def problem(self, tree: Tree, reason: str, suggestion: str = "") -> None:
        """Note what is wrong at a place."""
        self.problems.append(problem_at(tree, reason, suggestion))

    def known_keys(self, tree: Branch, known: tuple[str, ...]) -> None:
        """Refuse every other key."""
        for key, _ in tree.pairs:
            if key.value not in known:
                self.problem(key, f"unknown key {key.value}", suggest(key.value, known, kind="keys"))

    def flag(self, tree: Tree | None) -> bool:
        """Read true or false; false when nothing is there."""
        if tree is None:
            return False
        if isinstance(tree, Scalar) and tree.plain and tree.value in ("true", "false"):
            return tree.value == "true"
        self.problem(tree, "this is neither true nor false", "write true or false")
        return False

    def field(self, key: Scalar, tree: Tree) -> Field | None:
        """Read one field; None when it cannot be told what it is."""
        group, name = self.target(key)
        if not isinstance(tree, Branch):
            self.problem(
                tree, f"{key.value} does not say where its value comes from", "write {column: 1}, for example"
            )
            return None
        self.known_keys(tree, FIELD_KEYS)
        origin = self.origin(key, tree)
        number = self.flag(child(tree, "number"))
        if number and not group:
            self.problem(key_at(tree, ("number",)), f"{key.value} is not a number", "remove number: true")
        default = self.default(child(tree, "default"), as_text=not group)
        time = self.time(key, tree, in_time_field=not group and name in TIME_FIELDS, number=number)
        if origin is None:
            return None
        if default is not None and child(tree, "map") is None:
            self.check_default(tree, default, number=number, time=time)
        if isinstance(origin, Constant):
            self.constant(key, tree, origin, time)
        replace = self.replace(child(tree, "map"), as_text=not group)
        return Field(
            group=group, name=name, origin=origin, number=number, time=time, default=default, replace=replace
        )

    def target(self, key: Scalar) -> tuple[str, str]:
        """Split `properties.revenue`; the group is "" for a field of the touchpoint itself."""
        group, dot, name = key.value.partition(".")
        if not dot and group in (*TEXT_FIELDS, *TIME_FIELDS):
            return "", group
        if group in OBJECT_FIELDS and name and "." not in name:
            return group, name
        known = (*TEXT_FIELDS, *TIME_FIELDS)
        if group in OBJECT_FIELDS:
            self.problem(
                key,
                f"{key.value} is not one name below {group}",
                f"write {group}.{name.split('.')[-1] or 'name'}",
            )
        else:
            near = did_you_mean(key.value, known)
            self.problem(
                key, f"a touchpoint has no field {key.value}", near or f"write properties.{key.value}"
            )
        return "properties", name or group

    def origin(self, key: Scalar, tree: Branch) -> Origin | None:
        """Read the one of column, path, value and row that is there."""
        found = [(name, value) for name in ORIGINS if (value := child(tree, name)) is not None]
        if len(found) != 1:
            said = " and ".join(name for name, _ in found) or "none"
            self.problem(key, f"{key.value} needs one of column, path, value and row, and has {said}")
            return None
        name, value = found[0]
        if not isinstance(value, Scalar):
            self.problem(value, f"{name} must be one value")
            return None
        readers: dict[str, Callable[[Scalar], Origin | None]] = {
            "column": self.column,
            "path": self.path,
            "value": lambda scalar: Constant(scalar.value if "." not in key.value else _typed(scalar)),
            "row": lambda scalar: self.row(key, scalar),
        }
        return readers[name](value)

    def column(self, scalar: Scalar) -> Origin | None:
        """Read a column's number."""
        if self.format == "jsonl":
            self.problem(scalar, "JSON lines have no columns", "write path: and the key")
        elif COLUMN.fullmatch(scalar.value):
            return Column(int(scalar.value))
        else:
            self.problem(scalar, f"{scalar.value} is not a column", "columns count from 1 to 9999")
        return None

    def path(self, scalar: Scalar) -> Origin | None:
        """Read a path: keys with dots between."""
        steps = tuple(scalar.value.split("."))
        if self.format in ("table", "csv"):
            self.problem(scalar, f"a {self.format} has no paths", "write column: and its number, from 1")
        elif not all(steps):
            self.problem(
                scalar, f"{scalar.value or 'nothing'} is not a path", "write keys with dots between: a.b"
            )
        else:
            return Path(steps)
        return None

    def row(self, key: Scalar, scalar: Scalar) -> Origin | None:
        """Read `row: true`, which only makes message ids."""
        if not self.flag(scalar):
            self.problem(scalar, "row can only be true", "write row: true")
        elif key.value != "message_id":
            self.problem(
                key, f"the row number is an id, not a {key.value}", "only message_id takes row: true"
            )
        else:
            return RowNumber()
        return None

    def constant(self, key: Scalar, tree: Branch, origin: Constant, time: TimeFormat | None) -> None:
        """A constant is final: it is checked here, and nothing is left to be done with it."""
        for name in ("number", "zone", "default", "map", "time"):
            if child(tree, name) is not None:
                self.problem(key_at(tree, (name,)), f"{name} does nothing to a constant", f"remove {name}")
        value = child(tree, "value") or tree
        if time is not None and read_rfc3339(origin.value) is None:
            self.problem(value, f"{origin.value} is not an instant", "write RFC 3339: 2026-01-31T12:00:00Z")
        choices = CHOICES.get(key.value)
        if choices is not None and origin.value not in choices:
            self.problem(
                value,
                f"{origin.value} is not a {key.value}",
                suggest(str(origin.value), choices, kind=f"{key.value}s"),
            )
        if "." not in key.value and not origin.value:
            self.problem(value, f"{key.value} is empty", "write a value")

    def default(self, tree: Tree | None, *, as_text: bool) -> Value | None:
        """Read what stands in for nothing."""
        if tree is None:
            return None
        if not isinstance(tree, Scalar):
            self.problem(tree, "default must be one value")
            return None
        return tree.value if as_text else _typed(tree)

    def check_default(self, tree: Branch, default: Value, *, number: bool, time: TimeFormat | None) -> None:
        """A default goes the way of a cell: where a number or a time is read, it must be one."""
        place = child(tree, "default") or tree
        if number and isinstance(default, str | bool):
            self.problem(place, f"{default} is not a number", "write a number, or leave the default out")
        if time is not None:
            try:
                instant_reader(time)(str(default))
            except ValueError as fault:
                self.problem(place, str(fault), "write the default as the file writes its times")

    def replace(self, tree: Tree | None, *, as_text: bool) -> tuple[tuple[str, Value], ...]:
        """Read the other words for values."""
        if tree is None:
            return ()
        if not isinstance(tree, Branch):
            self.problem(tree, "map holds old and new values", "write map: {old: new}")
            return ()
        pairs: list[tuple[str, Value]] = []
        for old, new in tree.pairs:
            if isinstance(new, Scalar):
                pairs.append((old.value, new.value if as_text else _typed(new)))
            else:
                self.problem(new, f"the new value of {old.value} must be one value")
        return tuple(pairs)

    def time(self, key: Scalar, tree: Branch, *, in_time_field: bool, number: bool) -> TimeFormat | None:
        """Read time and zone; a timestamp without `time` is `iso`, any other field only has what it says."""
        pattern, zone = child(tree, "time"), child(tree, "zone")
        if pattern is None and not in_time_field:
            if zone is not None:
                self.problem(
                    key_at(tree, ("zone",)), f"{key.value} is not a time", "write time: beside zone:"
                )
            return None
        if number:
            self.problem(key_at(tree, ("number",)), "a value is a time or a number", "remove one of the two")
        if not in_time_field and "." not in key.value:
            self.problem(key_at(tree, ("time",)), f"{key.value} is not a time", "remove time")
        if pattern is not None and not isinstance(pattern, Scalar):
            self.problem(
                pattern, "time must be one value", "write iso, epoch_ms, epoch_s or a pattern such as %Y%m%d"
            )
            return None
        said = "iso" if pattern is None else pattern.value
        place = key if pattern is None else pattern
        zone_name = self.zone(zone)
        if said in NAMED_TIMES:
            if said != "iso" and zone is not None:
                self.problem(key_at(tree, ("zone",)), f"{said} counts in UTC", "remove zone")
        else:
            wrong = wrong_with_pattern(said, has_zone=zone is not None)
            for reason, suggestion in wrong:
                self.problem(place, reason, suggestion)
            if wrong:
                return None
        return TimeFormat(said, zone_name)

    def zone(self, tree: Tree | None) -> str | None:
        """Read the name of a time zone."""
        if tree is None:
            return None
        name = tree.value if isinstance(tree, Scalar) else ""
        if is_zone(name):
            return name
        self.problem(
            tree, f"{name or 'this'} is not a time zone", "write a name such as UTC or Europe/Madrid"
        )
        return None


def _typed(scalar: Scalar) -> Value:
    """Return a plain scalar as the number or flag that it looks like, anything else as text."""
    text = scalar.value
    if not scalar.plain:
        return text
    if text in ("true", "false"):
        return text == "true"
    for read in (int, float):
        try:
            value = read(text)
        except ValueError:
            continue
        if "_" not in text and value - value == 0:
            return value
    return text
