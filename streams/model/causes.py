"""What touches what a rule reads: for each cause in the engine, the rules that have to be read again.

Many rules need not be: silence that has not lasted long enough is no longer after one more visit. Where a
touchpoint can only make a rule less true, and it is not true, what was said of it stands.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from streams.engine import readings, standing
from streams.model import walk
from streams.model.compile_rules import Program
from streams.model.definition import Amount, Entry, Model
from streams.model.expression import (
    And,
    Arithmetic,
    Compare,
    Constant,
    Default,
    Fold,
    Holds,
    Negative,
    Node,
    Not,
    Or,
    Rule,
    Term,
)
from streams.model.survey import SIGNAL_TERMS, Survey, TraitColumn

if TYPE_CHECKING:
    from streams.model.compile import Sections

Thing = tuple[str, object]  # a kind of thing that a touchpoint or a move changes, and which one
Way = int  # 1: up, -1: down, 0: any
Cause = list[tuple[Thing, Way]]

ACTIVE_DAY: Thing = ("active_day", "")
CHANNEL: Thing = ("channel", "")
FIRST_SEEN: Thing = ("first", "")
TYPES: Thing = ("types", "")
ANY: Thing = ("any", "")
UP, DOWN, EITHER = 1, -1, 0
_FIXED = "fixed"  # causes that the engine knows by number

_ALONE = {
    "rhythm": ACTIVE_DAY,
    "days_active": ACTIVE_DAY,
    "channels": CHANNEL,
    "tenure": FIRST_SEEN,
    "score_at": FIRST_SEEN,  # what is touched now shows at midnights to come
    "type": TYPES,
}


class Reads:
    """What a tree reads of a row, through scores and dimensions that are expressions."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.scores = {score.name: score.value.node for score in model.scores}
        self.expressions = {d.name: d.value.node for d in model.dimensions if d.value is not None}

    def of(self, node: Node, way: Way = UP) -> set[tuple[Thing, Way]]:
        """Return what changes the value of a tree, beside time, and which way: with it, against it, any."""
        return {found for term, its_way in _terms(node, way) for found in self._of_term(term, its_way)}

    def looks_back(self, node: Node) -> bool:
        """Return whether a tree itself reads a score at a past midnight."""
        return any(term.kind == "score_at" for term in walk.terms(node))

    def work_of(self, node: Node) -> int:
        """Return what a program reads from the work space, as the bits that the engine knows."""
        values = any(term.kind in {"score", "dimension"} for term in walk.terms(node))
        return readings.READS_VALUES * values | readings.READS_BACKS * self.looks_back(node)

    def _of_term(self, term: Term, way: Way) -> set[tuple[Thing, Way]]:
        if term.kind == "score":
            return self.of(self.scores[term.name], way)
        if term.kind == "dimension":
            expression = self.expressions.get(term.name)
            return {(("dimension", term.name), way)} if expression is None else self.of(expression, way)
        if term.kind == "since":
            return {(("since", term.name), way)}
        return {(self._thing(term), EITHER)}

    def _thing(self, term: Term) -> Thing:
        if term.kind in _ALONE:
            return _ALONE[term.kind]
        if term.kind in SIGNAL_TERMS:
            return ("signal", term.name)
        if term.kind == "sessions":
            return ("signal", "session")
        if term.kind == "p_alive":
            return ("signal", self.model.p_alive.signal if self.model.p_alive else "")
        if term.kind in {"trait", "until"}:
            return ("trait", TraitColumn(term.name, date=term.kind == "until"))
        return (term.kind, term.name)  # answer, seen, follow, stage


def _terms(node: Node, way: Way) -> Iterator[tuple[Term, Way]]:
    """Yield the terms of a tree, and which way the tree goes when they go up."""
    match node:
        case Term():
            yield node, way
        case Compare(op=op, left=left, right=right):
            with_left = UP if op in {">", ">="} else DOWN if op in {"<", "<="} else EITHER
            yield from _terms(left, way * with_left)
            yield from _terms(right, -way * with_left)
        case Not(condition=part) | Negative(operand=part):
            yield from _terms(part, -way)
        case Arithmetic(op=op, left=left, right=right):
            yield from _terms(left, way * _with_left(op, right))
            yield from _terms(right, way * _with_right(op, left))
        case And() | Or() | Holds() | Fold() | Default():
            for part in walk.children(node):
                yield from _terms(part, way)
        case _:
            for part in walk.children(node):
                yield from _terms(part, EITHER)


