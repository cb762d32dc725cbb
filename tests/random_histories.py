"""Hypothesis strategies for histories: disorder, repeats, conflicts, deletions, ticks anywhere."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
from hypothesis import strategies as st

from tests.nodes import DAY, HOUR, MINUTE, SECOND
from tests.oracle import Oracle
from tests.oracle.mapping import EPOCH
from tests.random_entries import EVENTS
from tests.random_words import picked

LAST_MS = 253_402_300_799_999
STARTS = (
    1_709_208_000_000,  # 2024-02-29T12:00:00Z, a leap day
    951_782_400_000 - 1,  # the last millisecond before 2000-02-29
    1_704_067_200_000,  # 2024-01-01, a Monday
    1_672_531_199_999,  # the last millisecond of 2022, a Saturday
    0,  # 1970-01-01
    DAY - 1,
    LAST_MS - 120 * DAY,  # near the end of 9999
)
STEPS = (
    0,
    1,
    SECOND,
    MINUTE,
    30 * MINUTE,
    30 * MINUTE + 1,
    HOUR,
    6 * HOUR,
    DAY - 1,
    DAY,
    DAY + 1,
    2 * DAY,
    7 * DAY,
    10 * DAY,
)
CUSTOMERS = ("c1", "c1", "c2")


class Touch(msgspec.Struct, frozen=True):
    """A touchpoint in the log, as canonical JSON reads it."""

    record: dict[str, Any]
    offset: int
    appended_ms: int


class Tick(msgspec.Struct, frozen=True):
    """A tick in the log."""

    instant_ms: int
    offset: int
    appended_ms: int


class History(msgspec.Struct, frozen=True):
    """A log in its order, and the instant to which rows go on at its end (None: no further)."""

    steps: tuple[Touch | Tick, ...]
    until_ms: int | None = None


def play(oracle: Oracle, history: History) -> list[str]:
    """Let an oracle live through a history, and return what became of each touchpoint."""
    outcomes = []
    for step in history.steps:
        if isinstance(step, Touch):
            outcomes.append(oracle.touch(step.record, step.offset))
        else:
            oracle.tick(step.instant_ms)
    if history.until_ms is not None:
        oracle.until(history.until_ms)
    return outcomes


def record_value(step: Touch | Tick) -> bytes:
    """Return the JSON that stands in the log."""
    if isinstance(step, Touch):
        return msgspec.json.encode(step.record)
    return msgspec.json.encode({"kind": "tick", "timestamp": written(step.instant_ms)})


def written(instant_ms: int, *, minutes_east: int = 0) -> str:
    """Write an instant as RFC 3339, in the zone where that is possible, else in UTC."""
    moment = EPOCH + timedelta(milliseconds=instant_ms)
    if minutes_east and DAY < instant_ms < LAST_MS - DAY:
        moment = moment.astimezone(timezone(timedelta(minutes=minutes_east)))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@st.composite
def histories(
    draw: st.DrawFn, *, grace_ms: int = DAY, max_size: int = 20, ticks: bool = True, deletions: bool = True
) -> History:
    """Return a history.

    Args:
        draw: given by hypothesis.
        grace_ms: of the model it is for; disorder lies around this bound.
        max_size: how many records at most.
        ticks: whether ticks stand in the log.
        deletions: whether customers are deleted.
    """
    now = picked(draw, STARTS)
    latest = now
    steps: list[Touch | Tick] = []
    touches: list[Touch] = []
    for offset in range(draw(st.integers(1, max_size))):
        now = min(LAST_MS, now + picked(draw, STEPS))
        latest = max(latest, now)
        way = picked(draw, ("new", "new", "new", "new", "new", "repeat", "conflict", "tick"))
        if way == "tick" and ticks:
            instant = min(LAST_MS, max(0, now + picked(draw, (0, MINUTE, DAY, 10 * DAY, -DAY))))
            latest = max(latest, instant)
            steps.append(Tick(instant, offset, latest))
        elif way in ("repeat", "conflict") and touches:
            record = dict(picked(draw, touches).record)
            if way == "conflict":
                record |= draw(CONTENTS)
                if draw(st.booleans()):
                    record["timestamp"] = written(now)
            steps.append(Touch(record, offset, latest))
        else:
            touch = Touch(draw(records(now, offset, grace_ms, deletions=deletions)), offset, latest)
            touches.append(touch)
            steps.append(touch)
    beyond = picked(draw, (None, 0, DAY, 40 * DAY))
    until_ms = None if beyond is None else min(LAST_MS, latest + beyond)
    return History(tuple(steps), until_ms)


@st.composite
def records(draw: st.DrawFn, now: int, offset: int, grace_ms: int, *, deletions: bool) -> dict[str, Any]:
    """Return a touchpoint at about `now`: on time, or late by up to a little more than grace."""
    back = picked(draw, (0, 0, 0, 0, 1, HOUR, grace_ms, grace_ms + 1, grace_ms // 2))
    to_midnight = picked(draw, (None, None, None, None, None, None, 0, -1, 1))
    instant = now - back if to_midnight is None else now // DAY * DAY + to_midnight
    timestamp = written(max(0, instant), minutes_east=picked(draw, (0, 0, 0, 330, -480)))
    record: dict[str, Any] = {
        "message_id": f"m{offset}",
        "customer_id": picked(draw, CUSTOMERS),
        "timestamp": timestamp,
    }
    kinds = ("track",) * 12 + ("page", "identify") + (("delete",) if deletions else ())
    kind = picked(draw, kinds)
    if kind != "track":
        record["kind"] = kind
    record |= draw(CONTENTS)
    if picked(draw, (False, False, True)):
        renewal = written(min(LAST_MS, max(0, now + picked(draw, (-1, 1, 7, 20)) * DAY)))
        record["traits"] = {
            "plan": "pro",
            "renewal": renewal[: picked(draw, (len(renewal), len("2024-02-29")))],
        }
    return record


PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "revenue": st.sampled_from((20, 9.5, 10, 0, -5.25, "20", None, True)),
        "quantity": st.sampled_from((1, 2, 3, 2.5, "2")),
        "path": st.sampled_from(("/", "/pricing", "/pricing/eu", "/Pricing")),
        "plan": st.sampled_from(("pro", "free", 5, True, 1)),
        "gift": st.sampled_from((True, False, 1)),
        "score": st.sampled_from((0, 3, 6, 7, 9, 10, 11, -1, "9")),
        "feature": st.sampled_from(("search", "export", "share", "invite")),
    },
)
TRAITS = st.fixed_dictionaries(
    {},
    optional={
        "plan": st.sampled_from(("free", "pro", True, 7)),
        "seats": st.sampled_from((1, 5, 8.5, "5")),
        "renewal": st.sampled_from(("soon", 3)),
    },
)
CONTENTS = st.fixed_dictionaries(
    {"event": st.sampled_from((*EVENTS, *EVENTS, "Unknown Thing"))},
    optional={
        "direction": st.sampled_from(("in", "in", "out")),
        "channel": st.sampled_from(("web", "email", "mobile")),
        "properties": PROPERTIES,
        "traits": TRAITS,
        "campaign": st.sampled_from(({"name": "spring"}, {})),
    },
)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """Return an instant in UTC as epoch milliseconds."""
    return (datetime(year, month, day, hour, minute, tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)
