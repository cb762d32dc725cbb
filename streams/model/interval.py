"""Which values an expression can take at all: interval arithmetic over the language's terms."""

import math

import msgspec

from streams.model.definition import Model
from streams.model.expression import Arithmetic, Constant, Default, Fold, Holds, Negative, Node, Term
from streams.model.tokens import UNIT_MS

SEEN_LIMIT = 32
CHANNELS = 13


class Interval(msgspec.Struct, frozen=True):
    """All numbers from low to high; an open end is left out."""

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False

    @property
    def empty(self) -> bool:
        """Whether no number lies in it."""
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    def within(self, other: "Interval") -> bool:
        """Whether every number of this one lies in the other."""
        above = self.low > other.low or (self.low == other.low and (self.low_open or not other.low_open))
        below = self.high < other.high or (
            self.high == other.high and (self.high_open or not other.high_open)
        )
        return above and below

    def both(self, other: "Interval") -> "Interval":
        """Return what lies in both."""
        low, low_open = max((self.low, self.low_open), (other.low, other.low_open))
        high, high_closed = min((self.high, not self.high_open), (other.high, not other.high_open))
        return Interval(low, high, low_open, not high_closed)


EVERYTHING = Interval()
FROM_ZERO = Interval(low=0.0)


def scales(model: Model) -> dict[str, Interval]:
    """Return for every question that an entry answers the range of its answers."""
    ranges: dict[str, Interval] = {}
    for entry in model.touchpoints:
        for source in entry.answers:
            known = ranges.get(source.question, Interval(source.low, source.high))
            ranges[source.question] = Interval(min(known.low, source.low), max(known.high, source.high))
    return ranges


def bounds(node: Node, answers: dict[str, Interval]) -> Interval:
    """Return an interval that holds every value of a number, duration or instant; texts have none."""
    match node:
        case Constant(value=value):
            return Interval(value, value)
        case Term():
            return bounds_of_term(node, answers)
        case Negative(operand=operand):
            inner = bounds(operand, answers)
            return Interval(-inner.high, -inner.low)
        case Default(operand=operand, fallback=fallback):
            return hull([bounds(operand, answers), bounds(fallback, answers)])
        case Fold(op=op, arguments=arguments):
            return fold(op, [bounds(argument, answers) for argument in arguments])
        case Holds(conditions=conditions):
            return Interval(0.0, float(len(conditions)))
        case Arithmetic(op=op, left=left, right=right):
            return combine(op, bounds(left, answers), bounds(right, answers))
    return EVERYTHING


def bounds_of_term(term: Term, answers: dict[str, Interval]) -> Interval:
    """Return the range of a term by its meaning."""
    match term.kind:
        case "score" | "score_at" | "dimension":
            return Interval(0.0, 100.0)
        case "type" | "p_alive":
            return Interval(0.0, 1.0)
        case "count" | "sessions" | "since" | "tenure":
            return FROM_ZERO
        case "days" | "days_active":
            return Interval(0.0, days_of(term))
        case "channels":
            return Interval(0.0, float(CHANNELS))
        case "seen":
            return Interval(0.0, float(SEEN_LIMIT))
        case "rhythm":
            return Interval(low=float(UNIT_MS["d"]))
        case "answer":
            return answers.get(term.name, EVERYTHING)
    return EVERYTHING


def days_of(term: Term) -> float:
    """Return how many days a window covers at most; without a window there is no limit."""
    if term.window is None:
        return math.inf
    return float(term.window.size * (7 if term.window.unit == "w" else 1))


def hull(parts: list[Interval]) -> Interval:
    """Return the smallest interval that holds all parts."""
    return Interval(min(part.low for part in parts), max(part.high for part in parts))


def fold(op: str, parts: list[Interval]) -> Interval:
    """Return the range of min, max or mean."""
    lows, highs = [part.low for part in parts], [part.high for part in parts]
    if op == "min":
        return Interval(min(lows), min(highs))
    if op == "max":
        return Interval(max(lows), max(highs))
    return Interval(sum(lows) / len(lows), sum(highs) / len(highs))


def combine(op: str, left: Interval, right: Interval) -> Interval:
    """Return the range of left op right."""
    if op == "+":
        return Interval(left.low + right.low, left.high + right.high)
    if op == "-":
        return Interval(left.low - right.high, left.high - right.low)
    if op == "/":
        if right.low <= 0 <= right.high:
            return EVERYTHING
        right = Interval(1 / right.high, 1 / right.low)
    corners = [product(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
    return Interval(min(corners), max(corners))


def product(a: float, b: float) -> float:
    """Return a·b, with 0 times infinity as 0: an end that is never reached."""
    return 0.0 if a == 0 or b == 0 else a * b
