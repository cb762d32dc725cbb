"""Touchpoints in, rows changed, happenings noted: the loop over a batch; and the same for time alone.

Both stop early only when there is no more room for happenings; the caller takes those out and calls again
with the place where it stopped. A touchpoint that was stopped while its row elapsed goes on from there.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.engine import duplicates, standing
from streams.engine.ahead import TOUCHPOINTS_AHEAD, fetch_id, fetch_row
from streams.engine.compiled import Structure, compiled, entry, structure
from streams.engine.evaluate import evaluate, set_clock
from streams.engine.ground import (
    ANSWERED,
    BLANK,
    BY_MODEL,
    BY_TIME,
    BY_TOUCHPOINT,
    CARRIED,
    CLOCK,
    CLOCK_MOVED,
    CONFLICTS,
    DELETED,
    DELETED_AT,
    DUE,
    FILLED,
    FIRST,
    INCARNATION,
    LIVE,
    PASSED,
    SENT,
    STATUS,
    TOLD,
    TOUCHED,
    Ground,
)
from streams.engine.instants import DAY_MS, NEVER
from streams.engine.kinds import answers, flags, follows, rhythm, seen, signals, sums, traits

# Bits of a touchpoint.
ACTIVITY: Final = 1
DELETION: Final = 2

# What became of a touchpoint.
WAITING: Final = 0
APPLIED: Final = 1
DUPLICATE: Final = 2
CONFLICTING: Final = 3  # a duplicate with other content
LATE: Final = 4
SUPPRESSED: Final = 5

BLANK_ROW: Final = 0  # row 0 is never a customer: it is what an empty row looks like


@dataclass(frozen=True)
class Batch(Structure):
    """Touchpoints as columns. `inputs` holds the numbers that an entry asks for (nan: missing)."""

    row: NDArray[np.int64]
    at: NDArray[np.int64]
    entry: NDArray[np.int64]  # -1: unmapped
    bits: NDArray[np.int64]
    channel: NDArray[np.int64]
    inputs: NDArray[np.float64]
    codes: NDArray[np.int64]  # for seen sets; 0: missing
    tie: NDArray[np.int64]
    key: NDArray[np.int64]
    content: NDArray[np.uint32]
    trait_code: NDArray[np.int64]  # 0: no text
    trait: NDArray[np.float64]  # nan: no number
    outcome: NDArray[np.int64]
    late_by: NDArray[np.int64]


def empty_batch(count: int, *, inputs: int, codes: int, traits: int) -> Batch:
    """Return a batch of `count` touchpoints whose columns are still to be filled."""
    whole = np.zeros((8, count), np.int64)
    return Batch(
        row=whole[0], at=whole[1], entry=whole[2], bits=whole[3], channel=whole[4],
        inputs=np.full((count, max(1, inputs)), np.nan), codes=np.zeros((count, max(1, codes)), np.int64),
        tie=whole[5], key=np.zeros((count, 2), np.int64), content=np.zeros(count, np.uint32),
        trait_code=np.zeros((count, max(1, traits)), np.int64),
        trait=np.full((count, max(1, traits)), np.nan),
        outcome=whole[6], late_by=whole[7],
    )  # fmt: skip


structure(empty_batch(1, inputs=1, codes=1, traits=1))


@compiled
def has_room(g: Ground) -> bool:
    """Return whether one more evaluation's happenings surely fit."""
    return bool(g.cursor[TOLD] + g.p.most_told <= g.told_at.shape[0] and g.cursor[SENT] < g.sent.shape[0])


@compiled
def elapse(g: Ground, r: int, until: int) -> bool:
    """Let time pass for row `r` through instant `until`; return False if there was no more room."""
    if int(g.small[r, STATUS]) != LIVE:
        return True
    while int(g.at[r, DUE]) <= until:
        if not has_room(g):
            return False
        evaluate(g, r, max(int(g.at[r, DUE]), int(g.at[r, CLOCK]) + 1), BY_TIME, -1)
    return True


