"""Which stage a row belongs to at an instant: ladders, free frameworks and flags.

Stages are numbered from 1 in file order, exits after them; 0 is "not placed yet". Flags are bits.
"""

from typing import Final

from streams.engine import readings
from streams.engine.compiled import compiled
from streams.engine.ground import BACK, ENDED, FIRED, FORWARD, LATERAL, TIME_OVER, Ground
from streams.engine.instants import NEVER
from streams.engine.kinds import signals

LADDER: Final = 0
FREE: Final = 1
FLAGS: Final = 2


@compiled
def enters(g: Ground, s: int, r: int, t: int) -> "tuple[bool, int]":
    """Return whether stage `s` (its global number) may be entered at `t`, and until when that holds."""
    upon, when = int(g.ints[g.p.stage_upon + s]), int(g.ints[g.p.stage_when + s])
    if upon >= 0 and not signals.carries(g, upon):
        return False, NEVER
    if when < 0:
        return True, NEVER
    return readings.holds(g, when, r, t)


@compiled
def stays(g: Ground, s: int, r: int, t: int) -> "tuple[bool, int]":
    """Return whether stage `s` is kept at `t` by `when`, `stay` or a latch, and until when that holds."""
    when, stay = int(g.ints[g.p.stage_when + s]), int(g.ints[g.p.stage_stay + s])
    if g.ints[g.p.stage_latch + s] or when < 0:
        return True, NEVER
    truth, until = readings.holds(g, when, r, t)
    if stay >= 0:
        also, also_until = readings.holds(g, stay, r, t)
        if truth and also:
            until = max(until, also_until)
        elif truth != also:
            until = until if truth else also_until
        else:
            until = min(until, also_until)
        truth = truth or also
    return truth, until


@compiled
def may_come_from(g: Ground, s: int, stage: int) -> bool:
    """Return whether exit `s` may be entered from `stage` (exits without `from:` from anywhere)."""
    allowed = int(g.ints[g.p.stage_from + s])
    return stage > 0 and (allowed == 0 or bool(allowed >> stage & 1))


@compiled
def exit_of(g: Ground, f: int, r: int, t: int, hard: bool) -> "tuple[int, int, int]":
    """Return (exit to be in, until when, rule mode): 0 where none; the present one where it is kept.

    The third is TIME_OVER when the present exit's `for` is over, ENDED when its rule no longer holds.
    """
    first, base = int(g.ints[g.p.framework_exit + f]), int(g.ints[g.p.framework_stage + f])
    stage, since = int(g.small[r, g.p.stage + f]), int(g.at[r, g.p.entered + f])
    until, mode = NEVER, FIRED
    for s in range(first, g.ints[g.p.framework_stage + f + 1]):
        number = s - base + 1
        if number == stage:
            lasts = int(g.ints[g.p.stage_for + s])
            if lasts >= 0:
                if t - since < lasts and not hard:
                    return stage, min(until, since + lasts), mode
                mode = TIME_OVER
                continue
            kept, kept_until = stays(g, s, r, t)
            until = min(until, kept_until)
            if kept:
                return stage, until, mode
            mode = ENDED
        elif may_come_from(g, s, stage):
            entered, entered_until = enters(g, s, r, t)
            if entered:
                return number, until, FIRED
            until = min(until, entered_until)
    return 0, until, mode


@compiled
def ladder_stage(g: Ground, f: int, r: int, t: int, hard: bool, left: int) -> "tuple[int, int, int]":
    """Return (stage to be in, until when, rule mode) of a ladder whose exits do not apply.

    The first stage needs no rule: it is where nothing further holds.
    """
    base = int(g.ints[g.p.framework_stage + f])
    stages = int(g.ints[g.p.framework_exit + f]) - base
    stage, since = int(g.small[r, g.p.stage + f]), int(g.at[r, g.p.entered + f])
    until, mode = NEVER, FIRED
    for number in range(stages, 1, -1):
        if number == stage:
            kept, kept_until = stays(g, base + number - 1, r, t)
            until = min(until, kept_until)
            if kept:
                return stage, until, mode
            mode = ENDED
            over = since + int(g.ints[g.p.framework_dwell + f])
            if t < over and not hard:
                return stage, min(until, over), mode
        else:
            entered, entered_until = enters(g, base + number - 1, r, t)
            if entered:
                return number, min(until, entered_until), left if stage > stages else mode
            until = min(until, entered_until)
    return 1, until, left if stage > stages else mode


@compiled
def free_stage(g: Ground, f: int, r: int, t: int, hard: bool) -> "tuple[int, int, int]":
    """Return (stage to be in, until when, rule mode) of a free framework whose exits do not apply."""
    base = int(g.ints[g.p.framework_stage + f])
    stage, since = int(g.small[r, g.p.stage + f]), int(g.at[r, g.p.entered + f])
    until, over = NEVER, since + int(g.ints[g.p.framework_dwell + f])
    for s in range(base, g.ints[g.p.framework_exit + f]):
        number = s - base + 1
        held, held_until = stays(g, s, r, t) if number == stage else enters(g, s, r, t)
        until = min(until, held_until)
        if held:
            if number == stage:
                return stage, until, FIRED
            if stage > 0 and t < over and not hard:
                return stage, min(until, over), FIRED
            return number, until, FIRED
    return stage, until, FIRED


@compiled
def stage_of(g: Ground, f: int, r: int, t: int, hard: bool) -> "tuple[int, int, int]":
    """Return (stage to be in at `t`, an instant before which that cannot change by itself, rule mode)."""
    exited, until, left = exit_of(g, f, r, t, hard)
    if exited > 0:
        return exited, until, left
    if g.ints[g.p.framework_kind + f] == LADDER:
        stage, stage_until, mode = ladder_stage(g, f, r, t, hard, left)
    else:
        stage, stage_until, mode = free_stage(g, f, r, t, hard)
    return stage, min(until, stage_until), mode


@compiled
def flags_of(g: Ground, f: int, r: int, t: int) -> "tuple[int, int]":
    """Return (bits of the flags to be held at `t`, an instant before which that cannot change by itself)."""
    base, held = int(g.ints[g.p.framework_stage + f]), int(g.at[r, g.p.held + f])
    until = NEVER
    for s in range(base, g.ints[g.p.framework_stage + f + 1]):
        bit = 1 << (s - base)
        on, on_until = stays(g, s, r, t) if held & bit else enters(g, s, r, t)
        until = min(until, on_until)
        held = held | bit if on else held & ~bit
    return held, until


@compiled
def direction(g: Ground, f: int, before: int, after: int, hard: bool) -> int:
    """Return which way a move between two numbered stages goes."""
    base = int(g.ints[g.p.framework_stage + f])
    stages = int(g.ints[g.p.framework_exit + f]) - base
    if before == 0:
        return FORWARD
    if after > stages:
        if g.ints[g.p.stage_from + base + after - 1] != 0:
            return FORWARD
        return LATERAL if before > stages else BACK
    if before > stages or after > before:
        return FORWARD
    return LATERAL if hard else BACK


@compiled
def rule_of(g: Ground, f: int, before: int, after: int, mode: int) -> int:
    """Return the program that explains a move: of the stage entered, or of the one that ended; -1 if none."""
    base = int(g.ints[g.p.framework_stage + f])
    if mode == FIRED:
        return int(g.ints[g.p.stage_when + base + after - 1])
    left = base + before - 1
    stay = int(g.ints[g.p.stage_stay + left])
    return stay if stay >= 0 else int(g.ints[g.p.stage_when + left])
