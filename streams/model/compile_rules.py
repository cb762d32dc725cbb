"""Rules to stack programs: syntax trees in, instructions out, negations pushed to the leaves.

Beside each rule stand the programs of its terms (for the values in `because`), the dimensions that it
reads with their weights (for contributions), and whether its instant can be solved exactly.
"""

from collections.abc import Callable
from typing import Literal

import msgspec
import xxhash

from streams.engine import operations as op
from streams.model import walk
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

MOVING = frozenset({"score", "dimension", "since", "tenure", "until", "p_alive"})
FOLLOW_STATES = ("open", "closed", "expired")

_COMPARE = {
    "<": op.LESS,
    "<=": op.LESS_EQUAL,
    ">": op.GREATER,
    ">=": op.GREATER_EQUAL,
    "==": op.EQUAL,
    "!=": op.NOT_EQUAL,
}
_CONTRARY = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_ARITHMETIC = {"+": op.ADD, "-": op.SUBTRACT, "*": op.MULTIPLY, "/": op.DIVIDE}
_FOLD = {"min": op.LEAST, "max": op.GREATEST, "mean": op.MEAN}


class Instruction(msgspec.Struct, frozen=True):
    """One step of a program."""

    code: int
    arg: int = 0
    num: float = 0.0


class Leaf(msgspec.Struct, frozen=True):
    """A term of a rule: its text, how to show its value, and the instruction that reads it."""

    text: str
    shown: Literal["number", "truth", "stage", "follow", "text"]
    name: str
    instruction: Instruction


class Program(msgspec.Struct, frozen=True):
    """A compiled rule; `sources` are (dimension, weight) for contributions."""

    text: str
    instructions: tuple[Instruction, ...]
    leaves: tuple[Leaf, ...] = ()
    sources: tuple[tuple[str, float], ...] = ()
    inexact: bool = False


def text_code(text: str) -> int:
    """Return the 32-bit code of a trait's or set's text, never 0."""
    code = int.from_bytes(xxhash.xxh32_digest(text.encode()), "big", signed=True)
    return code or 1


def moves(node: Node) -> bool:
    """Return whether a tree's value changes by itself between breakpoints."""
    return any(term.kind in MOVING for term in walk.terms(node))


def is_inexact(node: Node) -> bool:
    """Return whether a tree holds a product of two moving sides, or a division by a moving side."""
    if isinstance(node, Arithmetic):
        if node.op == "*" and moves(node.left) and moves(node.right):
            return True
        if node.op == "/" and moves(node.right):
            return True
    return any(is_inexact(child) for child in walk.children(node))


def has_text(node: Node) -> bool:
    """Return whether a side of a comparison is a text: quoted, or the default of a trait."""
    if isinstance(node, Default):
        return has_text(node.operand) or has_text(node.fallback)
    return isinstance(node, Text)


def compared_with_text(node: Node) -> list[Term]:
    """Return the terms of a tree that are compared with a text."""
    if isinstance(node, Compare) and (has_text(node.left) or has_text(node.right)):
        return list(walk.terms(node))
    return [term for child in walk.children(node) for term in compared_with_text(child)]


