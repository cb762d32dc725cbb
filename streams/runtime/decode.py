"""Records to typed touchpoints with just the fields that a model needs. Pure.

A decoder is generated from the model: of `properties`, `traits` and `campaign` it keeps only the names
that some line of the touchpoint map or a rule reads. Names that a tracker may send are never code.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Annotated, Final, Literal, NamedTuple, get_args

import msgspec
import numpy as np
from msgspec import UNSET, Meta, UnsetType
from numpy.typing import NDArray

from schemas.instants import milliseconds
from schemas.touchpoint import AwareDatetime, Channel, Identifier
from streams.engine import advance
from streams.model.compiled import Compiled

Value = object

MICROSECOND: Final = timedelta(microseconds=1)  # more or less does not matter to whole milliseconds
# How MessagePack writes an instant between 1970 and 2514 that has a fraction of a second: a mark, 30 bits
# of nanoseconds, 34 bits of seconds. Without a fraction, or outside, it takes fewer or more bytes.
PACKED: Final = np.dtype([("mark", ">u2"), ("bits", ">u8")])
WITH_FRACTION: Final = 0xD7FF
LOW_30: Final = (1 << 30) - 1
LOW_34: Final = (1 << 34) - 1
RUN: Final = 64  # so many are packed at a time: one whole second among them makes only them slower
HEADER_BYTES: Final = 3  # before 16 and more
CHANNEL_CODES: Final = {channel.value: code for code, channel in enumerate(Channel)}
SubjectText = Literal["customer", "account", "business"]
KindText = Literal["track", "identify", "page", "screen", "group", "alias", "delete"]
DirectionText = Literal["in", "out"]
ChannelText = Literal[
    "web", "mobile", "email", "sms", "push", "social", "chat",
    "phone", "in_person", "store", "community", "api", "other",
]  # fmt: skip


class Fields(msgspec.Struct, gc=False, kw_only=True):
    """The fields of a touchpoint that every model needs; generated decoders add the three sections.

    They stand in the order in which senders mostly write them: the next one is looked for first. The
    closed sets are plain texts here: comparing texts costs a fraction of what enumerations do.
    """

    message_id: Annotated[str, Meta(min_length=1, max_length=128)]
    customer_id: Identifier | None = None
    event: Identifier
    timestamp: AwareDatetime
    received_at: AwareDatetime | None = None
    subject: SubjectText = "customer"
    kind: KindText = "track"
    direction: DirectionText = "in"
    channel: ChannelText = "other"
    source: object = None
    account_id: Identifier | None = None
    properties: msgspec.Struct | None = None
    traits: msgspec.Struct | None = None
    campaign: msgspec.Struct | None = None


class Columns(NamedTuple):
    """The fields of many touchpoints, each as a column; in the order of `Fields`."""

    message_id: tuple[str, ...]
    customer_id: tuple[str | None, ...]
    event: tuple[str, ...]
    timestamp: tuple[datetime, ...]
    received_at: tuple[datetime | None, ...]
    subject: tuple[str, ...]
    kind: tuple[str, ...]
    direction: tuple[str, ...]
    channel: tuple[str, ...]
    source: tuple[object, ...]
    account_id: tuple[str | None, ...]
    properties: tuple[msgspec.Struct | None, ...]
    traits: tuple[msgspec.Struct | None, ...]
    campaign: tuple[msgspec.Struct | None, ...]


def columns_of(fields: Sequence[Fields]) -> Columns:
    """Return the columns of at least one touchpoint; reading all at once is half of field by field."""
    return Columns(*zip(*map(msgspec.structs.astuple, fields), strict=True))


def _said_codes() -> dict[tuple[str, str, str], int]:
    """Return for each kind, direction and channel the channel's code and, in the two low bits, what it is."""
    found = {}
    for kind, direction, channel in product(get_args(KindText), get_args(DirectionText), CHANNEL_CODES):
        active = kind in {"track", "page", "screen"} and direction == "in"
        bits = advance.DELETION if kind == "delete" else advance.ACTIVITY if active else 0
        found[kind, direction, channel] = CHANNEL_CODES[channel] << 2 | bits
    return found


SAID_CODES: Final = _said_codes()


def milliseconds_of(moments: Sequence[datetime]) -> NDArray[np.int64]:
    """Return whole milliseconds since 1970 of many instants, rounded down.

    Python takes five times as long to turn one into a number as msgspec takes to pack it as numbers.
    """
    in_runs = len(moments) // RUN * RUN
    found = np.empty(len(moments), np.int64)
    found[in_runs:] = list(map(milliseconds, moments[in_runs:]))
    if in_runs:
        found[:in_runs] = _milliseconds_of_runs(moments[:in_runs])
    return found


def _milliseconds_of_runs(moments: Sequence[datetime]) -> NDArray[np.int64] | list[int]:
    """Return the milliseconds of a number of whole runs."""
    packed = b"".join([_packed(moments[start : start + RUN]) for start in range(0, len(moments), RUN)])
    if len(packed) == len(moments) * PACKED.itemsize:
        columns = np.frombuffer(packed, PACKED)
        if (columns["mark"] == WITH_FRACTION).all():
            bits = columns["bits"].astype(np.int64)
            return (bits & LOW_34) * 1000 + (bits >> 34 & LOW_30) // 1_000_000
    return list(map(milliseconds, moments))  # some lie before 1970 or after 2514


def _packed(run: Sequence[datetime]) -> bytes:
    """Return instants as MessagePack writes them, all with a fraction of a second if that is possible."""
    packed = msgspec.msgpack.encode(run)
    if len(packed) != HEADER_BYTES + RUN * PACKED.itemsize:
        packed = msgspec.msgpack.encode([m if m.microsecond else m + MICROSECOND for m in run])
    return packed[HEADER_BYTES:]


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


def seen_text(value: Value) -> str:
    """Return what a seen set keeps of a value: a text or a whole number; "" for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def trait_of(value: Value, *, date: bool) -> tuple[str | None, float]:
    """Return a trait's text (None: no trait) and number (nan: none), for a date its instant."""
    if isinstance(value, str):
        return value, _date(value) if date else math.nan
    if isinstance(value, bool):
        return "true" if value else "false", math.nan
    number = number_of(value)
    return None if math.isnan(number) else f"{number:.15g}", math.nan if date else number


def _date(text: str) -> float:
    """Return the instant of a date (its UTC midnight) or of RFC 3339 with an offset, nan of others."""
    if len(text) < 10 or text[4] != "-":
        return math.nan
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    if moment.tzinfo is None and len(text) > 10:
        return math.nan
    return float(milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC)))


def sections_of(compiled: Compiled) -> dict[str, dict[str, str]]:
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


def fields_type(sections: dict[str, dict[str, str]]) -> type[Fields]:
    """Return the type of touchpoints that holds these fields of the sections, each of any value."""
    added = []
    for section, names in sections.items():
        kept = msgspec.defstruct(
            section, [(field, object | UnsetType, UNSET) for field in names.values()],
            rename={field: name for name, field in names.items()},
            gc=False,
        )  # fmt: skip
        added.append((section, kept | None, None))
    return msgspec.defstruct("Touchpoint", added, bases=(Fields,), gc=False, kw_only=True)  # type: ignore[return-value]
