"""What a decoded touchpoint must also be: about somebody, under the right key, at a possible instant. Pure.

And why a record could not be read. Many touchpoints are looked at together, for nearly all of them are good.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final, NamedTuple, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.dead_letter import DeadLetterReason
from schemas.instants import LAST_MS
from schemas.touchpoint import INTERNAL_KINDS, Subject
from schemas.validate import BUSINESS_ID, OUT_OF_TIME
from streams.runtime.decode import Columns, milliseconds_of
from streams.runtime.record import Record


class Refused(Exception):
    """A record is a dead letter; carries the reason and a message that names the field."""

    def __init__(self, reason: DeadLetterReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


Refusals = dict[int, Refused]  # by place

SHORT: Final = 2_000  # characters: up to here looking at each is as fast as looking at all at once

_key: Callable[[Record], bytes | None] = attrgetter("key")
_appended_ms: Callable[[Record], int] = attrgetter("appended_ms")


class Checked(NamedTuple):
    """What was found out about touchpoints: their subjects' ids, instants, why some are refused, by place."""

    ids: list[str]
    at: NDArray[np.int64]
    refused: Refusals


def check(columns: Columns, records: Sequence[Record], subject: str, tolerance_ms: int | None) -> Checked:
    """Look at touchpoints about one kind of subject; each is refused for the first reason that holds.

    tolerance_ms: how far ahead of its arrival a touchpoint may be, None if that does not matter.
    """
    refused: Refusals = {}
    ids = _subject_ids(columns, subject, refused)
    _refuse_controls(columns, ids, subject, refused)
    _refuse_keys(records, ids, subject, refused)
    at = milliseconds_of(columns.timestamp)
    _refuse_instants(at, refused)
    if tolerance_ms is not None:
        _refuse_future(columns.received_at, records, at, tolerance_ms, refused)
    return Checked(ids, at, refused)


def _refuse(refused: Refusals, place: int, reason: DeadLetterReason, message: str) -> None:
    refused.setdefault(place, Refused(reason, message))


def _subject_ids(columns: Columns, subject: str, refused: Refusals) -> list[str]:
    """Return the id of each touchpoint's subject, "" for one without, which is refused."""
    if subject == Subject.BUSINESS:
        return [BUSINESS_ID] * len(columns.subject)
    found = list(columns.account_id if subject == Subject.ACCOUNT else columns.customer_id)
    message = f"a touchpoint about a {subject} needs `{subject}_id`"
    while None in found:
        place = found.index(None)
        _refuse(refused, place, DeadLetterReason.NO_SUBJECT, message)
        found[place] = ""
    return cast("list[str]", found)


def _refuse_controls(columns: Columns, ids: Sequence[str], subject: str, refused: Refusals) -> None:
    """Refuse control characters (C0, DEL, C1) in ids and names; other unprintable characters may pass."""
    named = (("message_id", columns.message_id), (f"{subject}_id", ids), ("event", columns.event))
    for name, texts in named:
        if _are_printable("".join(texts)):
            continue
        for place, text in enumerate(texts):
            found = next((c for c in text if c < " " or "\x7f" <= c <= "\x9f"), None)
            if found is not None:
                message = f"`{name}` has the control character {found!r}; leave it out"
                _refuse(refused, place, DeadLetterReason.INVALID, message)


def _are_printable(text: str) -> bool:
    """Whether a text has no control characters nor others that cannot be seen; much ASCII as numbers."""
    if len(text) < SHORT or not text.isascii():
        return text.isprintable()
    codes = np.frombuffer(text.encode(), np.uint8)
    return bool(((codes >= ord(" ")) & (codes != 0x7F)).all())


def _refuse_keys(records: Sequence[Record], ids: Sequence[str], subject: str, refused: Refusals) -> None:
    """Refuse records that stand under another key than their subject's id."""
    keys, encoded = list(map(_key, records)), list(map(str.encode, ids))
    if keys == encoded:  # the usual case; as lists, since one by one takes four times as long
        return
    message = f"the record's key is not the `{subject}_id`"
    for place, (key, subject_id) in enumerate(zip(keys, encoded, strict=True)):
        if key is not None and key != subject_id:
            _refuse(refused, place, DeadLetterReason.KEY_MISMATCH, message)


def _refuse_instants(at: NDArray[np.int64], refused: Refusals) -> None:
    """Refuse instants that the state cannot hold."""
    for place in np.flatnonzero((at < 0) | (at > LAST_MS)).tolist():
        _refuse(refused, place, DeadLetterReason.INVALID, OUT_OF_TIME)


def _refuse_future(
    received: Sequence[datetime | None],
    records: Sequence[Record],
    at: NDArray[np.int64],
    tolerance_ms: int,
    refused: Refusals,
) -> None:
    """Refuse touchpoints that lie too far ahead of their arrival, or else of being appended."""
    arrived = np.fromiter(map(_appended_ms, records), np.int64, len(records))
    known = [place for place, moment in enumerate(received) if moment is not None]
    arrived[known] = milliseconds_of([moment for moment in received if moment is not None])
    for place in np.flatnonzero(at > arrived + tolerance_ms).tolist():
        message = f"`timestamp` is {at[place] - arrived[place]} ms ahead of its arrival"
        _refuse(refused, place, DeadLetterReason.FUTURE, message)


def reason_of(value: bytes, error: Exception) -> tuple[DeadLetterReason, str]:
    """Return why a record cannot be read."""
    if isinstance(error, Refused):
        return error.reason, error.message
    if isinstance(error, RecursionError):
        return DeadLetterReason.INVALID, "nested too deeply"
    if not isinstance(error, msgspec.ValidationError):
        return DeadLetterReason.NOT_JSON, str(error)
    try:
        kind = msgspec.json.decode(value, type=_Kind).kind
    except (msgspec.DecodeError, RecursionError):
        kind = None
    if kind in INTERNAL_KINDS:
        return DeadLetterReason.INTERNAL_KIND, f"`kind` {kind} is reserved for Rapport itself"
    return DeadLetterReason.INVALID, str(error)


class _Kind(msgspec.Struct):
    kind: str | None = None
