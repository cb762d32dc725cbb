"""Rules as stack programs: the value, how fast it can move by itself, and until when that is so.

A comparison turns this into the first instant at which its truth could change: slack divided by speed.
That is a lower bound which is exact for terms that move evenly (`since`), and which closes in on the
crossing from below for decaying scores; so nothing is polled and no crossing is missed.
Unknown is not true: negations stand at the leaves, so a rule is true exactly when it says so.
"""

import math

from streams.engine import leaves
from streams.engine import operations as op
from streams.engine.compiled import compiled, entry
from streams.engine.ground import Ground
from streams.engine.instants import NEVER, NONE


@compiled
def choose(g: Ground, a: int, b: int, code: int, t: int) -> None:
    """Put the lesser or greater of two numbers at the first place, until the other may have caught up."""
    value, other = g.work[a], g.work[b]
    low, high, other_low, other_high = g.work[a + 1], g.work[a + 2], g.work[b + 1], g.work[b + 2]
    until = min(g.work[a + 3], g.work[b + 3])
    if value != value or other != other:
        value, low, high = math.nan, 0.0, 0.0
    elif abs(value - other) <= op.SAME:
        value = min(value, other) if code == op.LEAST else max(value, other)
        low, high = min(low, other_low), max(high, other_high)
    else:
        if (other < value) == (code == op.LEAST):
            value, other, low, other_low, high, other_high = other, value, other_low, low, other_high, high
        closing = high - other_low if code == op.LEAST else other_high - low
        if closing > 0.0:
            until = min(until, float(t) + op.wait(abs(value - other) - op.SAME, closing))
    g.work[a] = value
    g.work[a + 1] = low
    g.work[a + 2] = high
    g.work[a + 3] = until


@compiled
def add_up(g: Ground, a: int, b: int) -> None:
    """Add the number at the second place to that at the first."""
    g.work[a] += g.work[b]
    g.work[a + 1] += g.work[b + 1]
    g.work[a + 2] += g.work[b + 2]
    g.work[a + 3] = min(g.work[a + 3], g.work[b + 3])


@compiled
def combine(g: Ground, top: int, code: int, n: int, t: int) -> int:
    """Fold the last `n` numbers of the stack to one (least, greatest, mean); return the new top."""
    first = g.p.work_stack + (top - n + 1) * op.PLACES
    for i in range(1, n):
        if code == op.MEAN:
            add_up(g, first, first + i * op.PLACES)
        else:
            choose(g, first, first + i * op.PLACES, code, t)
    if code == op.MEAN:
        for k in range(3):
            g.work[first + k] /= n
    return top - n + 1


@compiled
def judge(g: Ground, top: int, code: int, n: int) -> int:
    """Fold the last `n` truths: all, any, or how many; return the new top.

    A conjunction that does not hold stays so until the last of its false parts can change; likewise a
    disjunction that holds, until the last of its true parts can.
    """
    first = g.p.work_stack + (top - n + 1) * op.PLACES
    true, soonest, last_true, last_false = 0, float(NEVER), float(NONE), float(NONE)
    for i in range(n):
        place = first + i * op.PLACES
        until = g.work[place + 3]
        soonest = min(soonest, until)
        if g.work[place] == 1.0:
            true += 1
            last_true = max(last_true, until)
        else:
            last_false = max(last_false, until)
    if code == op.ALL:
        return leaves.push(g, top - n, 1.0 if true == n else 0.0, int(soonest if true == n else last_false))
    if code == op.ANY:
        return leaves.push(g, top - n, 1.0 if true > 0 else 0.0, int(last_true if true > 0 else soonest))
    return leaves.push(g, top - n, float(true), int(soonest))


@compiled
def decide(
    g: Ground, top: int, code: int, t: int, apart: float, low: float, high: float, until: float
) -> int:
    """Put on the stack whether numbers so far apart, at such speeds, compare; return the new top."""
    if apart != apart:
        return leaves.push(g, top, 0.0, int(until))
    gap = 0.0 if abs(apart) <= op.SAME else apart
    if code == op.LESS:
        truth = gap < 0.0
    elif code == op.LESS_EQUAL:
        truth = gap <= 0.0
    elif code == op.GREATER:
        truth = gap > 0.0
    elif code == op.GREATER_EQUAL:
        truth = gap >= 0.0
    elif code == op.EQUAL:
        truth = gap == 0.0
    else:
        truth = gap != 0.0
    if low < 0.0 and gap >= 0.0:
        until = min(until, float(t) + op.wait(apart - op.SAME if gap > 0.0 else apart + op.SAME, -low))
    if high > 0.0 and gap <= 0.0:
        until = min(until, float(t) + op.wait(-apart - op.SAME if gap < 0.0 else op.SAME - apart, high))
    return leaves.push(g, top, 1.0 if truth else 0.0, int(until))


@compiled
def compare(g: Ground, top: int, code: int, t: int) -> int:
    """Compare the last two numbers at instant `t`; return the new top."""
    a = g.p.work_stack + (top - 1) * op.PLACES
    b = a + op.PLACES
    apart, until = g.work[a] - g.work[b], min(g.work[a + 3], g.work[b + 3])
    low, high = g.work[a + 1] - g.work[b + 2], g.work[a + 2] - g.work[b + 1]
    return decide(g, top - 2, code, t, apart, low, high, until)


