"""When something happened, by clocks that may be wrong: Segment's rule, with its holes filled."""

from enum import StrEnum
from typing import Final

import msgspec

from schemas.instants import LAST_MS
from streams.ingest.instants import read_rfc3339

ALLOWANCE_MS: Final = 300_000


class Clock(StrEnum):
    """Where a timestamp came from. Also a metric label: a closed set."""

    KEPT = "kept"  # the sender's own, as it is
    CORRECTED = "corrected"  # moved by what the sender's clock is off
    RECEIVED = "received"  # the sender gave none
    UNREADABLE = "unreadable"  # the sender's cannot be read
    CLAMPED = "clamped"  # it lay in the future


class EventTime(msgspec.Struct, frozen=True):
    """An instant in epoch milliseconds, and where it came from; `ms` None when nobody knows."""

    ms: int | None
    clock: Clock


def event_time(
    *, original: object, sent: object, received_ms: int | None, allowance_ms: int = ALLOWANCE_MS
) -> EventTime:
    """Return when it happened: received - (sent - original), or what is left of that.

    A file has no `received_ms`: the original stands as it is. Live, a missing or unreadable original,
    or one that leads out of 1970 to 9999, becomes `received_ms`; so does one that is more than
    `allowance_ms` ahead of it.
    """
    if original is None:
        return EventTime(received_ms, Clock.RECEIVED)
    instant_ms = read_rfc3339(original)
    clock = Clock.KEPT
    if instant_ms is not None and received_ms is not None:
        sent_ms = read_rfc3339(sent)
        if sent_ms is not None:
            instant_ms = received_ms - (sent_ms - instant_ms)
            clock = Clock.CORRECTED
    if instant_ms is None or not 0 <= instant_ms <= LAST_MS:
        return EventTime(received_ms, Clock.UNREADABLE)
    if received_ms is not None and instant_ms > received_ms + allowance_ms:
        return EventTime(received_ms, Clock.CLAMPED)
    return EventTime(instant_ms, clock)