def _with_left(op: str, right: Node) -> Way:
    """Return which way a sum, product … goes when its left side goes up."""
    return UP if op in {"+", "-"} else _sign_of(right)


def _with_right(op: str, left: Node) -> Way:
    """Return which way a sum, product … goes when its right side goes up."""
    if op in {"+", "-"}:
        return UP if op == "+" else DOWN
    return _sign_of(left) if op == "*" else EITHER


def _sign_of(factor: Node) -> Way:
    if not isinstance(factor, Constant):
        return EITHER
    return UP if factor.value >= 0 else DOWN


def compile_causes(
    model: Model, found: Survey, rules: Sequence[Rule], programs: Sequence[Program], sections: "Sections"
) -> dict[str, int]:
    """Write, for each cause, the columns of `standing` that it makes unknown; and what each program reads.

    rules: those of the last programs. An inexact one is read again at every touchpoint.
    Returns where each kind of cause begins, and whether a score or dimension looks back to a midnight.
    """
    ints, reads = sections.ints, Reads(model)
    readers: dict[Thing, set[tuple[int, Way]]] = {}
    first = len(programs) - len(rules)
    ints["program_reads"].extend([0] * first)
    for place, (rule, program) in enumerate(
        zip(rules, programs[first:], strict=True), standing.STANDING_FIXED
    ):
        ints["program_reads"].append(reads.work_of(rule.node))
        for thing, way in reads.of(rule.node) | ({(ANY, EITHER)} if program.inexact else set()):
            readers.setdefault(thing, set()).add((place, way))
    for score in model.scores:
        for thing, _ in reads.of(score.value.node):
            readers.setdefault(thing, set()).add((standing.SCORES, EITHER))
    starts, count = {}, 0
    for name, causes in _causes(model, found).items():
        starts[name] = count
        count += len(causes)
        for cause in causes:
            ways = [(place, way * goes) for thing, goes in cause for place, way in readers.get(thing, ())]
            surely = {place for place, way in ways if way != DOWN}
            ints["cause_rule"].append(len(ints["cause_rule_id"]))
            ints["cause_rule_id"].extend(sorted(surely))
            ints["cause_lower"].append(len(ints["cause_lower_id"]))
            ints["cause_lower_id"].extend(sorted({place for place, _ in ways} - surely))
    ints["cause_rule"].append(len(ints["cause_rule_id"]))
    ints["cause_lower"].append(len(ints["cause_lower_id"]))
    assert starts.pop(_FIXED) == 0 and starts["cause_points"] == standing.CAUSES_FIXED
    values = (*reads.scores.values(), *reads.expressions.values())
    return {**starts, "values_look_back": int(any(map(reads.looks_back, values)))}


def _causes(model: Model, found: Survey) -> dict[str, list[Cause]]:
    """Return the causes of each kind in the engine's order: the things that each touches, and which way."""
    fixed = [[(thing, EITHER)] for thing in (ACTIVE_DAY, CHANNEL, FIRST_SEEN, ANY)]
    return {
        _FIXED: [_of_signal("activity"), _of_signal("session"), *fixed],
        "cause_points": list(map(_points, model.touchpoints)),
        "cause_signals": list(map(_signals, model.touchpoints)),
        "cause_trait": [[(("trait", trait), EITHER)] for trait in found.traits],
        "cause_follow": [_follow(follow.name) for follow in model.follows],
        "cause_framework": [[(("stage", framework.name), EITHER)] for framework in model.frameworks],
    }


def _follow(name: str) -> Cause:
    return [(("follow", name), EITHER), *_of_signal(f"{name}.closed"), *_of_signal(f"{name}.expired")]


def _of_signal(name: str) -> Cause:
    return [(("signal", name), EITHER), (("since", name), DOWN)]


def _points(entry: Entry) -> Cause:
    found: Cause = [(("dimension", name), _sign(points)) for name, points in entry.dimensions]
    return [*found, (TYPES, EITHER)] if entry.type else found


def _sign(points: Amount) -> Way:
    if points.constant is None:
        return EITHER
    return UP if points.constant >= 0 else DOWN


def _signals(entry: Entry) -> Cause:
    touched: Iterable[Thing] = (
        *(("answer", source.question) for source in entry.answers),
        *(("seen", name) for name, _ in entry.seen),
    )
    signals = [pair for name, _ in entry.signals for pair in _of_signal(name)]
    return [*signals, *((thing, EITHER) for thing in touched)]
