"""What touches what a rule reads: for each cause in the engine, the rules that have to be read again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from streams.engine import readings, standing
from streams.model import walk
from streams.model.compile_rules import Program
from streams.model.definition import Entry, Model
from streams.model.expression import Node, Rule, Term
from streams.model.survey import SIGNAL_TERMS, Survey, TraitColumn

if TYPE_CHECKING:
    from streams.model.compile import Sections

Touched = tuple[str, object]  # a kind of thing that a touchpoint or a move changes, and which one

ACTIVE_DAY: Touched = ("active_day", "")
CHANNEL: Touched = ("channel", "")
FIRST_SEEN: Touched = ("first", "")
TYPES: Touched = ("types", "")
ANY: Touched = ("any", "")

_ALONE = {
    "rhythm": ACTIVE_DAY,
    "days_active": ACTIVE_DAY,
    "channels": CHANNEL,
    "tenure": FIRST_SEEN,
    "type": TYPES,
}


class Reads:
    """What a tree reads of a row, through scores and dimensions that are expressions."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.scores = {score.name: score.value.node for score in model.scores}
        self.expressions = {d.name: d.value.node for d in model.dimensions if d.value is not None}

    def of(self, node: Node) -> set[Touched]:
        """Return what changes the value of a tree, beside time."""
        return {touched for term in walk.terms(node) for touched in self._of_term(term)}

    def looks_back(self, node: Node) -> bool:
        """Return whether a tree itself reads a score at a past midnight."""
        return any(term.kind == "score_at" for term in walk.terms(node))

    def work_of(self, node: Node) -> int:
        """Return what a program reads from the work space, as the bits that the engine knows."""
        values = any(term.kind in {"score", "dimension"} for term in walk.terms(node))
        return readings.READS_VALUES * values | readings.READS_BACKS * self.looks_back(node)

    def _behind(self, term: Term) -> list[Node]:
        if term.kind in {"score", "score_at"}:
            return [self.scores[term.name]]
        return (
            [self.expressions[term.name]]
            if term.kind == "dimension" and term.name in self.expressions
            else []
        )

    def _of_term(self, term: Term) -> set[Touched]:
        behind = {touched for node in self._behind(term) for touched in self.of(node)}
        if term.kind == "score":
            return behind
        if term.kind == "score_at":
            return behind | {FIRST_SEEN}
        if term.kind == "dimension":
            return behind or {("dimension", term.name)}
        if term.kind in _ALONE:
            return {_ALONE[term.kind]}
        if term.kind in SIGNAL_TERMS:
            return {("signal", term.name)}
        if term.kind == "sessions":
            return {("signal", "session")}
        if term.kind == "p_alive":
            return {("signal", self.model.p_alive.signal)} if self.model.p_alive else set()
        if term.kind in {"trait", "until"}:
            return {("trait", TraitColumn(term.name, date=term.kind == "until"))}
        return {(term.kind, term.name)}  # answer, seen, follow, stage


def compile_causes(
    model: Model, found: Survey, rules: Sequence[Rule], programs: Sequence[Program], sections: "Sections"
) -> None:
    """Write, for each cause, the columns of `standing` that it makes unknown; and what each program reads.

    rules: those of the last programs. An inexact one is read again at every touchpoint.
    """
    ints, reads = sections.ints, Reads(model)
    readers: dict[Touched, list[int]] = {}
    first = len(programs) - len(rules)
    ints["program_reads"].extend([0] * first)
    for number, (rule, program) in enumerate(zip(rules, programs[first:], strict=True)):
        ints["program_reads"].append(reads.work_of(rule.node))
        for touched in reads.of(rule.node) | ({ANY} if program.inexact else set()):
            readers.setdefault(touched, []).append(standing.STANDING_FIXED + number)
    for score in model.scores:
        for touched in reads.of(score.value.node):
            readers.setdefault(touched, []).append(standing.SCORES)
    causes: list[list[Touched]] = [
        [("signal", "activity")],
        [("signal", "session")],
        [ACTIVE_DAY],
        [CHANNEL],
        [FIRST_SEEN],
        [ANY],
    ]
    assert len(causes) == standing.CAUSES_FIXED
    causes += [_points(entry) for entry in model.touchpoints]
    causes += [_signals(entry) for entry in model.touchpoints]
    causes += [[("trait", trait)] for trait in found.traits]
    causes += [
        [("follow", each.name), ("signal", f"{each.name}.closed"), ("signal", f"{each.name}.expired")]
        for each in model.follows
    ]
    causes += [[("stage", framework.name)] for framework in model.frameworks]
    for cause in causes:
        ints["cause_rule"].append(len(ints["cause_rule_id"]))
        ints["cause_rule_id"].extend(
            sorted({place for touched in cause for place in readers.get(touched, [])})
        )
    ints["cause_rule"].append(len(ints["cause_rule_id"]))


def cause_sizes(model: Model, found: Survey) -> dict[str, int]:
    """Return where each kind of cause begins, and whether a score or dimension looks back to a midnight."""
    reads = Reads(model)
    looks_back = [reads.looks_back(node) for node in (*reads.scores.values(), *reads.expressions.values())]
    entries, first = len(model.touchpoints), standing.CAUSES_FIXED
    traits = first + 2 * entries
    follows = traits + len(found.traits)
    return {
        "cause_points": first,
        "cause_signals": first + entries,
        "cause_trait": traits,
        "cause_follow": follows,
        "cause_framework": follows + len(model.follows),
        "values_look_back": int(any(looks_back)),
    }


def _points(entry: Entry) -> list[Touched]:
    found: list[Touched] = [("dimension", name) for name, _ in entry.dimensions]
    return [*found, TYPES] if entry.type else found


def _signals(entry: Entry) -> list[Touched]:
    return [
        *(("signal", name) for name, _ in entry.signals),
        *(("answer", source.question) for source in entry.answers),
        *(("seen", name) for name, _ in entry.seen),
    ]
