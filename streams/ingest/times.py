"""Instants as other people's files write them, into RFC 3339 with milliseconds and Z."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from schemas.instants import LAST_MS
from streams.ingest.instants import render, rfc3339
from streams.ingest.mapping import TimeFormat
from streams.model.problems import suggest

REMEMBERED: Final = 100_000  # texts of one column whose instants are kept: dates repeat, instants hardly
NAMED_TIMES: Final = ("iso", "epoch_ms", "epoch_s")
# Every part of it differs from every other, and from what strptime puts where a pattern is silent.
PROBE: Final = datetime(2013, 11, 24, 22, 57, 38, tzinfo=UTC)
UNITS_MS: Final = {"epoch_ms": 1, "epoch_s": 1000}


def is_zone(name: str) -> bool:
    """Whether there is a time zone of this name; tzdata, a dependency, has them where the system has none."""
    try:
        zone_of(name)
    except (KeyError, ValueError, OSError):  # unknown; no name at all; the name of a directory
        return False
    return True


def zone_of(name: str) -> tzinfo:
    """Return the zone of a name that `is_zone` knows."""
    return UTC if name == "UTC" else ZoneInfo(name)


def wrong_with_pattern(pattern: str, *, has_zone: bool) -> list[tuple[str, str]]:
    """Return reasons and suggestions: it must be readable, whole, and say or be told its zone."""
    if "%" not in pattern:
        known = suggest(pattern, NAMED_TIMES, kind="formats")
        return [(f"{pattern} is not a time format", f"{known}; or a pattern such as %Y%m%d")]
    try:
        back = datetime.strptime(PROBE.strftime(pattern), pattern)  # noqa: DTZ007 - a pattern may leave the zone out
    except ValueError as fault:
        return [(f"{pattern} cannot be read: {fault}", "see Python's table of strptime directives")]
    wrong: list[tuple[str, str]] = []
    if back.date() != PROBE.date():
        wrong.append((f"{pattern} does not give a whole date", "name year, month and day: %Y-%m-%d"))
    if back.tzinfo is None and not has_zone:
        wrong.append((f"{pattern} does not say where the clock stood", "write zone: UTC, for example"))
    return wrong


def instant_reader(time: TimeFormat) -> Callable[[str], str]:
    """Return what turns one text into RFC 3339; it raises ValueError, which says what is wrong.

    A local time that a clock shows twice is its first; one that it skips is counted on from before.
    """
    if time.pattern in UNITS_MS:
        return _remembering(_epoch_reader(UNITS_MS[time.pattern]))
    zone = None if time.zone is None else zone_of(time.zone)
    parse = datetime.fromisoformat if time.pattern == "iso" else _pattern_reader(time.pattern)

    def read(text: str) -> str:
        moment = parse(text)
        if moment.tzinfo is None:
            if zone is None:
                raise ValueError(f"{text!r} does not say where the clock stood; add zone: UTC to the mapping")
            moment = moment.replace(tzinfo=zone)
        try:
            return render(moment)
        except OverflowError:
            raise ValueError(f"{text!r} is outside the years 1 to 9999") from None

    return _remembering(read)


def _pattern_reader(pattern: str) -> Callable[[str], datetime]:
    return lambda text: datetime.strptime(text, pattern)  # noqa: DTZ007 - the caller adds the zone


def _epoch_reader(unit_ms: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        try:
            instant_ms = Decimal(text) * unit_ms
            is_in_range = 0 <= instant_ms <= LAST_MS
        except ArithmeticError:  # no number, NaN, or one beyond all bounds
            raise ValueError(f"{text!r} is not a number") from None
        if not is_in_range or "_" in text:
            raise ValueError(f"{text!r} is outside the years 1970 to 9999")
        return rfc3339(int(instant_ms))

    return read


def _remembering(read: Callable[[str], str]) -> Callable[[str], str]:
    remembered: dict[str, str] = {}

    def look_up(text: str) -> str:
        known = remembered.get(text)
        if known is None:
            if len(remembered) >= REMEMBERED:
                remembered.clear()
            known = remembered[text] = read(text.strip())
        return known

    return look_up
