"""Touchpoints in Rapport's own shape: the bytes of a request or a line, split into items and checked.

An accepted item keeps the sender's bytes: nothing is encoded again on the way to the log.
"""

import re
from collections.abc import Sequence
from itertools import repeat
from operator import add, contains
from typing import Final

import msgspec

from schemas.dead_letter import DeadLetterReason
from schemas.touchpoint import INTERNAL_KINDS, Kind, Touchpoint
from schemas.validate import problem, subject_id
from streams.ingest.item import Accepted, Item, Refused

EVENT_LIMIT_BYTES: Final = 32 * 1024
DEPTH_LIMIT: Final = 64
LEAST_OBJECT_BYTES: Final = 5  # what one more level of objects takes: {"":}

_TOUCHPOINT: Final = msgspec.json.Decoder(Touchpoint)
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_LINES_TYPES: Final = (
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
)

_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[\]{}]")
_FIELD: Final = re.compile(r"`(?:\$\.)?(\w+)")
_FIX: Final = {
    "message_id": "send an id of 1 to 128 characters that stays the same when the touchpoint is sent again",
    "customer_id": "send text of 1 to 256 characters",
    "account_id": "send text of 1 to 256 characters",
    "event": "send a name of 1 to 256 characters, such as Order Completed",
    "timestamp": "send RFC 3339 with an offset, such as 2026-01-31T12:00:00Z",
    "received_at": "send RFC 3339 with an offset, such as 2026-01-31T12:00:00Z, or leave it out",
    "kind": f"send one of {', '.join(Kind)}",
    "properties": "send an object, and only numbers that a 64-bit float can hold",
}


class _KindOnly(msgspec.Struct, frozen=True):
    kind: object = None


_KIND: Final = msgspec.json.Decoder(_KindOnly)


def read_body(
    body: bytes, content_type: str = "", *, event_limit_bytes: int = EVENT_LIMIT_BYTES
) -> list[Item]:
    """Read one touchpoint, an array of them, or JSON lines; each becomes one item, in order.

    JSON lines are known by the content type, or by a first line that is an object of its own. A body
    that cannot be split (no JSON, a broken array) is one refused item with all its bytes.
    """
    body = body.removeprefix(_BYTE_ORDER_MARK).strip(b" \t\r\n")
    if not body:
        message = "the body is empty; send one touchpoint, an array or JSON lines"
        return [Refused(body, DeadLetterReason.NOT_JSON, message)]
    if content_type.partition(";")[0].strip().lower() in _LINES_TYPES:
        return _read_lines(body, event_limit_bytes)
    if body.startswith(b"["):
        return _read_array(body, event_limit_bytes)
    if body.partition(b"\n")[0].rstrip().endswith(b"}"):
        return _read_lines(body, event_limit_bytes)
    return [read_item(body, event_limit_bytes=event_limit_bytes)]


def read_item(value: bytes, *, event_limit_bytes: int = EVENT_LIMIT_BYTES) -> Item:
    """Check one touchpoint; the bytes of an accepted one are kept as they are."""
    damage = find_damage(value, event_limit_bytes=event_limit_bytes)
    if damage is not None:
        return damage
    try:
        touchpoint = _TOUCHPOINT.decode(value)
    except msgspec.ValidationError as error:
        return _invalid(value, str(error))
    except msgspec.DecodeError as error:
        return Refused(value, DeadLetterReason.NOT_JSON, f"{error}; send one JSON object per touchpoint")
    found = problem(touchpoint)
    if found is not None:
        return Refused(value, *found)
    return Accepted(value, touchpoint, subject_id(touchpoint))


def find_damage(value: bytes, *, event_limit_bytes: int = EVENT_LIMIT_BYTES) -> Refused | None:
    """Find what no decoder may be asked to read: too long, no UTF-8, nested without end."""
    if len(value) > event_limit_bytes:
        message = f"{len(value)} bytes, and the limit is {event_limit_bytes}; send large contents elsewhere"
        return Refused(value, DeadLetterReason.TOO_LARGE, message)
    if not value.isascii():
        try:
            value.decode()
        except UnicodeDecodeError as error:
            message = f"byte {error.start} is not UTF-8; encode the text as UTF-8"
            return Refused(value, DeadLetterReason.NOT_JSON, message)
    if _brackets(value) > DEPTH_LIMIT and _depth(value) > DEPTH_LIMIT:
        message = f"nested deeper than {DEPTH_LIMIT} levels; send flat properties"
        return Refused(value, DeadLetterReason.INVALID, message)
    return None


def are_harmless(values: Sequence[bytes]) -> bool:
    """Whether cheap tests alone show that all are undamaged; many cost less together than one by one."""
    if max(map(len, values), default=0) > EVENT_LIMIT_BYTES or not all(map(bytes.isascii, values)):
        return False
    bracket = ord("[")  # asked for b"[", bytes would first try it as a number, and raise and catch an error
    if not any(map(contains, values, repeat(bracket))):
        values = [value for value in values if len(value) > DEPTH_LIMIT * LEAST_OBJECT_BYTES]
    braces, brackets = (map(bytes.count, values, repeat(mark)) for mark in (b"{", b"["))
    return max(map(add, braces, brackets), default=0) <= DEPTH_LIMIT


def _brackets(value: bytes) -> int:
    return value.count(b"{") + value.count(b"[")


def _read_array(body: bytes, event_limit_bytes: int) -> list[Item]:
    try:
        items = _ITEMS.decode(body)
    except RecursionError:
        message = f"nested deeper than {DEPTH_LIMIT} levels; send flat properties"
        return [Refused(body, DeadLetterReason.INVALID, message)]
    except msgspec.DecodeError as error:
        message = f"{error}; one broken item spoils an array: mend it, or send JSON lines"
        return [Refused(body, DeadLetterReason.NOT_JSON, message)]
    return [read_item(bytes(item), event_limit_bytes=event_limit_bytes) for item in items]


def _read_lines(body: bytes, event_limit_bytes: int) -> list[Item]:
    lines = (line.strip(b" \t\r") for line in body.split(b"\n"))
    return [read_item(line, event_limit_bytes=event_limit_bytes) for line in lines if line]


def _invalid(value: bytes, message: str) -> Refused:
    kind = _kind(value)
    if kind in INTERNAL_KINDS:
        message = f"`$.kind`: {kind} is written by Rapport alone; {_FIX['kind']}"
        return Refused(value, DeadLetterReason.INTERNAL_KIND, message)
    field = _FIELD.search(message.rpartition(" - at ")[2])
    fix = _FIX.get(field[1]) if field else None
    return Refused(value, DeadLetterReason.INVALID, f"{message}; {fix}" if fix else message)


def _kind(value: bytes) -> str:
    try:
        return str(_KIND.decode(value).kind)
    except msgspec.DecodeError:
        return ""


def _depth(value: bytes) -> int:
    """Return how deep brackets are nested at most, those inside strings left out."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", value)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
