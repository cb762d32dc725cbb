"""Instants: aware datetimes on the wire, whole milliseconds since 1970 in UTC inside; no floats between."""

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)
LAST_MS: Final = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z


def milliseconds(moment: datetime) -> int:
    """Return whole milliseconds since 1970, rounded down."""
    return (moment - EPOCH) // MILLISECOND


def instant(ms: int) -> datetime:
    """Return the aware datetime of an instant in milliseconds; only for the years 1 to 9999."""
    return EPOCH + ms * MILLISECOND
