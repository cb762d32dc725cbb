"""Check that units fit: numbers, durations, instants, texts and truths do not mix."""

from streams.model.expression import (
    Arithmetic,
    Compare,
    Constant,
    Default,
    Fold,
    Holds,
    Known,
    Negative,
    Node,
    Term,
    Text,
    Unit,
)
from streams.model.fields import Notes
from streams.model.names import Names
from streams.model.render import duration_text, number_text, render
from streams.model.sections import Draft
from streams.model.terms import unit_of_term
from streams.model.tokens import UNIT_MS, Fault
from streams.model.tree import at_path
from streams.model.walk import Path, children, rules

# What is left of an operator, the operator, what is right of it -> what comes out.
RESULTS: dict[tuple[Unit, str, Unit], Unit] = {
    ("number", "+", "number"): "number",
    ("number", "-", "number"): "number",
    ("number", "*", "number"): "number",
    ("number", "/", "number"): "number",
    ("duration", "+", "duration"): "duration",
    ("duration", "-", "duration"): "duration",
    ("duration", "*", "number"): "duration",
    ("number", "*", "duration"): "duration",
    ("duration", "/", "number"): "duration",
    ("duration", "/", "duration"): "number",
    ("instant", "-", "instant"): "duration",
    ("instant", "+", "duration"): "instant",
    ("duration", "+", "instant"): "instant",
    ("instant", "-", "duration"): "instant",
}
ARTICLE = {
    "number": "a number",
    "duration": "a duration",
    "instant": "an instant",
    "text": "a text",
    "truth": "a condition",
}


def check_units(notes: Notes, draft: Draft, names: Names) -> set[Path]:
    """Note what does not fit together; return the paths of the rules in which something was found."""
    faulty: set[Path] = set()
    for placed in rules(draft.model):
        checker = UnitChecker(flags=names.flags)
        if placed.role in ("score", "dimension"):
            checker.expect_value(placed.rule.node)
        else:
            checker.expect_condition(placed.rule.node)
        tree = at_path(draft.tree, placed.path)
        for fault in checker.faults:
            notes.add(tree, fault.reason, fault.suggestion, offset=fault.offset)
            faulty.add(placed.path)
    return faulty