@compiled
def fill(g: Ground, r: int) -> None:
    """Make row `r`, which was never used and holds but zeros, what an empty row looks like."""
    for c in range(g.at.shape[1]):
        g.at[r, c] = g.at[BLANK_ROW, c]
    for c in range(g.small.shape[1]):
        g.small[r, c] = g.small[BLANK_ROW, c]
    for c in range(g.real.shape[1]):
        g.real[r, c] = g.real[BLANK_ROW, c]


@compiled
def clear(g: Ground, r: int) -> None:
    """Make row `r` what an empty row looks like."""
    fill(g, r)
    for c in range(g.pane.shape[1]):
        g.pane[r, c] = g.pane[BLANK_ROW, c]
    standing.forget_all(g, r)


@compiled
def delete(g: Ground, r: int, t: int) -> None:
    """Forget everything about row `r` but that it was deleted at `t`."""
    incarnation = int(g.small[r, INCARNATION])
    clear(g, r)
    g.small[r, STATUS] = DELETED
    g.small[r, INCARNATION] = incarnation + 1
    g.at[r, DELETED_AT] = t
    g.at[r, CLOCK] = t
    g.at[r, DUE] = NEVER
    g.changed[r] = 1


@compiled
def begin(g: Ground, r: int, t: int) -> None:
    """Start the life of row `r` at `t`."""
    g.small[r, STATUS] = LIVE
    g.small[r, FILLED] = t // DAY_MS
    g.at[r, FIRST] = t
    for f in range(g.p.frameworks):
        g.at[r, g.p.entered + f] = t


@compiled
def apply_entry(g: Ground, r: int, t: int, b: Batch, i: int) -> None:
    """Give row `r` what the touchpoint's line of the map says: points, signals, answers, sets."""
    e, first = int(b.entry[i]), False
    if sums.touch(g, r, e, t, b.inputs, i):
        standing.forget(g, r, g.p.cause_points + e, anew=False)
    for k in range(g.ints[g.p.entry_signal + e], g.ints[g.p.entry_signal + e + 1]):
        s, number = int(g.ints[g.p.entry_signal_id + k]), int(g.ints[g.p.entry_signal_input + k])
        amount = b.inputs[i, number] if number >= 0 else g.nums[g.p.entry_signal_constant + k]
        first = signals.touch(g, r, s, t) or first
        signals.touch_amount(g, r, s, t, amount)
        signals.carry(g, s)
    for k in range(g.ints[g.p.entry_answer + e], g.ints[g.p.entry_answer + e + 1]):
        value = b.inputs[i, g.ints[g.p.answer_input + k]]
        if value == value and answers.touch(g, r, k, t, value, int(b.tie[i])):
            g.cursor[ANSWERED] |= 1 << int(g.ints[g.p.answer_question + k])
    for k in range(g.ints[g.p.entry_seen + e], g.ints[g.p.entry_seen + e + 1]):
        code = int(b.codes[i, g.ints[g.p.entry_seen_input + k]])
        if code != 0:
            seen.touch(g, r, int(g.ints[g.p.entry_seen_set + k]), code, t)
    standing.forget(g, r, g.p.cause_signals + e, anew=first)


@compiled
def apply_activity(g: Ground, r: int, t: int, channel: int) -> None:
    """Note that the customer did something: activity, session, rhythm, active day, channel."""
    if g.p.session >= 0 and rhythm.starts_session(g, r, t):
        signals.touch(g, r, g.p.session, t)
        signals.carry(g, g.p.session)
        standing.forget(g, r, standing.SESSION, anew=True)
    first = signals.touch(g, r, g.p.activity, t)
    signals.carry(g, g.p.activity)
    standing.forget(g, r, standing.ACTIVITY, anew=first)
    rhythm.touch(g, r, t)
    if flags.touch(g, r, t):
        standing.forget(g, r, standing.ACTIVE_DAY, anew=True)
    if seen.touch_channel(g, r, channel, t):
        standing.forget(g, r, standing.CHANNEL, anew=True)