class RuleCompiler:
    """Turns trees into programs; `reader` gives the instruction that reads a term."""

    def __init__(
        self, reader: Callable[[Term], Instruction], stages: dict[str, tuple[str, ...]], flags: set[str]
    ) -> None:
        self.reader = reader
        self.stages = stages
        self.flags = flags

    def rule(self, rule: Rule, sources: Callable[[Node], dict[str, float]]) -> Program:
        """Compile a condition."""
        texts = set(compared_with_text(rule.node))
        found = [self.leaf(term, texts) for term in walk.terms(rule.node)]
        leaves = {leaf.text: leaf for leaf in found if leaf}
        return Program(
            text=rule.text,
            instructions=tuple(self.truth(rule.node, holds=True)),
            leaves=tuple(leaves.values()),
            sources=tuple(sorted(sources(rule.node).items())),
            inexact=is_inexact(rule.node),
        )

    def leaf(self, term: Term, texts: set[Term]) -> Leaf | None:
        """Return how a term is read and shown; a flags framework has no single value."""
        if term.kind == "stage" and term.name in self.flags:
            return None
        shown: Literal["number", "truth", "stage", "follow", "text"] = "number"
        instruction = self.reader(term)
        match term.kind:
            case "ever":
                shown = "truth"
            case "stage":
                shown = "stage"
            case "follow":
                shown = "follow"
            case "trait" if term in texts:
                shown = "text"
                instruction = Instruction(op.TRAIT_CODE, instruction.arg)
        return Leaf(term.text or term.kind, shown, term.name, instruction)

    def number(self, node: Node) -> list[Instruction]:
        """Return the instructions that leave a tree's number on the stack; of truths only `holds` has one."""
        match node:
            case Constant():
                return [Instruction(op.CONSTANT, num=node.value)]
            case Term():
                return [self.reader(node)]
            case Arithmetic():
                return [*self.number(node.left), *self.number(node.right), Instruction(_ARITHMETIC[node.op])]
            case Negative():
                return [*self.number(node.operand), Instruction(op.NEGATE)]
            case Fold():
                parts = [step for argument in node.arguments for step in self.number(argument)]
                return [*parts, Instruction(_FOLD[node.op], arg=len(node.arguments))]
            case Default():
                return [*self.number(node.operand), *self.number(node.fallback), Instruction(op.DEFAULT)]
        assert isinstance(node, Holds)
        parts = [step for condition in node.conditions for step in self.truth(condition, holds=True)]
        return [*parts, Instruction(op.HOLDS, arg=len(node.conditions))]

    def truth(self, node: Node, *, holds: bool) -> list[Instruction]:
        """Return the instructions that leave 1 exactly when a tree is true (or, not `holds`, false)."""
        match node:
            case Not():
                return self.truth(node.condition, holds=not holds)
            case And() | Or():
                parts = [step for condition in node.conditions for step in self.truth(condition, holds=holds)]
                code = op.ALL if isinstance(node, And) == holds else op.ANY
                return [*parts, Instruction(code, arg=len(node.conditions))]
            case Compare():
                return self.compare(node, holds=holds)
            case Known(operand=Term(kind="trait") as trait):
                steps = [*self.text(trait, trait), Instruction(op.KNOWN)]
            case Known():
                steps = [*self.number(node.operand), Instruction(op.KNOWN)]
            case _:
                steps = self.number(node)
        return steps if holds else [*steps, Instruction(op.CONTRARY)]

    def compare(self, node: Compare, *, holds: bool) -> list[Instruction]:
        """Return a comparison's instructions; a negated one is the contrary comparison."""
        operator = node.op if holds else _CONTRARY[node.op]
        left, right = node.left, node.right
        if not (has_text(left) or has_text(right)):
            if isinstance(right, Constant):
                return [*self.number(left), Instruction(_COMPARE[operator], op.WITH_CONSTANT, right.value)]
            return [*self.number(left), *self.number(right), Instruction(_COMPARE[operator])]
        about = next(term for side in (left, right) for term in walk.terms(side))
        if about.kind == "stage" and about.name in self.flags:
            text = right if isinstance(right, Text) else left
            assert isinstance(text, Text)
            flag = float(self.stages[about.name].index(text.value))
            held = Instruction(op.HOLDS_FLAG, self.reader(about).arg, flag)
            return [held] if operator == "==" else [held, Instruction(op.CONTRARY)]
        return [*self.text(left, about), *self.text(right, about), Instruction(_COMPARE[operator])]

    def text(self, node: Node, about: Term) -> list[Instruction]:
        """Return the instructions that leave the code of a text, as the column of `about` has it."""
        match node:
            case Text(value=value):
                return [Instruction(op.CONSTANT, num=float(self.code(value, about)))]
            case Default():
                return [
                    *self.text(node.operand, about),
                    *self.text(node.fallback, about),
                    Instruction(op.DEFAULT),
                ]
            case Term(kind="trait"):
                return [Instruction(op.TRAIT_CODE, self.reader(node).arg)]
            case _:
                return self.number(node)

    def code(self, text: str, about: Term) -> int:
        """Return what stands for a text where `about` is read."""
        match about.kind:
            case "stage":
                return self.stages[about.name].index(text) + 1
            case "follow":
                return FOLLOW_STATES.index(text) + 1
            case _:
                return text_code(text)
