"""Arithmetic with everything that an expression can be within a stretch of time.

Numbers are kept as `slope * (t - clock) + something from low to high`, so that `since(a) <= since(b)`, two
lines that never meet, is decided at once and for ever.
"""

import math
from typing import NamedTuple

from tests.oracle.row import Row, Value

INFINITY = math.inf


class Range(NamedTuple):
    """Numbers from low to high (none when low > high), other values one by one, and perhaps absent."""

    low: float = INFINITY
    high: float = -INFINITY
    slope: float = 0.0
    others: frozenset[Value] = frozenset()
    absent: bool = False

    @property
    def has_numbers(self) -> bool:
        """Tell whether it can be a number at all."""
        return self.low <= self.high


ABSENT = Range(absent=True)
ANYTHING = Range(low=-INFINITY, high=INFINITY, absent=True)


class Stretch(NamedTuple):
    """The milliseconds from a to b, both included."""

    a: int
    b: int


def exactly(value: Value) -> Range:
    """Return the range of one value."""
    if value is None:
        return ABSENT
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Range(low=value, high=value)
    return Range(others=frozenset([value]))


def present(value: Range) -> bool:
    """Tell whether it can be anything but absent."""
    return value.has_numbers or bool(value.others)


def level(value: Range, row: Row, stretch: Stretch) -> Range:
    """Take the slope into low and high."""
    if value.slope == 0.0 or not value.has_numbers:
        return value._replace(slope=0.0)
    rises = [value.slope * (t - row.clock) for t in stretch]
    return value._replace(low=value.low + min(rises), high=value.high + max(rises), slope=0.0)


def union(left: Range, right: Range, row: Row, stretch: Stretch) -> Range:
    """Return what is in either."""
    if left.slope != right.slope and left.has_numbers and right.has_numbers:
        left, right = level(left, row, stretch), level(right, row, stretch)
    return Range(
        low=min(left.low, right.low),
        high=max(left.high, right.high),
        slope=left.slope if left.has_numbers else right.slope,
        others=left.others | right.others,
        absent=left.absent or right.absent,
    )


def clamped(value: Range, row: Row, stretch: Stretch) -> Range:
    """Hold numbers within 0 to 100."""
    flat = level(value, row, stretch)
    if not flat.has_numbers:
        return ABSENT
    low, high = (min(100.0, max(0.0, end)) for end in (flat.low, flat.high))
    return Range(low=low, high=high, absent=flat.absent or bool(flat.others))


def calculated(op: str, left: Range, right: Range, *, row: Row, stretch: Stretch) -> Range:
    """Apply + - * / to all numbers of two ranges."""
    absent = left.absent or right.absent or bool(left.others | right.others)
    if not left.has_numbers or not right.has_numbers:
        return ABSENT
    if op == "+":
        return Range(left.low + right.low, left.high + right.high, left.slope + right.slope, absent=absent)
    if op == "-":
        return Range(left.low - right.high, left.high - right.low, left.slope - right.slope, absent=absent)
    if right.slope == 0.0 and right.low == right.high:
        return scaled(op, left, right.low, absent=absent)
    if op == "*" and left.slope == 0.0 and left.low == left.high:
        return scaled(op, right, left.low, absent=absent)
    left, right = level(left, row, stretch), level(right, row, stretch)
    ends = [left.low, left.high, right.low, right.high]
    if any(math.isinf(end) for end in ends) or (op == "/" and right.low <= 0.0 <= right.high):
        return ANYTHING
    results = [x * y if op == "*" else x / y for x in ends[:2] for y in ends[2:]]
    return Range(low=min(results), high=max(results), absent=absent)


def scaled(op: str, value: Range, factor: float, *, absent: bool) -> Range:
    """Multiply with, or divide by, one number."""
    if factor == 0.0:
        return ABSENT if op == "/" else Range(low=0.0, high=0.0, absent=absent)
    if op == "/":
        ends, slope = (value.low / factor, value.high / factor), value.slope / factor
    else:
        ends, slope = (value.low * factor, value.high * factor), value.slope * factor
    return Range(low=min(ends), high=max(ends), slope=slope, absent=absent)


def folded(op: str, values: list[Range], row: Row, stretch: Stretch) -> Range:
    """Return min, max or mean of ranges; absent when one argument is."""
    if any(not value.has_numbers for value in values):
        return ABSENT
    if op != "mean" and len({value.slope for value in values}) > 1:
        values = [level(value, row, stretch) for value in values]
    absent = any(value.absent or value.others for value in values)
    lows, highs = [value.low for value in values], [value.high for value in values]
    if op == "mean":
        size = len(values)
        slope = sum(value.slope for value in values) / size
        return Range(sum(lows) / size, sum(highs) / size, slope, absent=absent)
    choose = min if op == "min" else max
    return Range(choose(lows), choose(highs), values[0].slope, absent=absent)