@compiled
def apply(g: Ground, r: int, b: Batch, i: int) -> None:
    """Apply touchpoint `i` to row `r`, which has elapsed to just before it, and evaluate the row once."""
    t = int(b.at[i])
    if int(g.small[r, STATUS]) != LIVE:
        if int(g.small[r, STATUS]) == BLANK:
            fill(g, r)
        begin(g, r, t)
    g.cursor[CLOCK_MOVED] = 1 if t > int(g.at[r, CLOCK]) else 0
    set_clock(g, r, t)
    now = int(g.at[r, CLOCK])
    g.at[r, TOUCHED] = now
    if t < int(g.at[r, FIRST]):
        g.at[r, FIRST] = t
        standing.forget(g, r, standing.FIRST_SEEN, anew=True)
    standing.forget(g, r, standing.ANY_TOUCHPOINT, anew=True)
    g.changed[r] = 1
    g.cursor[CARRIED] = 0
    g.cursor[ANSWERED] = 0
    follows.expire(g, r, now)
    if b.entry[i] >= 0:
        apply_entry(g, r, t, b, i)
    if b.bits[i] & ACTIVITY:
        apply_activity(g, r, t, int(b.channel[i]))
    follows.touch(g, r, t)
    for k in range(g.p.traits):
        traits.touch(g, r, k, t, int(b.trait_code[i, k]), b.trait[i, k])
    evaluate(g, r, now, BY_TOUCHPOINT, i)


@compiled
def check(g: Ground, r: int, b: Batch, i: int) -> int:
    """Return what becomes of touchpoint `i`, WAITING if it is to be applied; late first, then duplicate."""
    t, status = int(b.at[i]), int(g.small[r, STATUS])
    if t <= int(g.at[r, DELETED_AT]) and status != BLANK:
        return SUPPRESSED
    if status == LIVE and t < int(g.at[r, CLOCK]) - g.p.grace:
        b.late_by[i] = int(g.at[r, CLOCK]) - g.p.grace - t
        return LATE
    known = duplicates.remember(g, b.key[i, 0], b.key[i, 1], t, r, b.content[i])
    if known == duplicates.CONFLICT:
        g.cursor[CONFLICTS] += 1
        return CONFLICTING
    return DUPLICATE if known == duplicates.SAME else WAITING


@entry
def run_batch(g: Ground, b: Batch, start: int) -> int:
    """Apply the touchpoints of a batch from `start` on; return where it stopped (the length when done)."""
    for i in range(start, b.row.shape[0]):
        if i + TOUCHPOINTS_AHEAD < b.row.shape[0]:
            fetch_row(g, int(b.row[i + TOUCHPOINTS_AHEAD]))
            fetch_id(g, int(b.key[i + TOUCHPOINTS_AHEAD, 0]))
        r = int(b.row[i])
        if g.cursor[PASSED] != i + 1:
            b.outcome[i] = check(g, r, b, i)
            g.cursor[PASSED] = i + 1
            if b.outcome[i] != WAITING:
                continue
        if not elapse(g, r, int(b.at[i]) - 1) or not has_room(g):
            return i
        if b.bits[i] & DELETION:
            delete(g, r, int(b.at[i]))
        else:
            apply(g, r, b, i)
        b.outcome[i] = APPLIED
    g.cursor[PASSED] = 0
    return int(b.row.shape[0])


@entry
def elapse_rows(g: Ground, start: int, rows: int, until: int) -> int:
    """Let time pass through `until` for a run of rows; return where it stopped (`rows` when done)."""
    for r in range(start, rows):
        if int(g.at[r, DUE]) <= until and not elapse(g, r, until):
            return r
    return rows


@entry
def evaluate_rows(g: Ground, start: int, rows: int) -> int:
    """Evaluate every live row once at its clock, because the model changed; return where it stopped."""
    for r in range(start, rows):
        if int(g.small[r, STATUS]) != LIVE:
            continue
        if not has_room(g):
            return r
        g.cursor[CARRIED] = 0
        g.cursor[ANSWERED] = 0
        g.cursor[CLOCK_MOVED] = 0
        evaluate(g, r, int(g.at[r, CLOCK]), BY_MODEL, -1)
    return rows


@entry
def next_due(g: Ground, rows: int) -> int:
    """Return the earliest instant at which something of any live row can change by itself, or NEVER."""
    due = NEVER
    for r in range(1, rows):
        if int(g.small[r, STATUS]) == LIVE:
            due = min(due, int(g.at[r, DUE]))
    return due
