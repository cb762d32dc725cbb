"""The machine's clock, as commands hand it to what asks for the time."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def now_ms() -> int:
    """Return the present instant in milliseconds since 1970."""
    return time.time_ns() // 1_000_000
