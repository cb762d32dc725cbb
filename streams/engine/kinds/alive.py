"""P(alive) of BG/NBD (Fader, Hardie & Lee 2005) from the first, last and distinct days of a signal.

x repeat days, t_x from first to last, T from first to now, in units of the model:
P = 1 / (1 + a/(b + x − 1) · ((α + T)/(α + t_x))^(r + x)), and 1 where x = 0.
"""

import math

from streams.engine.compiled import compiled
from streams.engine.ground import Ground


@compiled
def read(g: Ground, r: int, s: int, t: int) -> "tuple[float, float]":
    """Return P(alive) at `t` for signal `s` and how fast it can fall a millisecond (0 or less).

    dP/dT = −P(1 − P)(r + x)/(α + T); P(1 − P) is at most 1/4, and only falls once P is under 1/2.
    """
    if int(g.small[r, g.p.count + s]) == 0:
        return math.nan, 0.0
    repeats = int(g.small[r, g.p.days + s]) - 1
    if repeats == 0:
        return 1.0, 0.0
    scale, alpha = g.nums[g.p.p_alive], g.nums[g.p.p_alive + 1]
    a, b, unit = g.nums[g.p.p_alive + 2], g.nums[g.p.p_alive + 3], g.nums[g.p.p_alive + 4]
    first, last = int(g.at[r, g.p.first_at + s]), int(g.at[r, g.p.last_at + s])
    age, recency, power = (t - first) / unit, (last - first) / unit, scale + repeats
    odds = a / (b + repeats - 1.0) * ((alpha + age) / (alpha + recency)) ** power
    alive = 1.0 / (1.0 + odds)
    steep = 0.25 if alive > 0.5 else alive * (1.0 - alive)
    return alive, -steep * power / (alpha + age) / unit
