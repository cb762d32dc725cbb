"""Records to columns: typed decoding of just the fields that a model needs, and the match to its map. Pure.

A decoder is generated from the model: of `properties`, `traits` and `campaign` it keeps only the names
that some line of the touchpoint map or a rule reads. Names that a tracker may send are never code.
"""

import fnmatch
import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from operator import attrgetter
from typing import Annotated, Final, Literal, get_args

import msgspec
import numpy as np
from msgspec import UNSET, Meta, UnsetType
from numpy.typing import NDArray

from schemas.touchpoint import AwareDatetime, Channel, Identifier
from streams.engine import advance
from streams.model.compiled import Compiled
from streams.model.definition import Condition, Entry

Value = object
Getter = Callable[["Fields"], Value]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)
LATEST_MS: Final = 253_402_300_799_999  # the last millisecond of the year 9999
EXACT_SECONDS: Final = 2.0**32  # up to here a float of seconds tells microseconds apart
MOST_EVENTS_CACHED: Final = 10_000
TESTED: Final = -2  # instead of a line of the map: it depends on more than the event's name
CHANNEL_CODES: Final = {channel.value: code for code, channel in enumerate(Channel)}
SubjectText = Literal["customer", "account", "business"]
KindText = Literal["track", "identify", "page", "screen", "group", "alias", "delete"]
DirectionText = Literal["in", "out"]
ChannelText = Literal[
    "web", "mobile", "email", "sms", "push", "social", "chat",
    "phone", "in_person", "store", "community", "api", "other",
]  # fmt: skip


class Fields(msgspec.Struct, gc=False):
    """The fields of a touchpoint that every model needs; generated decoders add the three sections.

    The closed sets are plain texts here: comparing texts costs a fraction of what enumerations do.
    """

    message_id: Annotated[str, Meta(min_length=1, max_length=128)]
    event: Identifier
    timestamp: AwareDatetime
    customer_id: Identifier | None = None
    subject: SubjectText = "customer"
    kind: KindText = "track"
    direction: DirectionText = "in"
    channel: ChannelText = "other"
    received_at: AwareDatetime | None = None
    account_id: Identifier | None = None
    properties: msgspec.Struct | None = None
    traits: msgspec.Struct | None = None
    campaign: msgspec.Struct | None = None


def _said_codes() -> dict[tuple[str, str, str], int]:
    """Return for each kind, direction and channel the channel's code and, in the two low bits, what it is."""
    found = {}
    for kind, direction, channel in product(get_args(KindText), get_args(DirectionText), CHANNEL_CODES):
        active = kind in {"track", "page", "screen"} and direction == "in"
        bits = advance.DELETION if kind == "delete" else advance.ACTIVITY if active else 0
        found[kind, direction, channel] = CHANNEL_CODES[channel] << 2 | bits
    return found


SAID_CODES: Final = _said_codes()


def milliseconds(moment: datetime) -> int:
    """Return whole milliseconds since 1970, rounded down."""
    return (moment - EPOCH) // MILLISECOND


def milliseconds_of(moments: Sequence[datetime]) -> NDArray[np.int64]:
    """Return whole milliseconds since 1970 of many instants, rounded down."""
    seconds = np.fromiter(map(datetime.timestamp, moments), np.float64, len(moments))
    found: NDArray[np.int64] = np.rint(seconds * 1e6).astype(np.int64) // 1000
    for place in np.flatnonzero(np.abs(seconds) >= EXACT_SECONDS).tolist():
        found[place] = milliseconds(moments[place])
    return found


def instant(ms: int) -> datetime:
    """Return the aware datetime of an instant in milliseconds."""
    return EPOCH + timedelta(milliseconds=ms)


class Matcher:
    """One decoder per model, and the way from a decoded touchpoint to its line of the map."""

    def __init__(self, compiled: Compiled) -> None:
        self.entries = compiled.model.touchpoints
        self.sections = _sections(compiled)
        self.decoder: msgspec.json.Decoder[Fields] = msgspec.json.Decoder(_fields_type(self.sections))
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


def number_of(value: Value) -> float:
    """Return a finite number (no bool), or nan."""
    if type(value) is float:
        return value if math.isfinite(value) else math.nan
    if type(value) is not int:
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


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


def seen_text(value: Value) -> str:
    """Return what a seen set keeps of a value: a text or a whole number; "" for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def trait_of(value: Value, *, date: bool) -> tuple[str, float]:
    """Return a trait's text ("": none) and number (nan: none); for a date its instant in milliseconds."""
    if date:
        return str(value), _date(value) if isinstance(value, str) else math.nan
    if isinstance(value, bool):
        return "true" if value else "false", math.nan
    if isinstance(value, str):
        return value, math.nan
    number = number_of(value)
    return "" if math.isnan(number) else f"{number:.15g}", number


def _date(text: str) -> float:
    if len(text) < 10 or text[4] != "-":
        return math.nan
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    return float(milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC)))


def _sections(compiled: Compiled) -> dict[str, dict[str, str]]:
    """Return, per section, the names to keep and the plain field that holds each."""
    paths = [condition.path for entry in compiled.model.touchpoints for condition in entry.where]
    paths += [path for entry in compiled.names.inputs for each in entry for path in each]
    paths += [path for entry in compiled.names.codes for path in entry]
    paths += [f"traits.{each.name}" for each in compiled.names.traits]
    found: dict[str, dict[str, str]] = {"properties": {}, "traits": {}, "campaign": {}}
    for path in paths:
        section, _, rest = path.partition(".")
        if section in found:
            names = found[section]
            names.setdefault(rest.split(".")[0], f"field_{len(names)}")
    return found


def _fields_type(sections: dict[str, dict[str, str]]) -> type[Fields]:
    added = []
    for section, names in sections.items():
        kept = msgspec.defstruct(
            section, [(field, object | UnsetType, UNSET) for field in names.values()],
            rename={field: name for name, field in names.items()},
            gc=False,
        )  # fmt: skip
        added.append((section, kept | None, None))
    return msgspec.defstruct("Touchpoint", added, bases=(Fields,), gc=False)  # type: ignore[return-value]
