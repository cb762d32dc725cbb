"""From a decoded touchpoint to its line of the map, and to the values that the line asks for. Pure.

Names that a tracker may send are never code: paths and patterns become functions once, per model.
"""

import fnmatch
import operator
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
Column = Callable[[Sequence[Fields]], list[Value]]  # a getter for many; UNSET, too, stands for nothing
Test = Callable[[Sequence[Fields]], list[bool]]

MOST_EVENTS_CACHED: Final = 10_000
NO_LINE: Final = -1
COMPARED: Final = {"ge": operator.ge, "le": operator.le, "gt": operator.gt, "lt": operator.lt}


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
        self.by_event = _EntryByEvent(self.entries)

    def entries_of(self, fields: Sequence[Fields], events: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers of the first lines of the map that match, -1 for none."""
        found = np.fromiter(map(self.by_event.__getitem__, events), np.int64, len(events))
        to_test = np.flatnonzero(found < NO_LINE)
        lists = found[to_test]
        for each in set(lists.tolist()):
            places = to_test[lists == each]
            chosen = list(map(fields.__getitem__, places.tolist()))
            found[places] = self._first_passed(self.by_event.lists[each], chosen)
        return found

    def _first_passed(self, lines: Sequence[int], fields: Sequence[Fields]) -> NDArray[np.int64]:
        """Return for each touchpoint the first of these lines of the map whose tests it passes, or -1."""
        found = np.full(len(fields), NO_LINE)
        for line in reversed(lines):
            passed = np.ones(len(fields), np.bool_)
            for test in self.tests[line]:
                passed &= test(fields)
            found[passed] = line
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

    def _column(self, path: str) -> Column:
        """Return a function that reads a dotted path of many touchpoints."""
        section, _, rest = path.partition(".")
        get = self.getter(path)
        if section in {"direction", "channel"} or "." in rest:
            return lambda fields: list(map(get, fields))
        of_field = attrgetter(f"{section}.{self.sections[section][rest]}")

        def read(fields: Sequence[Fields]) -> list[Value]:
            try:
                return list(map(of_field, fields))  # half of what one by one costs
            except AttributeError:  # some have no such section
                return list(map(get, fields))

        return read

    def _test(self, condition: Condition) -> Test:
        column, value = self._column(condition.path), condition.value
        match condition.op:
            case "exists":
                return lambda fields: [(v is not None and v is not UNSET) is value for v in column(fields)]
            case "glob":
                return _like(column, str(value))
            case "any":
                options = value if isinstance(value, tuple) else (value,)
                return lambda fields: [any(_equal(v, option) for option in options) for v in column(fields)]
            case "eq":
                return lambda fields: [_equal(v, value) for v in column(fields)]
            case compare:
                holds, bound = COMPARED[compare], number_of(value)
                return lambda fields: [holds(number_of(v), bound) for v in column(fields)]


class _EntryByEvent(dict[str, int]):
    """Events to lines of the map: -1 for none, less where what else a touchpoint says decides.

    Then `lists` has the numbers of the lines to try. For a new event the map is looked through.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__()
        self.entries = entries
        self.lists: dict[int, tuple[int, ...]] = {}
        self._known: dict[tuple[int, ...], int] = {}

    def __missing__(self, event: str) -> int:
        lines = tuple(number for number, entry in enumerate(self.entries) if _names(entry, event))
        if not lines:
            found = NO_LINE
        elif self.entries[lines[0]].where:
            found = self._known.setdefault(lines, NO_LINE - 1 - len(self._known))
            self.lists[found] = lines
        else:
            found = lines[0]
        if len(self) < MOST_EVENTS_CACHED:
            self[event] = found
        return found


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


def _like(column: Column, pattern: str) -> Test:
    """Return a test of a text against a pattern with * and ?; most patterns are a beginning."""
    beginning = pattern.removesuffix("*")
    if pattern.endswith("*") and not set(beginning) & set("*?"):
        return lambda fields: [isinstance(v, str) and v.startswith(beginning) for v in column(fields)]
    matches = re.compile(fnmatch.translate(pattern.replace("[", "[[]"))).match
    return lambda fields: [isinstance(v, str) and matches(v) is not None for v in column(fields)]


def _equal(value: Value, wanted: Value) -> bool:
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)
