"""What an applied touchpoint leaves in a row."""

import math
from typing import NamedTuple

import xxhash

from schemas.touchpoint import Touchpoint
from streams.model.definition import Entry
from tests.oracle.mapping import amount_of, finite_number, is_activity, look, matching_entry, timestamp_ms
from tests.oracle.row import DAY, SEEN_CODES, Row, Value
from tests.oracle.terms import named


class Applied(NamedTuple):
    """The signals that a touchpoint carried, the questions that it answered, and whether the map knows it."""

    carried: frozenset[str]
    questions: frozenset[str]
    mapped: bool


def apply(row: Row, touchpoint: Touchpoint, first_seen_codes: dict[str, int]) -> Applied:
    """Store a touchpoint in a row whose clock is already at it or later."""
    e = timestamp_ms(touchpoint)
    number = matching_entry(row.model, touchpoint)
    entry = None if number is None else row.model.touchpoints[number]
    row.first = min(row.first, e)
    row.touched = row.clock
    row.silent_until = row.clock
    take_traits(row, touchpoint, e)
    carried: set[str] = set()
    questions: set[str] = set()
    if is_activity(entry, touchpoint):
        carried |= take_activity(row, touchpoint.channel.value, e)
    if entry is not None and number is not None:
        for signal, amount in entry.signals:
            row.happened[signal].append((e, amount_of(touchpoint, amount)))
            carried.add(signal)
        give_points(row, entry, number, touchpoint, e)
        questions = take_answers(row, entry, touchpoint, e)
        take_codes(row, entry, touchpoint, e, first_seen_codes)
    carried |= take_follows(row, frozenset(carried), e)
    return Applied(frozenset(carried), frozenset(questions), entry is not None)


def take_activity(row: Row, channel: str, e: int) -> set[str]:
    """Count activity, its day, its channel and, after a gap, a session."""
    signals = {"activity"}
    earlier = [at for at, _ in row.happened.get("activity", [])]
    if not earlier or e - max(earlier) > row.model.settings.session_gap_ms:
        row.happened["session"].append((e, None))
        signals.add("session")
    row.happened["activity"].append((e, None))
    row.channels.append((e, channel))
    day = e // DAY
    if row.last_active_day is None:
        row.last_active_day = day
    elif day > row.last_active_day:
        row.gaps.append(day - row.last_active_day)
        row.last_active_day = day
    return signals


def give_points(row: Row, entry: Entry, number: int, touchpoint: Touchpoint, e: int) -> None:
    """Give the entry's points, unless its daily cap is reached; with a cap they are dated to midnight."""
    day = e // DAY
    row.matched[number, day] += 1
    if entry.daily_cap is not None and row.matched[number, day] > entry.daily_cap:
        return
    dated = e if entry.daily_cap is None else day * DAY
    if entry.type is not None:
        row.points[f"type.{entry.type}"].append((dated, 1.0))
    for dimension, amount in entry.dimensions:
        points = amount_of(touchpoint, amount)
        if points is not None:
            row.points[f"dimension.{dimension}"].append((dated, points))


def take_answers(row: Row, entry: Entry, touchpoint: Touchpoint, e: int) -> set[str]:
    """Keep answers within their scale: the latest, of two at one instant the higher hash of id."""
    questions: set[str] = set()
    rank = xxhash.xxh3_64_intdigest(touchpoint.message_id.encode())
    for source in entry.answers:
        value = finite_number(look(touchpoint, source.path))
        if value is None or not source.low <= value <= source.high:
            continue
        questions.add(source.question)
        if named(row.model.questions, source.question).invert:
            value = source.low + source.high - value
        _, at, kept_rank = row.answers.get(source.question, (0.0, -math.inf, 0))
        if (e, rank) > (at, kept_rank):
            row.answers[source.question] = (value, e, rank)
    return questions


def take_codes(row: Row, entry: Entry, touchpoint: Touchpoint, e: int, first_seen: dict[str, int]) -> None:
    """Keep the last day of each code; over 32 the oldest day goes, then the code the partition saw first."""
    for name, path in entry.seen:
        code = look(touchpoint, path)
        if not isinstance(code, str) or not code:
            continue
        first_seen.setdefault(code, len(first_seen))
        days = row.seen[name]
        days[code] = max(e // DAY, days.get(code, e // DAY))
        if len(days) > SEEN_CODES:
            del days[min(days, key=lambda each: (days[each], first_seen[each]))]


def take_traits(row: Row, touchpoint: Touchpoint, e: int) -> None:
    """Keep the latest text, number or truth (as text) of a trait; of two at an instant the later applied."""
    for name, found in (touchpoint.traits or {}).items():
        value: Value = finite_number(found)
        if isinstance(found, bool):
            value = "true" if found else "false"
        elif isinstance(found, str):
            value = found
        if value is not None and e >= row.traits.get(name, (None, e))[1]:
            row.traits[name] = (value, e)


def take_follows(row: Row, carried: frozenset[str], e: int) -> set[str]:
    """Close open follows in time, open the others; what closes does not open again."""
    fed: set[str] = set()
    for follow in row.model.follows:
        state, opened = row.follows.get(follow.name, ("", 0))
        if state == "open":
            if follow.close in carried and opened <= e < opened + follow.within_ms:
                row.follows[follow.name] = ("closed", opened)
                row.happened[f"{follow.name}.closed"].append((e, None))
                fed.add(f"{follow.name}.closed")
        elif follow.open in carried:
            row.follows[follow.name] = ("open", e)
    return fed