@compiled
def compare_constant(g: Ground, top: int, code: int, t: int, constant: float) -> int:
    """Compare the last number with a constant at instant `t`; return the new top."""
    a = g.p.work_stack + top * op.PLACES
    return decide(g, top - 1, code, t, g.work[a] - constant, g.work[a + 1], g.work[a + 2], g.work[a + 3])


@compiled
def calculate(g: Ground, top: int, code: int) -> int:
    """Apply an arithmetic instruction to the last two numbers; return the new top.

    A product or quotient of two moving numbers gets no speed: such a rule is read only at midnights
    and touchpoints (`program_inexact`).
    """
    a = g.p.work_stack + (top - 1) * op.PLACES
    b = a + op.PLACES
    x, y = g.work[a], g.work[b]
    x_low, x_high, y_low, y_high = g.work[a + 1], g.work[a + 2], g.work[b + 1], g.work[b + 2]
    value, low, high = math.nan, 0.0, 0.0
    if code == op.ADD:
        value, low, high = x + y, x_low + y_low, x_high + y_high
    elif code == op.SUBTRACT:
        value, low, high = x - y, x_low - y_high, x_high - y_low
    elif code == op.MULTIPLY:
        value = x * y
        if y_low == 0.0 and y_high == 0.0:
            low, high = min(x_low * y, x_high * y), max(x_low * y, x_high * y)
        elif x_low == 0.0 and x_high == 0.0:
            low, high = min(y_low * x, y_high * x), max(y_low * x, y_high * x)
    elif y != 0.0:
        value = x / y
        if y_low == 0.0 and y_high == 0.0:
            low, high = min(x_low / y, x_high / y), max(x_low / y, x_high / y)
    if value != value:
        low, high = 0.0, 0.0
    g.work[a] = value
    g.work[a + 1] = low
    g.work[a + 2] = high
    g.work[a + 3] = min(g.work[a + 3], g.work[b + 3])
    return top - 1


@compiled
def clamp(g: Ground, top: int, t: int) -> None:
    """Hold the number at the top within 0 to 100; beyond them it stands still until it can have come back."""
    place = g.p.work_stack + top * op.PLACES
    value, low, high, until = g.work[place], g.work[place + 1], g.work[place + 2], g.work[place + 3]
    if 0.0 <= value <= 100.0 or value != value:
        return
    if value > 100.0 and low < 0.0:
        until = min(until, float(t) + op.wait(value - 100.0, -low))
    if value < 0.0 and high > 0.0:
        until = min(until, float(t) + op.wait(-value, high))
    leaves.push(g, top - 1, min(100.0, max(0.0, value)), int(until))


@compiled
def change_top(g: Ground, top: int, code: int, t: int) -> int:
    """Apply an instruction that takes one or two places and belongs to no other group; return the new top."""
    place = g.p.work_stack + top * op.PLACES
    if code == op.NEGATE:
        low = g.work[place + 1]
        g.work[place] = -g.work[place]
        g.work[place + 1] = -g.work[place + 2]
        g.work[place + 2] = -low
    elif code == op.CLAMP:
        clamp(g, top, t)
    elif code == op.KNOWN:
        leaves.push(g, top - 1, 0.0 if g.work[place] != g.work[place] else 1.0, int(g.work[place + 3]))
    elif code == op.CONTRARY:
        g.work[place] = 1.0 - g.work[place]
    else:  # op.DEFAULT: operand, fallback
        operand = place - op.PLACES
        if g.work[operand] != g.work[operand]:
            until = min(g.work[operand + 3], g.work[place + 3])
            for i in range(op.PLACES):
                g.work[operand + i] = g.work[place + i]
            g.work[operand + 3] = until
        return top - 1
    return top


@entry
def run(g: Ground, program: int, r: int, t: int) -> float:
    """Run a program for row `r` at instant `t`; return its value and leave its place on the stack.

    Scores and dimensions are taken from the work space (`readings.read`), at the same instant.
    """
    top = -1
    for i in range(g.ints[g.p.program_first + program], g.ints[g.p.program_first + program + 1]):
        code, arg = int(g.ints[g.p.code + i]), int(g.ints[g.p.arg + i])
        if code <= op.SHARE:
            top = leaves.push_leaf(g, top, code, arg, g.nums[g.p.num + i], r, t)
        elif op.LESS <= code <= op.NOT_EQUAL:
            if arg == op.WITH_CONSTANT:
                top = compare_constant(g, top, code, t, g.nums[g.p.num + i])
            else:
                top = compare(g, top, code, t)
        elif code == op.ALL or code == op.ANY or code == op.HOLDS:
            top = judge(g, top, code, arg)
        elif op.ADD <= code <= op.DIVIDE:
            top = calculate(g, top, code)
        elif op.LEAST <= code <= op.MEAN:
            top = combine(g, top, code, arg, t)
        else:
            top = change_top(g, top, code, t)
    return float(g.work[g.p.work_stack])
