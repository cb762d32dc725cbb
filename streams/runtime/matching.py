"""From a decoded touchpoint to its line of the map, and to the values that the line asks for. Pure.

Names that a tracker may send are never code: paths and patterns become functions once, per model.
"""

import fnmatch
import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final

import msgspec
import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from streams.model.compiled import Compiled
from streams.model.definition import Condition, Entry
from streams.runtime.decode import Fields, Value, fields_type, number_of, sections_of

Getter = Callable[[Fields], Value]

MOST_EVENTS_CACHED: Final = 10_000
TESTED: Final = -2  # instead of a line of the map: it depends on more than the event's name


class Matcher:
    """One decoder per model, and the way from a decoded touchpoint to its line of the map."""

    def __init__(self, compiled: Compiled) -> None:
        self.entries = compiled.model.touchpoints
        self.sections = sections_of(compiled)
        self.decoder: msgspec.json.Decoder[Fields] = msgspec.json.Decoder(fields_type(self.sections))
        self.tests = tuple(
            tuple(self._test(condition) for condition in entry.where) for entry in self.entries
        )
        self.inputs = tuple(
            tuple((k, self._first_number(paths)) for k, paths in enumerate(entry))
            for entry in compiled.names.inputs
        )
        self.codes = tuple(tuple(self.getter(path) for path in paths) for paths in compiled.names.codes)
        self.traits = tuple((self.getter(f"traits.{each.name}"), each.date) for each in compiled.names.traits)
        self.answers = tuple(bool(entry.answers) for entry in self.entries)
        # By line of the map, and last for a touchpoint that matches none.
        self.activity = np.array([*(entry.activity for entry in self.entries), True])
        wants = zip(self.inputs, self.codes, strict=True)
        self.wants_more = np.array([*(bool(inputs or codes) for inputs, codes in wants), False])
        self.by_event = _EntryByEvent(self.entries, self.tests)

    def entries_of(self, fields: Sequence[Fields], events: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers of the first lines of the map that match, -1 for none."""
        by_event = self.by_event
        found = np.fromiter(map(by_event.__getitem__, events), np.int64, len(events))
        places = np.flatnonzero(found == TESTED).tolist()
        found[places] = [by_event.tested(fields[place]) for place in places]
        return found

    def getter(self, path: str) -> Getter:
        """Return a function that reads a dotted path; None where there is nothing."""
        section, _, rest = path.partition(".")
        if section in {"direction", "channel"}:
            return _direction if section == "direction" else _channel
        first, *deeper = rest.split(".")
        return _reader(section, self.sections[section][first], deeper)

    def _first_number(self, paths: tuple[str, ...]) -> Getter:
        """Return a function that reads the first path that holds a number."""
        getters = [self.getter(path) for path in paths]
        if len(getters) == 1:
            return getters[0]

        def read(fields: Fields) -> Value:
            for get in getters:
                number = number_of(get(fields))
                if number == number:
                    return number
            return None

        return read

    def _test(self, condition: Condition) -> "Test":
        get, value = self.getter(condition.path), condition.value
        match condition.op:
            case "exists":
                return lambda fields: (get(fields) is not None) is value
            case "glob":
                return _like(get, str(value))
            case "any":
                options = value if isinstance(value, tuple) else (value,)
                return lambda fields: any(_equal(get(fields), option) for option in options)
            case "eq":
                return lambda fields: _equal(get(fields), value)
            case compare:
                bound = number_of(value)
                return lambda fields: _within(number_of(get(fields)), compare, bound)


Test = Callable[[Fields], bool]
Line = tuple[int, tuple[Test, ...]]  # a line of the map: its number, and what a touchpoint must pass


class _EntryByEvent(dict[str, int]):
    """Events to lines of the map, -1 for none, or TESTED; for a new event the map is looked through."""

    def __init__(self, entries: Sequence[Entry], tests: Sequence[tuple[Test, ...]]) -> None:
        super().__init__()
        self.entries = entries
        self.tests = tests
        self.lines: dict[str, list[Line]] = {}

    def __missing__(self, event: str) -> int:
        lines = self._lines(event)
        first = -1 if not lines else TESTED if lines[0][1] else lines[0][0]
        if len(self) < MOST_EVENTS_CACHED:
            self[event] = first
            self.lines[event] = lines
        return first

    def tested(self, fields: Fields) -> int:
        """Return the first line whose tests a touchpoint passes, or -1."""
        for number, tests in self.lines.get(fields.event) or self._lines(fields.event):
            for test in tests:
                if not test(fields):
                    break
            else:
                return number
        return -1

    def _lines(self, event: str) -> list[Line]:
        return [
            (number, self.tests[number]) for number, entry in enumerate(self.entries) if _names(entry, event)
        ]


def _names(entry: Entry, event: str) -> bool:
    return entry.event == event or fnmatch.fnmatchcase(event, entry.event.replace("[", "[[]"))


def _direction(fields: Fields) -> Value:
    return fields.direction


def _channel(fields: Fields) -> Value:
    return fields.channel


def _reader(section: str, field: str, deeper: list[str]) -> Getter:
    """Return a function that reads one field of a section, and from there down; UNSET counts as nothing."""
    of_field = attrgetter(f"{section}.{field}")

    def read(fields: Fields) -> Value:
        try:
            value: Value = of_field(fields)
        except AttributeError:  # there is no such section
            return None
        for name in deeper:
            value = value.get(name) if isinstance(value, dict) else None
        return None if value is UNSET else value

    return read


def _like(get: Getter, pattern: str) -> "Test":
    """Return a test of a text against a pattern with * and ?; most patterns are a beginning."""
    beginning = pattern.removesuffix("*")
    if pattern.endswith("*") and not set(beginning) & set("*?"):
        return lambda fields: isinstance(text := get(fields), str) and text.startswith(beginning)
    matches = re.compile(fnmatch.translate(pattern.replace("[", "[[]"))).match
    return lambda fields: isinstance(text := get(fields), str) and matches(text) is not None


def _equal(value: Value, wanted: Value) -> bool:
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _within(value: float, compare: str, bound: float) -> bool:
    match compare:
        case "ge":
            return value >= bound
        case "le":
            return value <= bound
        case "gt":
            return value > bound
        case _:
            return value < bound
