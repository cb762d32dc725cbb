"""The value of an expression for a row at one instant: three-valued logic, absent is None."""

from streams.model.definition import Model
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
    Rule,
    Term,
    Text,
)
from tests.oracle.row import DAY, Row, Value
from tests.oracle.terms import (
    answer,
    constant_term,
    decaying_dimension,
    in_window,
    named,
    probability_alive,
    remembered_midnight,
    straight_line,
    window_range,
)

EQUAL_WITHIN = 5e-10
STRAIGHT_LINES = ("since", "tenure", "until")
MOVING = ("score", "dimension", "p_alive", *STRAIGHT_LINES)


def evaluate(row: Row, node: Node, t: int) -> Value:
    """Return a number, text, truth or set of flags; None where it is absent or unknown."""
    match node:
        case Constant():
            return float(node.value)
        case Text():
            return node.value
        case Term():
            return read(row, node, t)
        case Arithmetic():
            return calculate(node.op, evaluate(row, node.left, t), evaluate(row, node.right, t))
        case Negative():
            return calculate("-", 0.0, evaluate(row, node.operand, t))
        case Fold():
            return fold(node.op, [evaluate(row, argument, t) for argument in node.arguments])
        case Default():
            value = evaluate(row, node.operand, t)
            return evaluate(row, node.fallback, t) if value is None else value
        case Known():
            return evaluate(row, node.operand, t) is not None
        case Holds():
            return float(sum(evaluate(row, condition, t) is True for condition in node.conditions))
        case Compare():
            left, right = evaluate(row, node.left, t), evaluate(row, node.right, t)
            if not (holds_text(node.left) or holds_text(node.right)):
                left, right = number_or_absent(left), number_or_absent(right)
            return compare(node.op, left, right)
        case And():
            return conjunction([evaluate(row, condition, t) for condition in node.conditions])
        case Or():
            return negation(conjunction([negation(evaluate(row, each, t)) for each in node.conditions]))
        case Not():
            return negation(evaluate(row, node.condition, t))


def read(row: Row, term: Term, t: int) -> Value:
    """Return what a term reads at t."""
    if term.kind == "score":
        return score_at_instant(row, term.name, t)
    if term.kind == "dimension":
        return dimension_at_instant(row, term.name, t)
    if term.kind == "score_at":
        midnight = t // DAY * DAY - term.back_ms
        if midnight > row.clock:
            return score_at_instant(row, term.name, midnight)
        return remembered_midnight(row, term.name, midnight)
    if term.kind == "answer":
        return answer(row, term.name, t)
    if term.kind == "p_alive":
        return None if row.model.p_alive is None else probability_alive(row, row.model.p_alive, t)
    if term.kind in STRAIGHT_LINES:
        line = straight_line(row, term)
        return None if line is None else float(line[0] * t + line[1])
    if term.window is not None:
        return in_window(row, term, *window_range(term.window, term.ago, t))
    return constant_term(row, term)


def score_at_instant(row: Row, name: str, t: int) -> float | None:
    """Return a score at t, from 0 to 100."""
    return clamped(evaluate(row, named(row.model.scores, name).value.node, t))


def dimension_at_instant(row: Row, name: str, t: int) -> float | None:
    """Return a dimension at t, from 0 to 100."""
    dimension = named(row.model.dimensions, name)
    if dimension.value is None:
        return decaying_dimension(row, dimension, t)
    return clamped(evaluate(row, dimension.value.node, t))


def clamped(value: Value) -> float | None:
    """Hold a number within 0 to 100."""
    return min(100.0, max(0.0, value)) if isinstance(value, float) else None


