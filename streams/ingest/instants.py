"""Instants as text: RFC 3339 and bare dates, read into and written from milliseconds."""

from datetime import UTC, date, datetime
from typing import Final

import msgspec

from schemas.instants import EPOCH, instant, milliseconds

DAY_MS: Final = 86_400_000


def rfc3339(instant_ms: int) -> str:
    """Write an instant with three decimals and Z; only for the years 1 to 9999."""
    return render(instant(instant_ms))


def render(moment: datetime) -> str:
    """Write an aware datetime in UTC with three decimals (rounded down) and Z.

    Raises:
        OverflowError: The offset carries it out of the years 1 to 9999.
    """
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def read_rfc3339(text: object) -> int | None:
    """Read an instant with an offset into milliseconds; None for anything else, naive times included."""
    if not isinstance(text, str):
        return None
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
    return None if moment.tzinfo is None else milliseconds(moment)


def read_until(text: str) -> int | None:
    """Read the last instant of a span: a bare date means through that UTC day; None if it is neither."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return read_rfc3339(text)
    return (day.toordinal() - EPOCH.toordinal()) * DAY_MS + DAY_MS - 1
