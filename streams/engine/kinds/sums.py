"""Decayed sums: points of one entry of the touchpoint map that halve every half-life.

A sum holds Σ w·2^((e − L)/h) (forward decay; Cormode, Shkapenyuk, Srivastava & Xu 2009): one exponential
per touchpoint, nothing is rescaled, order does not matter. L is a whole number of half-lives since 1970,
kept per row and half-life (`mark`); it moves by whole half-lives, so rescaling is exact.
Weights of dimensions are applied on reading, so a changed weight takes effect on old touchpoints too.
"""

import math
from typing import Final

from streams.engine.compiled import FloatPlane, compiled, entry
from streams.engine.ground import Ground
from streams.engine.instants import DAY_MS, NONE
from streams.engine.standing import KNOWN, POINTS

MOST_HALF_LIVES_AHEAD: Final = 256  # before L moves: 2^256 is far from overflow
LOG_2: Final = math.log(2.0)
CAP_BITS: Final = 9  # a capped entry's column: the UTC day, then in these bits how often it gave points
MOST_CAP: Final = (1 << CAP_BITS) - 1
STEEPEST: Final = 1.0 / (math.e * LOG_2)  # the greatest u·2^-u, at u = 1/ln 2


@compiled
def move_mark(g: Ground, r: int, h: int, t: int) -> None:
    """Bring L of half-life `h` near enough to `t` that 2^((t − L)/h) stays finite."""
    half_life = int(g.ints[g.p.half_life + h])
    wanted = t // half_life
    mark = int(g.at[r, g.p.mark + h])
    if mark == NONE:
        g.at[r, g.p.mark + h] = wanted
    elif wanted - mark > MOST_HALF_LIVES_AHEAD:
        factor = math.exp2(float(mark - wanted)) if wanted - mark < 2_000 else 0.0
        for i in range(g.ints[g.p.half_sum + h], g.ints[g.p.half_sum + h + 1]):
            g.real[r, g.p.sum + g.ints[g.p.half_sum_id + i]] *= factor
        g.at[r, g.p.mark + h] = wanted


@compiled
def capped(g: Ground, r: int, e: int, day: int) -> bool:
    """Count a touchpoint of entry `e` on `day`; return whether its points are beyond the daily cap."""
    place = int(g.ints[g.p.entry_cap_slot + e])
    if place < 0:
        return False
    column = g.p.capped + place * g.p.cap_days + day % g.p.cap_days
    given = int(g.small[r, column])
    if given >> CAP_BITS != day:
        given = day << CAP_BITS
    if given & MOST_CAP >= int(g.ints[g.p.entry_cap + e]):
        return True
    g.small[r, column] = given + 1
    return False


@compiled
def touch(g: Ground, r: int, e: int, t: int, inputs: FloatPlane, i: int) -> bool:
    """Add the points of entry `e`, dated to its UTC midnight where the entry has a daily cap.

    Returns whether there were any.
    """
    if g.ints[g.p.entry_credit + e] == g.ints[g.p.entry_credit + e + 1]:
        return False
    if capped(g, r, e, t // DAY_MS):
        return False
    at = t // DAY_MS * DAY_MS if g.ints[g.p.entry_cap_slot + e] >= 0 else t
    for c in range(g.ints[g.p.entry_credit + e], g.ints[g.p.entry_credit + e + 1]):
        points = 1.0
        if g.ints[g.p.credit_input + c] >= 0:
            points = inputs[i, g.ints[g.p.credit_input + c]]
        if points != points or points == 0.0:
            continue
        h = int(g.ints[g.p.credit_half + c])
        move_mark(g, r, h, at)
        half_life = int(g.ints[g.p.half_life + h])
        exponent = float(at - int(g.at[r, g.p.mark + h]) * half_life) / float(half_life)
        g.real[r, g.p.sum + g.ints[g.p.credit_sum + c]] += points * math.exp2(exponent)
    g.standing[r, KNOWN] &= ~POINTS
    return True


@compiled
def read_decays(g: Ground, r: int, t: int) -> None:
    """Put 2^(−(t − L)/h) of every half-life into the work space."""
    for h in range(g.p.half_lives):
        mark = int(g.at[r, g.p.mark + h])
        if mark == NONE:
            g.work[g.p.work_decay + h] = 0.0
        else:
            half_life = int(g.ints[g.p.half_life + h])
            g.work[g.p.work_decay + h] = math.exp2(-float(t - mark * half_life) / float(half_life))


@compiled
def weigh(g: Ground, r: int) -> None:
    """Add up the points of each dimension and of each type, as of their marks, unless that is known."""
    if g.standing[r, KNOWN] & POINTS:
        return
    for d in range(g.p.dimensions):
        total = 0.0
        for i in range(g.ints[g.p.dimension_sum + d], g.ints[g.p.dimension_sum + d + 1]):
            total += g.nums[g.p.dimension_weight + i] * g.real[r, g.p.sum + g.ints[g.p.dimension_sum_id + i]]
        g.derived[r, d] = total
    for k in range(g.p.types):
        part = 0.0
        for i in range(g.ints[g.p.type_sum + k], g.ints[g.p.type_sum + k + 1]):
            part += g.real[r, g.p.sum + g.ints[g.p.type_sum_id + i]]
        g.derived[r, g.p.dimensions + k] = part
    g.standing[r, KNOWN] |= POINTS


@entry
def strength(g: Ground, r: int, d: int) -> float:
    """Return the weighted decayed points of dimension `d`, in points, after `read_decays` and `weigh`."""
    return float(g.derived[r, d] * g.work[g.p.work_decay + g.ints[g.p.dimension_half + d]])


@compiled
def read_dimension(g: Ground, r: int, d: int) -> None:
    """Put 100·(1 − 2^(−S/S50)) of dimension `d` into the work space, and how fast it can fall.

    With u = S/S50 the value moves by −100·ln²2·u·2^(−u)/h a millisecond; as u only falls, u·2^(−u) stays
    under its present value where u < 1/ln 2, and under its maximum otherwise. It never rises by itself.
    """
    points = strength(g, r, d)
    value, low = 0.0, 0.0
    if points > 0.0:
        u = points / g.nums[g.p.half_at + d]
        left = math.exp2(-u)
        value = 100.0 - 100.0 * left
        steep = u * left if u < 1.0 / LOG_2 else STEEPEST
        half_life = float(g.ints[g.p.half_life + g.ints[g.p.dimension_half + d]])
        low = -100.0 * LOG_2 * LOG_2 * steep / half_life
    g.work[g.p.work_value + d] = value
    g.work[g.p.work_low + d] = low
    g.work[g.p.work_high + d] = 0.0


@entry
def share(g: Ground, r: int, k: int) -> float:
    """Return the share (0 to 1) of engagement type `k`, absent without typed touchpoints.

    All types share one half-life, so the share stands still while nothing happens.
    """
    weigh(g, r)
    everything = 0.0
    for other in range(g.p.types):
        everything += g.derived[r, g.p.dimensions + other]
    return g.derived[r, g.p.dimensions + k] / everything if everything > 0.0 else math.nan
