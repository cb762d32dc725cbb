"""Everything about a row at one instant: its stages, alerts and scores, and when to look again.

The order at an instant: follows that expire, frameworks in dependency order, alerts in file order,
scores. One move per framework and instant: what is still due follows in the next millisecond.
"""

from typing import Final

from streams.engine import alerts, frameworks, operations, readings, standing, telling
from streams.engine.compiled import compiled
from streams.engine.frameworks import FLAGS
from streams.engine.ground import (
    ANSWERED,
    BACK,
    BY_TIME,
    BY_TOUCHPOINT,
    CARRIED,
    CLOCK,
    CLOCK_MOVED,
    DUE,
    ENDED,
    FIRED,
    FORWARD,
    MOVED_FIRST,
    MOVED_WIDTH,
    NO_MOVE,
    SENT_AT,
    SEQUENCE,
    STAGE,
    THINNED,
    Ground,
)
from streams.engine.instants import DAY_MS, NEVER, NONE
from streams.engine.kinds import flags, follows, panes, signals

CLOSER: Final = 4  # how often a row is read ahead to find the instant at which a score differs enough


@compiled
def set_clock(g: Ground, r: int, t: int) -> None:
    """Move a row's clock forward to `t`: midnights passed are filled, panes rolled. Never moves back."""
    if t <= int(g.at[r, CLOCK]):
        return
    readings.fill_midnights(g, r, t)
    flags.roll(g, r, t // DAY_MS)
    panes.roll(g, r, t)
    g.at[r, CLOCK] = t
    g.changed[r] = 1


@compiled
def is_hard(g: Ground, f: int) -> bool:
    """Return whether the present touchpoint carries a hard signal of framework `f`."""
    for k in range(g.ints[g.p.framework_hard + f], g.ints[g.p.framework_hard + f + 1]):
        if signals.carries(g, int(g.ints[g.p.framework_hard_signal + k])):
            return True
    return False


@compiled
def forget_stage(g: Ground, f: int, r: int) -> None:
    """Let rules and values that read the stage or flags of framework `f` be read again: it has moved."""
    standing.forget(g, r, g.p.cause_framework + f, anew=True)
    readings.drop(g)


@compiled
def move_flags(g: Ground, f: int, r: int, t: int, trigger: int, i: int) -> int:
    """Set and clear the flags of framework `f` that are due at `t`; return when to look again."""
    wanted, until = frameworks.flags_of(g, f, r, t)
    held, place = int(g.at[r, g.p.held + f]), MOVED_FIRST + f * MOVED_WIDTH
    if wanted == held:
        return until
    g.cursor[place] = 0
    g.cursor[place + 1] = held & ~wanted
    g.cursor[place + 2] = wanted & ~held
    g.at[r, g.p.held + f] = wanted
    base = int(g.ints[g.p.framework_stage + f])
    for number in range(1, int(g.ints[g.p.framework_stage + f + 1]) - base + 1):
        bit = 1 << (number - 1)
        if wanted & bit == held & bit:
            continue
        on = wanted & bit != 0
        mode = FIRED if on else ENDED
        rule = frameworks.rule_of(g, f, number, number, mode)
        n = telling.tell(g, r, STAGE, f, t, trigger, i, rule, number if on else 0)
        dwell = t - int(g.at[r, g.p.entered + f])
        telling.tell_move(g, n, 0 if on else number, FORWARD if on else BACK, dwell, mode)
        g.at[r, g.p.entered + f] = t
    forget_stage(g, f, r)
    return t + 1


@compiled
def move_stage(g: Ground, f: int, r: int, t: int, trigger: int, i: int) -> int:
    """Move framework `f` to the stage that is due at `t`; return when to look again."""
    hard = trigger == BY_TOUCHPOINT and is_hard(g, f)
    before, place = int(g.small[r, g.p.stage + f]), MOVED_FIRST + f * MOVED_WIDTH
    after, until, mode = frameworks.stage_of(g, f, r, t, hard)
    if after == before:
        return until
    way = frameworks.direction(g, f, before, after, hard)
    g.cursor[place] = way
    g.cursor[place + 1] = before
    g.cursor[place + 2] = after
    dwell = t - int(g.at[r, g.p.entered + f])
    g.small[r, g.p.stage + f] = after
    g.at[r, g.p.entered + f] = t
    rule = frameworks.rule_of(g, f, before, after, mode)
    n = telling.tell(g, r, STAGE, f, t, trigger, i, rule, after)
    telling.tell_move(g, n, before, way, dwell, mode)
    forget_stage(g, f, r)
    return t + 1


@compiled
def scores_differ(g: Ground, r: int) -> bool:
    """Return whether a score in the work space is far enough from the one that was sent last."""
    for s in range(g.p.scores):
        value, sent = g.work[g.p.work_value + g.p.dimensions + s], g.real[r, g.p.sent + s]
        if (value != value) != (sent != sent):
            return True
        if abs(value - sent) >= g.nums[g.p.min_change] - operations.SAME:
            return True
    return False


@compiled
def soonest_difference(g: Ground, r: int, t: int) -> int:
    """Return an instant before which no score can be far enough from the one sent, by the values at `t`."""
    least, soonest = g.nums[g.p.min_change], float(NEVER)
    for s in range(g.p.scores):
        v = g.p.dimensions + s
        gap = g.work[g.p.work_value + v] - g.real[r, g.p.sent + s]
        low, high = g.work[g.p.work_low + v], g.work[g.p.work_high + v]
        soonest = min(soonest, g.work[g.p.work_until + v])
        if gap == gap and low < 0.0:
            soonest = min(soonest, float(t) + operations.wait(least + gap - operations.SAME, -low))
        if gap == gap and high > 0.0:
            soonest = min(soonest, float(t) + operations.wait(least - gap - operations.SAME, high))
    return int(soonest)


@compiled
def send_scores(g: Ground, r: int, t: int, moved: bool, trigger: int, due: int) -> int:
    """Emit scores if that is due at `t`; return an instant before which no emission can become due.

    due: when the row is looked at again for other reasons.
    """
    if not moved and t < int(g.standing[r, standing.SCORES]):
        return int(g.standing[r, standing.SCORES])
    readings.need_values(g, r, t)
    earliest = int(g.at[r, SENT_AT]) + g.p.score_interval
    differ = not moved and int(g.at[r, SENT_AT]) != NONE and scores_differ(g, r)
    if moved or int(g.at[r, SENT_AT]) == NONE or (differ and t >= earliest):
        telling.emit_scores(g, r, t)
        earliest = t + g.p.score_interval
    elif differ:
        return earliest
    until = max(soonest_difference(g, r, t), earliest)
    if trigger == BY_TIME:
        until = close_in(g, r, until, due)
    g.standing[r, standing.SCORES] = until
    return until


@compiled
def close_in(g: Ground, r: int, until: int, due: int) -> int:
    """Return a later instant before which no score differs enough, or the one at which one does.

    A row that was woken for it and found nothing is nearly there: reading ahead costs less than waking
    again and again. Nothing is read beyond `due`, where the row may change.
    """
    for _ in range(CLOSER):
        if until >= due:
            return until
        readings.need_values(g, r, until)
        if scores_differ(g, r):
            return until
        until = soonest_difference(g, r, until)
    return until


@compiled
def evaluate(g: Ground, r: int, t: int, trigger: int, i: int) -> None:
    """Do all that is due for row `r` at instant `t` and set the instant at which to look again.

    Before it, a touchpoint has been applied (`BY_TOUCHPOINT`) and its signals are carried. A row in which
    nothing happens is left as it is: only its `due` moves.
    """
    if trigger == BY_TIME:
        g.cursor[CARRIED] = 0
        g.cursor[ANSWERED] = 0
        g.cursor[CLOCK_MOVED] = 1
        if follows.next_expiry(g, r) <= t:
            set_clock(g, r, t)
    follows.expire(g, r, t)
    if t < int(g.standing[r, standing.READ_AT]):
        standing.forget_all(g, r)
    g.standing[r, standing.READ_AT] = t
    readings.drop(g)
    sequence, thinned = int(g.at[r, SEQUENCE]), int(g.cursor[THINNED])
    due = follows.next_expiry(g, r)
    for f in range(g.p.frameworks):
        g.cursor[MOVED_FIRST + f * MOVED_WIDTH] = NO_MOVE
        if g.ints[g.p.framework_kind + f] == FLAGS:
            due = min(due, move_flags(g, f, r, t, trigger, i))
        else:
            due = min(due, move_stage(g, f, r, t, trigger, i))
    moved = int(g.at[r, SEQUENCE]) != sequence
    for a in range(g.p.alerts):
        if g.ints[g.p.alert_kind + a] == alerts.STATE:
            due = min(due, alerts.state_alert(g, a, r, t, trigger, i))
        else:
            due = min(due, alerts.event_alert(g, a, r, t, trigger, i))
    due = min(due, send_scores(g, r, t, moved, trigger, due))
    g.at[r, DUE] = max(due, t + 1)
    if int(g.at[r, SEQUENCE]) != sequence or int(g.cursor[THINNED]) != thinned:
        set_clock(g, r, t)