def is_number(value: Value) -> bool:
    """Tell numbers from truths, which Python counts among them."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def calculate(op: str, left: Value, right: Value) -> float | None:
    """Apply + - * /; absent when a side is no number, or when the divisor is 0."""
    if not is_number(left) or not is_number(right):
        return None
    assert isinstance(left, float) and isinstance(right, float)
    if op == "/":
        return left / right if right != 0.0 else None
    return {"+": left + right, "-": left - right, "*": left * right}[op]


def fold(op: str, values: list[Value]) -> float | None:
    """Return min, max or mean; absent when one argument is."""
    numbers = [value for value in values if isinstance(value, float)]
    if len(numbers) < len(values):
        return None
    return {"min": min(numbers), "max": max(numbers), "mean": sum(numbers) / len(numbers)}[op]


def compare(op: str, left: Value, right: Value) -> bool | None:
    """Compare numbers (equal within 5e-10), texts, or a set of flags with a flag.

    A trait that came as a number is compared with a text as it would be written.
    """
    if is_number(left) and isinstance(right, str):
        left = f"{left:.15g}"
    if is_number(right) and isinstance(left, str):
        right = f"{right:.15g}"
    if isinstance(left, frozenset) and isinstance(right, str):
        return (right in left) == (op == "==")
    if isinstance(left, str) and isinstance(right, str):
        return (left == right) == (op == "==")
    if not is_number(left) or not is_number(right):
        return None
    assert isinstance(left, float) and isinstance(right, float)
    return truth_of_difference(op, left - right)


def holds_text(node: Node) -> bool:
    """Tell whether a side of a comparison is a quoted text, or has one as its default."""
    if isinstance(node, Default):
        return holds_text(node.operand) or holds_text(node.fallback)
    return isinstance(node, Text)


def number_or_absent(value: Value) -> Value:
    """Return a value where a number is wanted: a trait that came as a text is absent there."""
    return None if isinstance(value, str) else value


def truth_of_difference(op: str, difference: float) -> bool:
    """Tell whether `left op right` holds where left - right is `difference`."""
    equal = abs(difference) <= EQUAL_WITHIN
    below = difference < 0 and not equal
    above = difference > 0 and not equal
    if op in ("==", "!="):
        return equal == (op == "==")
    return {"<": below, "<=": below or equal, ">": above, ">=": above or equal}[op]


def conjunction(truths: list[Value]) -> bool | None:
    """False when one is false, else unknown when one is unknown."""
    if False in truths:
        return False
    return None if None in truths else True


def negation(truth: Value) -> bool | None:
    """Turn true and false round; unknown stays unknown."""
    return None if truth is None else not truth


def is_inexact(node: Node) -> bool:
    """Tell whether a product of two moving sides, or a division by a moving side, occurs."""
    if isinstance(node, Arithmetic):
        if node.op == "*" and moves(node.left) and moves(node.right):
            return True
        if node.op == "/" and moves(node.right):
            return True
    return any(is_inexact(part) for part in parts(node))


def moves(node: Node) -> bool:
    """Tell whether a term occurs whose value changes from one millisecond to the next."""
    if isinstance(node, Term):
        return node.kind in MOVING
    return any(moves(part) for part in parts(node))


def parts(node: Node) -> tuple[Node, ...]:
    """Return what an expression is made of."""
    match node:
        case Arithmetic() | Compare():
            return (node.left, node.right)
        case Negative() | Known():
            return (node.operand,)
        case Fold():
            return node.arguments
        case Default():
            return (node.operand, node.fallback)
        case Holds() | And() | Or():
            return node.conditions
        case Not():
            return (node.condition,)
        case _:
            return ()


def reading_instant(row: Row, rule: Rule, t: int) -> int:
    """Return where a rule is read at t: at t, or, when it is inexact, at the last midnight or touchpoint."""
    return max(t // DAY * DAY, row.touched) if is_inexact(rule.node) else t


def rules_of(model: Model) -> list[Rule]:
    """Return all rules of a model, in file order."""
    rules = [dimension.value for dimension in model.dimensions] + [score.value for score in model.scores]
    for framework in model.frameworks:
        for stage in (*framework.stages, *framework.exits):
            rules += [stage.when, stage.stay]
    for alert in model.alerts:
        rules += [alert.when, alert.clear]
    return [rule for rule in rules if rule is not None]


def terms_of(node: Node) -> list[Term]:
    """Return the terms that an expression reads, from left to right."""
    if isinstance(node, Term):
        return [node]
    return [term for part in parts(node) for term in terms_of(part)]
