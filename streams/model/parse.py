"""Parse a rule: a whitelisted subset of Python's grammar, read with `ast` and never evaluated."""

import ast
from typing import Literal

from streams.model.calls import read_call
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
from streams.model.problems import ModelError, Problem, did_you_mean, suggest
from streams.model.terms import BARE, CALLS, CONNECTORS, DOTTED, FUNCTIONS, WORDS
from streams.model.tokens import LONGEST_DURATION_MS, UNIT_MS, Fault, Prepared, prepare
from streams.model.written import UNREADABLE, Written

DEPTH_LIMIT = 60
ARITHMETIC: dict[type[ast.operator], Literal["+", "-", "*", "/"]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}
COMPARISON: dict[type[ast.cmpop], Literal["<", "<=", ">", ">=", "==", "!="]] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


def parse_expression(text: str, *, line: int = 0, column: int = 0, file: str = "") -> Rule:
    """Return the rule that `text` says; names and units are not checked here.

    Raises:
        ModelError: the text is not in the language; every fault has its place.
    """
    node, faults = read_expression(text)
    if faults:
        raise ModelError(
            Problem(
                file=file,
                line=line,
                column=max(column, 1) + fault.offset,
                reason=fault.reason,
                suggestion=fault.suggestion,
            )
            for fault in faults
        )
    return Rule(text=text, node=node, line=line, column=column)


def read_expression(text: str) -> tuple[Node, list[Fault]]:
    """Return the syntax tree of `text` and its faults; where a fault is, the tree holds `UNREADABLE`."""
    prepared, faults = prepare(text)
    if not faults and not text.strip():
        faults = [Fault(0, "the rule is empty", "remove it, or write a condition")]
    if faults:
        return UNREADABLE, faults
    indent = len(prepared.masked) - len(prepared.masked.lstrip())
    try:
        tree = ast.parse(prepared.masked[indent:], mode="eval")
    except SyntaxError as fault:
        return UNREADABLE, [grammar_fault(prepared, indent, fault)]
    except (RecursionError, MemoryError):
        return UNREADABLE, [Fault(0, "the rule is nested too deep", "split it into scores")]
    reader = Reader(Written(text=text, prepared=prepared, indent=indent))
    node = reader.node(tree.body, 0)
    return node, sorted(reader.written.faults, key=lambda fault: fault.offset)


def grammar_fault(prepared: Prepared, indent: int, fault: SyntaxError) -> Fault:
    """Return where Python's grammar gives up, and what usually helps there."""
    reason = "the rule cannot be read from here on"
    last = len(prepared.masked.rstrip()) - 1
    if not fault.offset:
        return Fault(last, reason, "something is missing at the end")
    hint = "join conditions with and / or, values with + - * /"
    return Fault(min(fault.offset - 1 + indent, last), reason, hint)


