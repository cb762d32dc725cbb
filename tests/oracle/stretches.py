"""What an expression can be within a stretch of time, while nothing is stored in the row.

A stretch is all milliseconds from a to b, both included, none of them before the row's clock. A `Range` holds
every value that the expression takes there, and perhaps some that it does not: answers drawn from it are safe
as long as they say "cannot happen here". On a stretch of one millisecond plain `evaluate` is used instead.

Numbers are kept as `slope * (t - clock) + something from low to high`, so that `since(a) <= since(b)`, two
lines that never meet, is decided at once and for ever.
"""

import math
from functools import reduce
from itertools import product
from typing import NamedTuple

from streams.model.expression import (
    And,
    Arithmetic,
    Compare,
    Constant,
    Default,
    Fold,
    Holds,
    Known,
    Negative,
    Node,
    Not,
    Or,
    Term,
    Text,
)
from tests.oracle.evaluation import (
    STRAIGHT_LINES,
    compare,
    conjunction,
    negation,
    read,
    truth_of_difference,
)
from tests.oracle.row import DAY, Row, Value
from tests.oracle.terms import in_window, named, straight_line, window_range

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


def within(row: Row, node: Node, stretch: Stretch) -> Range:
    """Return everything that an expression can be in a stretch."""
    match node:
        case Constant():
            return exactly(float(node.value))
        case Text():
            return exactly(node.value)
        case Term():
            return term_within(row, node, stretch)
        case Arithmetic():
            sides = within(row, node.left, stretch), within(row, node.right, stretch)
            return calculated(node.op, *sides, row=row, stretch=stretch)
        case Negative():
            return calculated("-", exactly(0.0), within(row, node.operand, stretch), row=row, stretch=stretch)
        case Fold():
            return folded(node.op, [within(row, each, stretch) for each in node.arguments], row, stretch)
        case Default():
            operand = within(row, node.operand, stretch)
            if not operand.absent:
                return operand
            fallback = within(row, node.fallback, stretch)
            return union(operand._replace(absent=False), fallback, row, stretch)
        case Holds():
            truths = [truths_within(row, condition, stretch) for condition in node.conditions]
            surely, perhaps = sum(each == {True} for each in truths), sum(True in each for each in truths)
            return Range(low=surely, high=perhaps)
        case _:
            truths_here = truths_within(row, node, stretch)
            return Range(others=frozenset(truths_here - {None}), absent=None in truths_here)


def truths_within(row: Row, node: Node, stretch: Stretch) -> set[Value]:
    """Return which of true, false and unknown a condition can be in a stretch."""
    match node:
        case Known():
            operand = within(row, node.operand, stretch)
            return {True} if not operand.absent else {True, False} if present(operand) else {False}
        case Compare():
            sides = within(row, node.left, stretch), within(row, node.right, stretch)
            return compared(node.op, *sides, row=row, stretch=stretch)
        case And() | Or():
            truths = [truths_within(row, condition, stretch) for condition in node.conditions]
            if isinstance(node, Or):
                truths = [{negation(truth) for truth in each} for each in truths]
            all_of_them = {conjunction(list(each)) for each in product(*truths)}
            return set(all_of_them) if isinstance(node, And) else {negation(truth) for truth in all_of_them}
        case Not():
            return {negation(truth) for truth in truths_within(row, node.condition, stretch)}
        case _:
            value = within(row, node, stretch)
            return set(value.others) | ({None} if value.absent else set())


def term_within(row: Row, term: Term, stretch: Stretch) -> Range:
    """Return everything that a term can be in a stretch."""
    match term.kind:
        case "score":
            return clamped(within(row, named(row.model.scores, term.name).value.node, stretch), row, stretch)
        case "dimension":
            value = named(row.model.dimensions, term.name).value
            if value is not None:
                return clamped(within(row, value.node, stretch), row, stretch)
            return between_ends(row, term, stretch)
        case "p_alive" | "answer":
            return between_ends(row, term, stretch)
        case "score_at":
            return midnight_score_within(row, term, stretch)
        case kind if kind in STRAIGHT_LINES:
            line = straight_line(row, term)
            if line is None:
                return ABSENT
            at_clock = float(line[0] * row.clock + line[1])
            return Range(low=at_clock, high=at_clock, slope=float(line[0]))
    if term.window is not None and len({window_range(term.window, term.ago, t) for t in stretch}) > 1:
        return window_within(row, term, stretch)
    return exactly(read(row, term, stretch.a))


def between_ends(row: Row, term: Term, stretch: Stretch) -> Range:
    """Return the range of what only falls, or only goes from present to absent, between two touchpoints."""
    ends = [read(row, term, stretch.a), read(row, term, stretch.b)]
    numbers = [value for value in ends if isinstance(value, float)]
    if not numbers:
        return ABSENT
    return Range(low=min(numbers), high=max(numbers), absent=None in ends)


def window_within(row: Row, term: Term, stretch: Stretch) -> Range:
    """Return what a moving window can count: at least what it always covers, at most what it ever does."""
    assert term.window is not None
    (start_a, end_a), (start_b, end_b) = (window_range(term.window, term.ago, t) for t in stretch)
    if term.kind != "sum":
        always_covered = in_window(row, term, start_b, max(start_b, end_a))
        return Range(low=always_covered, high=in_window(row, term, start_a, end_b))
    ever = [(e, amount or 0.0) for e, amount in row.happened.get(term.name, []) if start_a <= e < end_b]
    always = [amount for e, amount in ever if start_b <= e < end_a]
    sometimes = [amount for e, amount in ever if not start_b <= e < end_a]
    return Range(
        low=math.fsum(always + [min(0.0, amount) for amount in sometimes]),
        high=math.fsum(always + [max(0.0, amount) for amount in sometimes]),
    )


def midnight_score_within(row: Row, term: Term, stretch: Stretch) -> Range:
    """Return what a score at past midnights can be: those remembered, and those still to come."""
    first, last = (t // DAY * DAY - term.back_ms for t in stretch)
    if first == last:
        return exactly(read(row, term, stretch.a))
    known = [
        exactly(row.midnights.get(midnight, {}).get(term.name))
        for midnight in range(first, min(last, row.clock) + 1, DAY)
    ]
    if last > row.clock:
        to_come = Stretch(max(first, row.clock // DAY * DAY + DAY), last)
        score = Term(kind="score", name=term.name)
        known.append(level(within(row, score, to_come), row, to_come))
    return reduce(lambda left, right: union(left, right, row, stretch), known)


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


def compared(op: str, left: Range, right: Range, *, row: Row, stretch: Stretch) -> set[Value]:
    """Return which truths a comparison of two ranges can have."""
    truths: set[Value] = set()
    for one, two in product(left.others, right.others):
        truths.add(compare(op, one, two))
    mixed = (left.others and right.has_numbers) or (left.has_numbers and right.others)
    if left.absent or right.absent or mixed:
        truths.add(None)
    if left.has_numbers and right.has_numbers:
        difference = level(calculated("-", left, right, row=row, stretch=stretch), row, stretch)
        probes = [difference.low, difference.high, min(max(0.0, difference.low), difference.high)]
        truths |= {truth_of_difference(op, probe) for probe in probes}
    return truths
