"""Small constructors of syntax trees for tests, and the text that an author would have written for them."""

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
    PaneUnit,
    Rule,
    Term,
    Text,
    Window,
)

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


def number(value: float) -> Constant:
    """Return a number."""
    return Constant(value=float(value))


def duration(length_ms: int) -> Constant:
    """Return a duration."""
    return Constant(value=float(length_ms), unit="duration")


def text(value: str) -> Text:
    """Return a quoted text."""
    return Text(value=value)


def panes(size: int, unit: PaneUnit = "d") -> Window:
    """Return a window of so many panes."""
    return Window(size=size, unit=unit)


def term(kind: str, name: str = "", window: Window | None = None, *, ago: int = 0, back_ms: int = 0) -> Term:
    """Return a leaf with the text that the language has for it."""
    return Term(
        kind=kind,
        name=name,
        window=window,
        ago=ago,
        back_ms=back_ms,
        text=term_text(kind, name, window, ago=ago, back_ms=back_ms),
    )


def compare(left: Node, op: str, right: Node | float | str) -> Compare:
    """Return a comparison; a plain number or text on the right will do."""
    if isinstance(right, str):
        return Compare(op=op, left=left, right=text(right))  # type: ignore[arg-type] # op is one of six
    if isinstance(right, int | float):
        return Compare(op=op, left=left, right=number(right))  # type: ignore[arg-type] # op is one of six
    return Compare(op=op, left=left, right=right)  # type: ignore[arg-type] # op is one of six


def calculate(left: Node, op: str, right: Node) -> Arithmetic:
    """Return left op right."""
    return Arithmetic(op=op, left=left, right=right)  # type: ignore[arg-type] # op is one of four


def both(*conditions: Node) -> And:
    """Return all of the conditions, in one row as the parser reads them."""
    flat = [part for each in conditions for part in (each.conditions if isinstance(each, And) else (each,))]
    return And(conditions=tuple(flat))


def either(*conditions: Node) -> Or:
    """Return any of the conditions, in one row as the parser reads them."""
    flat = [part for each in conditions for part in (each.conditions if isinstance(each, Or) else (each,))]
    return Or(conditions=tuple(flat))


def rule(node: Node) -> Rule:
    """Return a whole expression with its text."""
    return Rule(text=source_text(node), node=node)


def duration_text(length_ms: float) -> str:
    """Write a duration in the largest unit that holds it a whole number of times."""
    for letter, unit in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND)):
        if length_ms and length_ms % unit == 0:
            return f"{length_ms / unit:.0f}{letter}"
    return f"{length_ms:.0f}ms"


def term_text(kind: str, name: str, window: Window | None, *, ago: int, back_ms: int) -> str:
    """Write a leaf."""
    if kind in ("score", "dimension", "type", "trait", "stage"):
        return f"{kind}.{name}"
    if kind == "score_at":
        return f"score.{name}@{duration_text(back_ms)}"
    if kind in ("rhythm", "tenure", "p_alive"):
        return kind
    if kind == "until":
        return f"until(trait.{name})"
    arguments = [name] if name else []
    if window is not None:
        arguments.append(f"{window.size}{window.unit}")
        if ago:
            arguments.append(f"ago={ago}{window.unit}")
    return f"{kind}({', '.join(arguments)})"


def source_text(node: Node) -> str:
    """Write an expression, in brackets wherever they may be needed."""
    match node:
        case Constant():
            return duration_text(node.value) if node.unit == "duration" else f"{node.value:g}"
        case Text():
            return f"'{node.value}'"
        case Term():
            return node.text
        case Arithmetic() | Compare():
            return f"{bracketed(node.left)} {node.op} {bracketed(node.right)}"
        case Negative():
            return f"-{bracketed(node.operand)}"
        case Fold():
            return f"{node.op}({listed(node.arguments)})"
        case Default():
            return f"default({listed((node.operand, node.fallback))})"
        case Known():
            return f"known({source_text(node.operand)})"
        case Holds():
            return f"holds({listed(node.conditions)})"
        case And():
            return " and ".join(bracketed(each) for each in node.conditions)
        case Or():
            return " or ".join(bracketed(each) for each in node.conditions)
        case Not():
            return f"not {bracketed(node.condition)}"


def listed(nodes: tuple[Node, ...]) -> str:
    """Write arguments."""
    return ", ".join(source_text(node) for node in nodes)


def bracketed(node: Node) -> str:
    """Write an operand, in brackets unless it is a leaf or a call."""
    written = source_text(node)
    return f"({written})" if isinstance(node, Arithmetic | Compare | Negative | And | Or | Not) else written
