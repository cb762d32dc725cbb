"""Segment's clock rule, and what happens where it says nothing."""

import pytest

from streams.ingest.clock import ALLOWANCE_MS, Clock, event_time
from streams.ingest.instants import read_rfc3339


def at(text: str) -> int:
    instant_ms = read_rfc3339(text)
    assert instant_ms is not None
    return instant_ms


RECEIVED = "2026-01-31T12:00:06Z"


def test_the_published_vector() -> None:
    """A clock that is two hours slow is set right by what passed between event and sending."""
    found = event_time(original="2026-01-31T10:00:00Z", sent="2026-01-31T10:00:05Z", received_ms=at(RECEIVED))

    assert (found.ms, found.clock) == (at("2026-01-31T12:00:01Z"), Clock.CORRECTED)


@pytest.mark.parametrize(
    ("original", "sent", "expected", "clock"),
    [
        (None, "2026-01-31T10:00:05Z", RECEIVED, Clock.RECEIVED),
        ("2025-01-01T00:00:00Z", None, "2025-01-01T00:00:00Z", Clock.KEPT),
        ("2025-01-01T00:00:00Z", "soon", "2025-01-01T00:00:00Z", Clock.KEPT),
        ("yesterday", "2026-01-31T10:00:05Z", RECEIVED, Clock.UNREADABLE),
        ("2026-01-31T10:00:00", None, RECEIVED, Clock.UNREADABLE),
        (1769860800, None, RECEIVED, Clock.UNREADABLE),
        ("1969-12-31T23:59:59Z", None, RECEIVED, Clock.UNREADABLE),
        ("2026-01-31T10:00:00Z", "9999-01-01T00:00:00Z", RECEIVED, Clock.UNREADABLE),
    ],
)
def test_live_there_is_always_an_instant(original: object, sent: object, expected: str, clock: Clock) -> None:
    """No call is lost for its clock: what cannot be used becomes the time of receipt, and is counted."""
    found = event_time(original=original, sent=sent, received_ms=at(RECEIVED))

    assert (found.ms, found.clock) == (at(expected), clock)


@pytest.mark.parametrize(
    ("ahead_ms", "clock"), [(ALLOWANCE_MS, Clock.KEPT), (ALLOWANCE_MS + 1, Clock.CLAMPED)]
)
def test_the_future_is_clamped_beyond_the_allowance(ahead_ms: int, clock: Clock) -> None:
    """Exactly the allowance is kept; one millisecond more becomes the time of receipt."""
    found = event_time(
        original="2026-01-31T12:05:06Z", sent=None, received_ms=at("2026-01-31T12:05:06Z") - ahead_ms
    )

    assert found.clock is clock


@pytest.mark.parametrize(
    ("original", "expected"),
    [("2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z"), (None, None), ("yesterday", None)],
)
def test_a_file_has_no_time_of_receipt(original: object, expected: str | None) -> None:
    """The original stands as it is, whenever it was sent; without one nobody knows."""
    found = event_time(original=original, sent="2026-01-31T10:00:05Z", received_ms=None)

    assert found.ms == (None if expected is None else at(expected))
