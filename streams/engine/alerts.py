"""Which alerts are raised or resolved at an instant: state alerts and event alerts."""

from typing import Final

from streams.engine import readings, telling
from streams.engine.compiled import compiled
from streams.engine.frameworks import FLAGS
from streams.engine.ground import (
    ANSWERED,
    BACK,
    BY_MODEL,
    CLOCK_MOVED,
    ENDED,
    FIRED,
    FIRST,
    FORWARD,
    LATERAL,
    MOVED_FIRST,
    MOVED_WIDTH,
    NO_MOVE,
    RAISED,
    RESOLVED,
    SEQUENCE,
    THINNED,
    Ground,
)
from streams.engine.instants import DAY_MS, NEVER, NONE
from streams.engine.kinds import signals

STATE: Final = 0
EVENT: Final = 1


@compiled
def raised_today(g: Ground, a: int, r: int, t: int) -> int:
    """Return how often alert `a` was raised on the UTC day of `t`."""
    return int(g.small[r, g.p.alert_today + a]) if int(g.small[r, g.p.alert_day + a]) == t // DAY_MS else 0


@compiled
def raise_alert(g: Ground, a: int, r: int, t: int, trigger: int, i: int) -> None:
    """Raise alert `a` and remember when, and under which sequence number."""
    telling.tell(g, r, RAISED, a, t, trigger, i, int(g.ints[g.p.alert_when + a]), 0)
    g.small[r, g.p.alert_today + a] = raised_today(g, a, r, t) + 1
    g.small[r, g.p.alert_day + a] = t // DAY_MS
    g.at[r, g.p.alert_raised + a] = t
    g.at[r, g.p.alert_sequence + a] = g.at[r, SEQUENCE]


@compiled
def state_alert(g: Ground, a: int, r: int, t: int, trigger: int, i: int) -> int:
    """Raise or resolve state alert `a` at `t`; return an instant before which nothing more happens to it.

    Cooldown runs from the raise. With `clear`, only `clear` resolves, and `when` beats it. In the pass of
    a changed model an alert that is true counts as open, silently.
    """
    wanted, until = readings.holds(g, int(g.ints[g.p.alert_when + a]), r, t)
    clear, opened = int(g.ints[g.p.alert_clear + a]), int(g.at[r, g.p.alert_open + a])
    if opened != NONE:
        over = not wanted
        if clear >= 0:
            cleared, clear_until = readings.holds(g, clear, r, t)
            until = min(until, clear_until)
            over = cleared and not wanted
        if over:
            rule, mode = (clear, FIRED) if clear >= 0 else (int(g.ints[g.p.alert_when + a]), ENDED)
            n = telling.tell(g, r, RESOLVED, a, t, trigger, i, rule, 0)
            telling.tell_resolved(g, n, int(g.at[r, g.p.alert_sequence + a]), mode)
            g.at[r, g.p.alert_open + a] = NONE
            return t + 1
        return until
    if not wanted:
        return until
    raised = int(g.at[r, g.p.alert_raised + a])
    if trigger == BY_MODEL:
        g.at[r, g.p.alert_open + a] = t
        g.at[r, g.p.alert_sequence + a] = 0
        g.changed[r] = 1
        return t + 1
    over_at = raised + int(g.ints[g.p.alert_cooldown + a])
    if raised != NONE and t < over_at:
        return min(until, over_at)
    raise_alert(g, a, r, t, trigger, i)
    g.at[r, g.p.alert_open + a] = t
    return t + 1


@compiled
def transition_occurs(g: Ground, a: int) -> bool:
    """Return whether the present evaluation made the transition that event alert `a` hangs on."""
    f = int(g.ints[g.p.alert_framework + a])
    place = MOVED_FIRST + f * MOVED_WIDTH
    way, before, after = int(g.cursor[place]), int(g.cursor[place + 1]), int(g.cursor[place + 2])
    wanted_way, to = int(g.ints[g.p.alert_direction + a]), int(g.ints[g.p.alert_to + a])
    origins = int(g.ints[g.p.alert_from + a])
    if way == NO_MOVE:
        return False
    if g.ints[g.p.framework_kind + f] == FLAGS:
        went_on = origins == 0 and (after << 1) & to != 0 and wanted_way != BACK and wanted_way != LATERAL
        left = before != 0 if origins == 0 else (before << 1) & origins != 0
        return went_on or (left and to & 1 != 0 and wanted_way != FORWARD and wanted_way != LATERAL)
    if before == 0 or (wanted_way >= 0 and way != wanted_way):
        return False
    return bool(to >> after & 1) and (origins == 0 or bool(origins >> before & 1))


@compiled
def occurs(g: Ground, a: int, r: int, t: int) -> bool:
    """Return whether what event alert `a` hangs on happens in the present evaluation."""
    if g.ints[g.p.alert_signal + a] >= 0:
        return signals.carries(g, int(g.ints[g.p.alert_signal + a]))
    if g.ints[g.p.alert_question + a] >= 0:
        return bool(int(g.cursor[ANSWERED]) >> int(g.ints[g.p.alert_question + a]) & 1)
    if g.ints[g.p.alert_framework + a] >= 0:
        return transition_occurs(g, a)
    tenure = t - int(g.at[r, FIRST])
    return g.cursor[CLOCK_MOVED] == 1 and tenure > 0 and tenure % int(g.ints[g.p.alert_every + a]) == 0


@compiled
def event_alert(g: Ground, a: int, r: int, t: int, trigger: int, i: int) -> int:
    """Raise event alert `a` if it occurs at `t`, thinned by cooldown and cap; return its next instant."""
    every, until = int(g.ints[g.p.alert_every + a]), NEVER
    if every > 0:
        first = int(g.at[r, FIRST])
        until = first + ((t - first) // every + 1) * every
    if trigger == BY_MODEL or not occurs(g, a, r, t):
        return until
    when = int(g.ints[g.p.alert_when + a])
    if when >= 0:
        wanted, _ = readings.holds(g, when, r, t)
        if not wanted:
            return until
    raised = int(g.at[r, g.p.alert_raised + a])
    cooling = raised != NONE and t - raised < int(g.ints[g.p.alert_cooldown + a])
    if cooling or raised_today(g, a, r, t) >= int(g.ints[g.p.alert_cap + a]):
        g.small[r, g.p.thinned + a] += 1
        g.cursor[THINNED] += 1
        g.changed[r] = 1
        return until
    raise_alert(g, a, r, t, trigger, i)
    return until
