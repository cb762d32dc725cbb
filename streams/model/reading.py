"""How a term reads the row: its instruction, and which dimensions stand behind it."""

import math
from typing import TYPE_CHECKING

from streams.engine import operations as op
from streams.engine.instants import DAY_MS
from streams.model import walk
from streams.model.columns import Columns
from streams.model.compile_rules import Instruction
from streams.model.definition import Model
from streams.model.expression import Arithmetic, Constant, Fold, Negative, Node, Term
from streams.model.survey import Survey, TraitColumn

if TYPE_CHECKING:
    from streams.model.compile import Sections

_OF_SIGNAL = {"since": op.SINCE, "ever": op.EVER, "first": op.FIRST_OF, "last": op.LAST_OF}
_WINDOWED = {"days_active": op.ACTIVE_DAYS, "channels": op.CHANNELS}


class Reading:
    """Knows where everything stands, and notes each windowed reading in the plan's `leaf` sections."""

    def __init__(self, model: Model, found: Survey, columns: Columns, sections: "Sections") -> None:
        self.model = model
        self.found = found
        self.columns = columns
        self.sections = sections
        self.scores = {score.name: score for score in model.scores}
        self.expressions = {d.name: d.value for d in model.dimensions if d.value is not None}
        self.frameworks = tuple(framework.name for framework in model.frameworks)

    def read(self, term: Term) -> Instruction:
        """Return the instruction that reads `term`."""
        found = self.found
        if term.window is not None:
            return self.windowed(term)
        match term.kind:
            case "score":
                return Instruction(op.VALUE, len(found.dimensions) + found.score(term.name))
            case "dimension":
                return Instruction(op.VALUE, found.dimension(term.name))
            case "score_at":
                return Instruction(op.SCORE_AT, found.backs.index((term.name, term.back_ms // DAY_MS)))
            case "type":
                return Instruction(op.SHARE, found.types.index(term.name))
            case "count":
                return Instruction(op.COUNT_ALL, found.signal(term.name))
            case "sum":
                return Instruction(op.AMOUNT_ALL, found.totals.index(term.name))
            case "days":
                return Instruction(op.DAYS_ALL, found.signal(term.name))
            case "answer":
                return Instruction(op.ANSWER, [q.name for q in self.model.questions].index(term.name))
            case "follow":
                return Instruction(op.FOLLOW, [f.name for f in self.model.follows].index(term.name))
            case "trait":
                return Instruction(op.TRAIT_NUMBER, found.traits.index(TraitColumn(term.name)))
            case "until":
                return Instruction(op.UNTIL_TRAIT, found.traits.index(TraitColumn(term.name, date=True)))
            case "stage":
                return Instruction(op.STAGE_OF, self.frameworks.index(term.name))
            case "rhythm":
                return Instruction(op.RHYTHM)
            case "tenure":
                return Instruction(op.TENURE)
            case "p_alive":
                assert self.model.p_alive is not None
                return Instruction(op.ALIVE, found.signal(self.model.p_alive.signal))
            case kind:
                return Instruction(_OF_SIGNAL[kind], found.signal(term.name))

    def windowed(self, term: Term) -> Instruction:
        """Return the instruction that reads a window, and note which one."""
        assert term.window is not None
        hourly = term.window.unit == "h"
        match term.kind:
            case "sum":
                return self.leaf(term, op.AMOUNT, self.found.amount_ring(term.name, hourly=hourly))
            case "count":
                return self.leaf(term, op.COUNT, self.found.count_ring(term.name, hourly=hourly))
            case "sessions":
                return self.leaf(term, op.COUNT, self.found.count_ring("session", hourly=hourly))
            case "days":
                return self.leaf(term, op.DAYS_IN, self.found.count_ring(term.name, hourly=hourly))
            case "seen":
                return self.leaf(term, op.SEEN, self.found.seen_sets.index(term.name))
            case kind:
                return self.leaf(term, _WINDOWED[kind], 0)

    def leaf(self, term: Term, code: int, ring: int) -> Instruction:
        """Note a window and return the instruction that reads it."""
        assert term.window is not None
        ints = self.sections.ints
        ints["leaf_ring"].append(ring)
        ints["leaf_size"].append(term.window.size)
        ints["leaf_ago"].append(term.ago)
        ints["leaf_weekly"].append(int(term.window.unit == "w"))
        return Instruction(code, len(ints["leaf_ring"]) - 1)

    def sources(self, node: Node) -> dict[str, float]:
        """Return the dimensions that a rule reads now, each with its weight in what it reads."""
        found: dict[str, float] = {}
        for term in {term.name: term for term in walk.terms(node) if term.kind == "score"}.values():
            for name, weight in self.weights(self.scores[term.name].value.node).items():
                found[name] = found.get(name, 0.0) + weight
        for term in walk.terms(node):
            if term.kind == "dimension":
                found.setdefault(term.name, 1.0)
        return {name: weight for name, weight in found.items() if name not in self.expressions}

    def weights(self, node: Node, scale: float = 1.0) -> dict[str, float]:
        """Return the weight of each dimension in a score; parts that are not linear count in full."""
        match node:
            case Term(kind="dimension", name=name):
                value = self.expressions.get(name)
                return {name: scale} if value is None else self.weights(value.node, scale)
            case Term(kind="score", name=name):
                return self.weights(self.scores[name].value.node, scale)
            case Fold(op="mean", arguments=arguments):
                return self._add(arguments, scale / len(arguments))
            case Negative(operand=operand):
                return self.weights(operand, -scale)
            case (
                Arithmetic(op="*", left=Constant(value=value), right=part)
                | Arithmetic(op="*", left=part, right=Constant(value=value))
            ):
                return self.weights(part, scale * value)
            case Arithmetic(op="/", left=part, right=Constant(value=value)) if value != 0:
                return self.weights(part, scale / value)
            case Arithmetic(op="-", left=left, right=right):
                return self._add((left, Negative(operand=right)), scale)
            case _:
                return self._add(walk.children(node), scale)

    def mean(self, node: Node) -> dict[str, float] | None:
        """Return the weights of a score that is a weighted mean of dimensions of points, None for others.

        Such weights are positive and come to at most 1, so the score is within 0 to 100.
        """
        if not self._is_linear(node):
            return None
        weights = self.weights(node)
        fits = all(weight > 0 for weight in weights.values()) and math.fsum(weights.values()) <= 1 + 1e-12
        return weights if fits else None

    def _is_linear(self, node: Node) -> bool:
        match node:
            case Term(kind="dimension", name=name):
                return name not in self.expressions
            case Term(kind="score", name=name):
                return self._is_linear(self.scores[name].value.node)
            case (
                Arithmetic(op="*", left=Constant(), right=part)
                | Arithmetic(op="*", left=part, right=Constant())
                | Arithmetic(op="/", left=part, right=Constant())
                | Negative(operand=part)
            ):
                return self._is_linear(part)
            case Arithmetic(op="+" | "-") | Fold(op="mean"):
                return all(self._is_linear(child) for child in walk.children(node))
            case _:
                return False

    def _add(self, nodes: tuple[Node, ...], scale: float) -> dict[str, float]:
        found: dict[str, float] = {}
        for node in nodes:
            for name, weight in self.weights(node, scale).items():
                found[name] = found.get(name, 0.0) + weight
        return found
