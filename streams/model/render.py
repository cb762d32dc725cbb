"""Write a syntax tree as text again, so that reading the text gives the same tree."""

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
    Or,
    Term,
    Text,
)
from streams.model.terms import BARE, CALLS
from streams.model.tokens import UNIT_MS

# How tightly each form binds: a part that binds less than its surroundings goes into parentheses.
OR, AND, NOT, COMPARE, SUM, PRODUCT, MINUS, ATOM = range(8)


def render(node: Node, *, canonical: bool = False) -> str:
    """Return a tree as text: terms as their author wrote them or, where `canonical`, all in one spelling."""
    return spelled(node, canonical)[0]


def spelled(node: Node, canonical: bool) -> tuple[str, int]:
    """Return the text of a node and how tightly it binds."""
    match node:
        case Constant(value=value, unit=unit):
            text = duration_text(value) if unit == "duration" else number_text(value)
            return text, MINUS if value < 0 else ATOM
        case Text(value=value):
            return f"'{value}'" if '"' in value else f'"{value}"', ATOM
        case Term():
            return (node.text if node.text and not canonical else term_text(node)), ATOM
        case Arithmetic(op=op, left=left, right=right):
            level = SUM if op in "+-" else PRODUCT
            return f"{within(left, level, canonical)} {op} {within(right, level + 1, canonical)}", level
        case Negative(operand=operand):
            return f"-{within(operand, ATOM, canonical)}", MINUS
        case Fold(op=op, arguments=arguments):
            return call(op, arguments, canonical), ATOM
        case Default(operand=operand, fallback=fallback):
            return call("default", (operand, fallback), canonical), ATOM
        case Known(operand=operand):
            return call("known", (operand,), canonical), ATOM
        case Holds(conditions=conditions):
            return call("holds", conditions, canonical), ATOM
        case Compare(op=op, left=left, right=right):
            return f"{within(left, SUM, canonical)} {op} {within(right, SUM, canonical)}", COMPARE
        case And(conditions=conditions):
            return " and ".join(within(part, NOT, canonical) for part in conditions), AND
        case Or(conditions=conditions):
            return " or ".join(within(part, AND, canonical) for part in conditions), OR
        case _:
            return f"not {within(node.condition, NOT, canonical)}", NOT


def within(node: Node, level: int, canonical: bool) -> str:
    """Return the text of a part, in parentheses when it binds less tightly than `level`."""
    text, own = spelled(node, canonical)
    return text if own >= level else f"({text})"


def call(name: str, arguments: tuple[Node, ...], canonical: bool) -> str:
    """Return a call."""
    return f"{name}({', '.join(render(argument, canonical=canonical) for argument in arguments)})"


def term_text(term: Term) -> str:
    """Return the usual spelling of a term."""
    if term.kind in BARE:
        return term.kind
    if term.kind == "score_at":
        return f"score.{term.name}@{duration_text(term.back_ms)}"
    if term.kind not in CALLS:
        return f"{term.kind}.{term.name}"
    parts = [f"trait.{term.name}" if term.kind == "until" else term.name] if term.name else []
    if term.window is not None:
        parts.append(f"{term.window.size}{term.window.unit}")
        if term.ago:
            parts.append(f"ago={term.ago}{term.window.unit}")
    return f"{term.kind}({', '.join(parts)})"


def number_text(value: float) -> str:
    """Return a number without a needless fraction."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def duration_text(value_ms: float) -> str:
    """Return a duration in days, hours, minutes, seconds or milliseconds, whichever comes out whole."""
    unit = next(name for name in ("d", "h", "m", "s", "ms") if value_ms % UNIT_MS[name] == 0)
    return f"{number_text(value_ms / UNIT_MS[unit])}{unit}"
