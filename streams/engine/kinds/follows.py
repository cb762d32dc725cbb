"""Follow: "X followed by Y within Z", one at a time per row: open, then closed or expired."""

from typing import Final

from streams.engine import standing
from streams.engine.compiled import compiled
from streams.engine.ground import Ground
from streams.engine.instants import NEVER
from streams.engine.kinds import signals

OPEN: Final = 1
CLOSED: Final = 2
EXPIRED: Final = 3


@compiled
def touch(g: Ground, r: int, t: int) -> None:
    """Open or close follows by the signals that the present evaluation carries; closing feeds a signal."""
    for f in range(g.p.follows):
        state, opened = int(g.small[r, g.p.follow + f]), int(g.at[r, g.p.opened + f])
        within = int(g.ints[g.p.follow_within + f])
        if (
            state == OPEN
            and opened <= t < opened + within
            and signals.carries(g, int(g.ints[g.p.follow_close + f]))
        ):
            g.small[r, g.p.follow + f] = CLOSED
            standing.forget(g, r, g.p.cause_follow + f, anew=True)
            signals.touch(g, r, int(g.ints[g.p.follow_closed + f]), t)
            signals.carry(g, int(g.ints[g.p.follow_closed + f]))
        elif state != OPEN and signals.carries(g, int(g.ints[g.p.follow_open + f])):
            g.small[r, g.p.follow + f] = OPEN
            standing.forget(g, r, g.p.cause_follow + f, anew=True)
            g.at[r, g.p.opened + f] = t


@compiled
def next_expiry(g: Ground, r: int) -> int:
    """Return the next instant at which an open follow expires, or NEVER."""
    expiry = NEVER
    for f in range(g.p.follows):
        if int(g.small[r, g.p.follow + f]) == OPEN:
            expiry = min(expiry, int(g.at[r, g.p.opened + f]) + int(g.ints[g.p.follow_within + f]))
    return expiry


@compiled
def expire(g: Ground, r: int, t: int) -> bool:
    """Expire what is due at `t`, feeding its signal; return whether anything was."""
    any_expired = False
    for f in range(g.p.follows):
        end = int(g.at[r, g.p.opened + f]) + int(g.ints[g.p.follow_within + f])
        if int(g.small[r, g.p.follow + f]) == OPEN and end <= t:
            g.small[r, g.p.follow + f] = EXPIRED
            standing.forget(g, r, g.p.cause_follow + f, anew=True)
            signals.touch(g, r, int(g.ints[g.p.follow_expired + f]), end)
            signals.carry(g, int(g.ints[g.p.follow_expired + f]))
            any_expired = True
    return any_expired
