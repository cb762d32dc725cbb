"""What an expression can be within a stretch of time, while nothing is stored in the row.

A stretch is all milliseconds from a to b, both included, none of them before the row's clock. A `Range` holds
every value that the expression takes there, and perhaps some that it does not: answers drawn from it are safe
as long as they say "cannot happen here". On a stretch of one millisecond plain `evaluate` is used instead.
"""

import math
from functools import reduce
from itertools import product

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
    holds_text,
    negation,
    number_or_absent,
    read,
    truth_of_difference,
)
from tests.oracle.ranges import (
    ABSENT,
    Range,
    Stretch,
    calculated,
    clamped,
    exactly,
    folded,
    level,
    present,
    union,
)
from tests.oracle.row import DAY, Row, Value
from tests.oracle.terms import in_window, named, straight_line, window_range


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
            left, right = within(row, node.left, stretch), within(row, node.right, stretch)
            if not (holds_text(node.left) or holds_text(node.right)):
                left, right = numbers_of(left), numbers_of(right)
            return compared(node.op, left, right, row=row, stretch=stretch)
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


def numbers_of(value: Range) -> Range:
    """Take texts for absent, where numbers are wanted."""
    kept = {number_or_absent(other) for other in value.others}
    return value._replace(others=frozenset(kept - {None}), absent=value.absent or None in kept)


def compared(op: str, left: Range, right: Range, *, row: Row, stretch: Stretch) -> set[Value]:
    """Return which truths a comparison of two ranges can have."""
    truths: set[Value] = set()
    for one, two in product(left.others, right.others):
        truths.add(compare(op, one, two))
    if left.absent or right.absent:
        truths.add(None)
    if left.has_numbers:
        truths |= {
            truth for other in right.others for truth in against_text(op, left, other, number_first=True)
        }
    if right.has_numbers:
        truths |= {
            truth for other in left.others for truth in against_text(op, right, other, number_first=False)
        }
    if left.has_numbers and right.has_numbers:
        difference = level(calculated("-", left, right, row=row, stretch=stretch), row, stretch)
        probes = [difference.low, difference.high, min(max(0.0, difference.low), difference.high)]
        truths |= {truth_of_difference(op, probe) for probe in probes}
    return truths


def against_text(op: str, numbers: Range, other: Value, *, number_first: bool) -> set[Value]:
    """Return which truths a comparison of a number with a text (or a truth, or flags) can have."""
    if numbers.low != numbers.high or numbers.slope != 0.0:
        return {True, False, None}
    return {compare(op, numbers.low, other) if number_first else compare(op, other, numbers.low)}