class UnitChecker:
    """Finds the unit of each node from the leaves up; notes a fault where two do not fit."""

    def __init__(self, *, flags: frozenset[str]) -> None:
        """Check rules of a model in which these frameworks hold flags."""
        self.flags = flags
        self.faults: list[Fault] = []

    def fault(self, node: Node, reason: str, suggestion: str = "") -> None:
        """Note a fault at a node."""
        self.faults.append(Fault(max(node.column - 1, 0), reason, suggestion))

    def expect_value(self, node: Node) -> None:
        """Check a score or a dimension: a number comes out."""
        unit = self.unit(node)
        if unit == "truth":
            self.fault(node, "a score is a number, this is a condition", "write 100 * holds(…)")
        elif unit not in ("number", None):
            self.fault(node, f"a score is a number, this is {ARTICLE[unit]}")

    def expect_condition(self, node: Node) -> None:
        """Check a node that must be true or false."""
        unit = self.unit(node)
        if unit not in (None, "truth"):
            text = render(node)
            hint = f"compare it, for example {text[:40]} {'>= 7d' if unit == 'duration' else '>= 1'}"
            self.fault(node, f"{text[:60]} is {ARTICLE[unit]}, not a condition", hint)

    def unit(self, node: Node) -> Unit | None:
        """Return the unit of a node; None where it may be several, or after a fault."""
        match node:
            case Constant(unit=unit):
                return unit
            case Text():
                self.fault(node, "a text stands alone", "compare it with a trait, a stage or a follow")
                return None
            case Term():
                return self.unit_of_term(node)
            case Arithmetic():
                return self.arithmetic(node)
            case Negative(operand=operand):
                return self.negative(operand)
            case Fold(op=op, arguments=arguments):
                return self.common(node, arguments, f"{op} takes values of one unit")
            case Default(operand=operand, fallback=fallback):
                return self.common(node, (operand, fallback), "default replaces a value by one of its unit")
            case Known(operand=operand):
                self.known(operand)
                return "truth"
            case Compare():
                return self.comparison(node)
            case _:
                for condition in children(node):
                    self.expect_condition(condition)
                return "number" if isinstance(node, Holds) else "truth"

    def unit_of_term(self, term: Term) -> Unit | None:
        """Return the unit of a term; none for what could not be read."""
        return None if term.kind == "unreadable" else unit_of_term(term)

    def negative(self, operand: Node) -> Unit | None:
        """Return the unit of minus a value."""
        unit = self.unit(operand)
        if unit in ("text", "truth", "instant"):
            reason = f"{render(operand)[:60]} is {ARTICLE[unit]}: minus turns numbers and durations round"
            self.fault(operand, reason)
            return None
        return unit

    def known(self, operand: Node) -> None:
        """Check what is asked to be known: a single value."""
        if self.unit(operand) == "truth":
            reason = f"{render(operand)[:60]} is a condition: it is not known or absent as a whole"
            self.fault(operand, reason)
        if isinstance(operand, Term) and operand.kind == "stage" and operand.name in self.flags:
            hint = f"write stage.{operand.name} == 'a flag'"
            self.fault(operand, f"{operand.name} holds flags, of which several may be on", hint)

    def common(self, node: Node, parts: tuple[Node, ...], reason: str) -> Unit | None:
        """Return the unit that all parts share."""
        units = [self.unit(part) for part in parts]
        known = [unit for unit in units if unit is not None]
        for part, unit in zip(parts, units, strict=True):
            if unit in ("text", "truth"):
                self.fault(part, f"{render(part)[:60]} is {ARTICLE[unit]}: {reason}, numbers or durations")
                return None
            if unit is not None and unit != known[0]:
                self.fault(
                    part, f"{ARTICLE[known[0]]} and {ARTICLE[unit]}: {reason}", unit_hint(part, known[0])
                )
                return None
        return known[0] if known else None

    def arithmetic(self, node: Arithmetic) -> Unit | None:
        """Return what comes out of + - * /."""
        left, right = self.unit(node.left), self.unit(node.right)
        if left is None or right is None:
            return self.arithmetic_with_trait(node, left or right)
        result = RESULTS.get((left, node.op, right))
        if result is None:
            hint = unit_hint(node.right, left) or unit_hint(node.left, right)
            if {left, right} & {"text", "truth"}:
                hint = "count conditions with holds(…)"
            self.fault(node, f"{ARTICLE[left]} {node.op} {ARTICLE[right]} has no meaning", hint)
        return result

    def arithmetic_with_trait(self, node: Arithmetic, unit: Unit | None) -> Unit | None:
        """Return what comes out when one side is a trait (a number here) or could not be read."""
        if unit in ("text", "truth"):
            self.fault(node, f"{ARTICLE[unit]} {node.op} a value has no meaning")
            return None
        return RESULTS.get((unit or "number", node.op, "number"))

    def comparison(self, node: Compare) -> Unit:
        """Check both sides of a comparison."""
        if isinstance(node.left, Text) or isinstance(node.right, Text):
            self.text_comparison(node)
            return "truth"
        left, right = self.unit(node.left), self.unit(node.right)
        for side, unit in ((node.left, left), (node.right, right)):
            if unit == "truth":
                self.fault(side, f"{render(side)[:60]} is a condition already", "write it alone, or with not")
                return "truth"
            if unit == "text":
                hint = f"write {render(side)} == 'name'"
                self.fault(side, f"{render(side)[:60]} is compared with a text in quotes", hint)
                return "truth"
        if left is None or right is None or left == right:
            return "truth"
        hint = unit_hint(node.right, left) or unit_hint(node.left, right)
        if {left, right} == {"instant", "duration"}:
            hint = "since(…) and tenure are durations; an instant minus an instant is one"
        self.fault(node, f"{ARTICLE[left]} is compared with {ARTICLE[right]}", hint)
        return "truth"

    def text_comparison(self, node: Compare) -> None:
        """Check a comparison with a text: a trait, a stage or a follow, with == or !=."""
        other = node.right if isinstance(node.left, Text) else node.left
        if not isinstance(other, Term) or other.kind not in ("trait", "stage", "follow", "unreadable"):
            reason = "a text is compared with a trait, a stage or a follow"
            self.fault(node, reason, "remove the quotes, or write trait.name == 'text'")
        elif node.op not in ("==", "!="):
            self.fault(node, "texts are equal or not, they have no order", "write == or !=")


def unit_hint(node: Node, wanted: Unit) -> str:
    """Return how a constant would be written in the unit that is wanted."""
    if not isinstance(node, Constant):
        return ""
    if wanted == "duration" and node.unit == "number":
        number = number_text(node.value)
        return f"a duration has a unit: {number}d, {number}h"
    if wanted == "number" and node.unit == "duration":
        return f"write {number_text(node.value / UNIT_MS['d'])} instead of {duration_text(node.value)}"
    return ""