class Reader:
    """Turns the nodes of `ast` into ours, one method per form."""

    def __init__(self, written: Written) -> None:
        """Read what `written` holds; faults are noted there."""
        self.written = written

    def node(self, node: ast.expr, depth: int) -> Node:
        """Return our node for one of Python's; `depth` counts the nodes around it."""
        column = self.written.start(node) + 1
        depth += 1
        if depth > DEPTH_LIMIT:
            return self.written.fault(node, "the rule is nested too deep", "split it into scores")
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return conjunction([self.node(value, depth) for value in values], column=column)
            case ast.BoolOp(values=values):
                return disjunction([self.node(value, depth) for value in values], column=column)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(condition=self.node(operand, depth), column=column)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return negative(self.node(operand, depth), column=column)
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in ARITHMETIC:
                return Arithmetic(
                    op=ARITHMETIC[type(operator)],
                    left=self.node(left, depth),
                    right=self.node(right, depth),
                    column=column,
                )
            case ast.Compare():
                return self.comparison(node, depth)
            case ast.Call():
                return self.call(node, depth)
            case ast.Attribute():
                return self.dotted(node)
            case ast.Name():
                return self.name(node)
            case ast.Constant(value=float(value) | int(value)):
                return self.number(node, float(value))
        return self.written.fault(node, f"{self.written.words(node)[:40]} is not part of the language")

    def comparison(self, node: ast.Compare, depth: int) -> Node:
        """Return a comparison; a chain such as 20 <= x < 60 becomes the comparisons joined by and."""
        sides = [node.left, *node.comparators]
        read = [self.node(side, depth) for side in sides]
        links: list[Node] = []
        for number, operator in enumerate(node.ops):
            if type(operator) not in COMPARISON:
                hint = "write … == 'a' or … == 'b'"
                return self.written.fault(sides[number + 1], "is and in do not compare here", hint)
            links.append(
                Compare(
                    op=COMPARISON[type(operator)],
                    left=read[number],
                    right=read[number + 1],
                    column=self.written.start(sides[number]) + 1,
                )
            )
        return conjunction(links, column=self.written.start(node) + 1)

    def number(self, node: ast.expr, value: float) -> Node:
        """Return a plain number."""
        if value > 1e300:
            return self.written.fault(node, "this number is too large")
        return Constant(value=value, column=self.written.start(node) + 1)

    def name(self, node: ast.Name) -> Node:
        """Return what a single word stands for: a duration, a text, a term, or a dimension."""
        column = self.written.start(node) + 1
        text, duration = self.written.text_at(node), self.written.duration_at(node)
        if text is not None:
            return Text(value=text, column=column)
        if duration is not None:
            return self.duration(node, duration)
        if self.written.midnight(node) is not None:
            return self.written.fault(node, "only a score is kept at midnights", "write score.engagement@7d")
        if node.id in BARE:
            return Term(kind=node.id, text=node.id, column=column)
        if node.id in FUNCTIONS:
            example = CALLS[node.id].example if node.id in CALLS else CONNECTORS[node.id]
            return self.written.fault(node, f"{node.id} needs arguments", f"write {example}")
        if node.id in DOTTED:
            return self.written.fault(node, f"{node.id} needs a name", f"write {node.id}.name")
        return Term(kind="dimension", name=node.id, text=node.id, column=column)

    def duration(self, node: ast.expr, value: float) -> Node:
        """Return a duration in milliseconds."""
        if value != int(value) or value > LONGEST_DURATION_MS:
            reason = "a duration is a whole number of milliseconds, at most 100 years"
            return self.written.fault(node, reason)
        return Constant(value=value, unit="duration", column=self.written.start(node) + 1)

    def dotted(self, node: ast.Attribute) -> Node:
        """Return score.x, score.x@7d, dimension.x, type.x, trait.x or stage.x."""
        words, column = self.written.words(node), self.written.start(node) + 1
        midnight = self.written.midnight(node)
        if midnight is not None:
            return self.score_at(node, *midnight)
        kind, _, name = (self.written.path(node) or "").partition(".")
        if kind not in DOTTED:
            hint = suggest(kind, DOTTED, kind="terms with a dot")
            return self.written.fault(node, f"{words[:40]} is not a term", hint)
        if "." in name and kind != "trait":
            hint = f"write {kind}.{name.split('.')[0]}"
            return self.written.fault(node, f"{kind}. takes one name", hint)
        return Term(kind=kind, name=name, text=words, column=column)

    def score_at(self, node: ast.Attribute, at: int, back_ms: float) -> Node:
        """Return a score at a past midnight; `at` is where the @ stands in the text, from 0."""
        kind, _, name = self.written.text[self.written.start(node) : at].partition(".")
        if kind != "score" or "." in name:
            return self.written.fault(node, "only a score is kept at midnights", "write score.engagement@7d")
        if back_ms < UNIT_MS["d"] or back_ms % UNIT_MS["d"] or back_ms > LONGEST_DURATION_MS:
            self.written.faults.append(
                Fault(at + 1, "a score is kept at UTC midnights", "write whole days, such as @7d")
            )
            return UNREADABLE
        return Term(
            kind="score_at",
            name=name.strip(),
            back_ms=int(back_ms),
            text=self.written.words(node),
            column=self.written.start(node) + 1,
        )

    def call(self, node: ast.Call, depth: int) -> Node:
        """Return a function of the language or a term with arguments."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in CALLS:
            return read_call(self.written, node, name)
        if name not in CONNECTORS:
            word = self.written.words(node.func)[:40]
            hint = f"write {word} without parentheses" if word in WORDS else did_you_mean(word, FUNCTIONS)
            return self.written.fault(
                node, f"{word} is not a function", hint or f"functions: {', '.join(FUNCTIONS)}"
            )
        arguments = tuple(self.node(argument, depth) for argument in node.args)
        column = self.written.start(node) + 1
        match (name, arguments):
            case _ if node.keywords:
                return self.written.fault(
                    node, f"{name} takes no named argument", f"write {CONNECTORS[name]}"
                )
            case ("default", (operand, fallback)):
                return Default(operand=operand, fallback=fallback, column=column)
            case ("known", (operand,)):
                return Known(operand=operand, column=column)
            case ("holds", (_, *_)):
                return Holds(conditions=arguments, column=column)
            case ("min" | "max" | "mean" as op, (_, *_)):
                return Fold(op=op, arguments=arguments, column=column)
        return self.written.fault(
            node, f"{name} takes another number of arguments", f"write {CONNECTORS[name]}"
        )


def conjunction(conditions: list[Node], *, column: int) -> Node:
    """Join conditions by and; one alone is itself, and inner conjunctions are laid flat."""
    flat: list[Node] = []
    for condition in conditions:
        flat.extend(condition.conditions if isinstance(condition, And) else (condition,))
    return flat[0] if len(flat) == 1 else And(conditions=tuple(flat), column=column)


def disjunction(conditions: list[Node], *, column: int) -> Node:
    """Join conditions by or; inner disjunctions are laid flat."""
    flat: list[Node] = []
    for condition in conditions:
        flat.extend(condition.conditions if isinstance(condition, Or) else (condition,))
    return Or(conditions=tuple(flat), column=column)


def negative(operand: Node, *, column: int) -> Node:
    """Return minus `operand`; a constant is simply negated."""
    if isinstance(operand, Constant):
        return Constant(value=0.0 - operand.value, unit=operand.unit, column=column)
    return Negative(operand=operand, column=column)
