"""What conditions say together: which contradict each other, and which follow from others.

Everything here is sure or silent: a contradiction that is found is one, but not every one is found.
Rules fire only on true, so a condition that holds is known, and three-valued logic adds nothing.
"""

import math
from typing import Literal

import msgspec

from streams.model.expression import And, Compare, Constant, Holds, Node, Not, Or, Term, Text
from streams.model.interval import EVERYTHING, Interval, bounds
from streams.model.names import Names
from streams.model.render import render
from streams.model.terms import FOLLOW_STATES

Op = Literal["<", "<=", ">", ">=", "==", "!="]
MIRRORED: dict[str, Op] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
OPPOSITE: dict[str, Op] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
WHOLE_TERMS = frozenset({"count", "days", "days_active", "channels", "seen", "sessions"})
ALTERNATIVES_LIMIT = 64


class Facts(msgspec.Struct, frozen=True):
    """What is known of a model when conditions are weighed.

    answers: the range of each question. choices: for the key of a term that is one text at a time
    (a stage of a ladder, a follow) all that it can be.
    """

    answers: dict[str, Interval]
    choices: dict[str, frozenset[str]]


class Single(msgspec.Struct, frozen=True):
    """A condition that holds no and, or, not: `key` is in `interval`, is or is not `text`, or is `truth`."""

    key: str
    node: Node
    interval: Interval | None = None
    text: str | None = None
    truth: bool = True


class World:
    """All that a set of conditions allows."""

    def __init__(self, facts: Facts) -> None:
        """Start with everything allowed."""
        self.facts = facts
        self.intervals: dict[str, tuple[Interval, Single]] = {}
        self.texts: dict[str, tuple[str, Single]] = {}
        self.excluded: dict[str, dict[str, Single]] = {}
        self.truths: dict[str, Single] = {}

    def add(self, one: Single) -> Single | None:
        """Take one more condition; return one that it contradicts, None when all can hold together."""
        if one.interval is not None:
            known, first = self.intervals.get(one.key, (EVERYTHING, one))
            both = known.both(one.interval)
            self.intervals[one.key] = (both, one if both != known else first)
            return first if both.empty else None
        if one.text is not None:
            return self.add_text(one, one.text)
        known_truth = self.truths.setdefault(one.key, one)
        return known_truth if known_truth.truth != one.truth else None

    def add_text(self, one: Single, text: str) -> Single | None:
        """Take a condition that a text is, or is not, this one."""
        excluded = self.excluded.setdefault(one.key, {})
        if not one.truth:
            excluded[text] = one
            if one.key in self.texts and self.texts[one.key][0] == text:
                return self.texts[one.key][1]
            choices = self.facts.choices.get(one.key)
            left_over = choices is None or not choices <= excluded.keys()
            return None if left_over else next(iter(excluded.values()))
        if text in excluded:
            return excluded[text]
        known, first = self.texts.setdefault(one.key, (text, one))
        return first if known != text else None

    def entails(self, one: Single) -> bool:
        """Whether the conditions so far leave no doubt that this one holds."""
        if one.interval is not None:
            known = self.intervals.get(one.key)
            return known is not None and known[0].within(one.interval)
        if one.text is not None:
            is_known = one.key in self.texts
            if one.truth:
                return is_known and self.texts[one.key][0] == one.text
            other = is_known and self.texts[one.key][0] != one.text
            return other or one.text in self.excluded.get(one.key, {})
        return one.key in self.truths and self.truths[one.key].truth == one.truth


def normal(node: Node, *, negate: bool = False) -> Node:
    """Return a condition with every `not` moved down to where it stands before a single term."""
    match node:
        case Not(condition=condition):
            return normal(condition, negate=not negate)
        case And(conditions=conditions) | Or(conditions=conditions):
            parts = tuple(normal(part, negate=negate) for part in conditions)
            is_and = isinstance(node, And) != negate
            return (
                And(conditions=parts, column=node.column)
                if is_and
                else Or(conditions=parts, column=node.column)
            )
        case Compare(op=op, left=left, right=right, column=column) if negate:
            return Compare(op=OPPOSITE[op], left=left, right=right, column=column)
    return Not(condition=node, column=node.column) if negate else node


def single(node: Node, facts: Facts) -> Single:
    """Return a normal condition without and, or, in the form in which conditions are weighed."""
    if isinstance(node, Not):
        return Single(key=render(node.condition, canonical=True), node=node, truth=False)
    if not isinstance(node, Compare):
        return Single(key=render(node, canonical=True), node=node)
    left, op, right = node.left, node.op, node.right
    if isinstance(left, (Constant, Text)):
        left, op, right = right, MIRRORED[op], left
    key = render(left, canonical=True)
    if isinstance(right, Text):
        if isinstance(left, Term) and left.kind == "stage" and key not in facts.choices:
            # Flags: several can be held at once, so each is a truth of its own.
            return Single(key=f"{key} == {right.value}", node=node, truth=op == "==")
        return Single(key=key, node=node, text=right.value, truth=op == "==")
    if op == "!=":
        return Single(key=f"{key} == {render(right, canonical=True)}", node=node, truth=False)
    if not isinstance(right, Constant):
        return difference(node, op, left, right)
    interval = allowed(op, right.value, whole=is_whole(left))
    return Single(key=key, node=node, interval=interval.both(bounds(left, facts.answers)))


def difference(node: Node, op: Op, left: Node, right: Node) -> Single:
    """Return a comparison of two values as a bound on their difference."""
    first, second = render(left, canonical=True), render(right, canonical=True)
    if first > second:
        first, op, second = second, MIRRORED[op], first
    return Single(key=f"{first} - ({second})", node=node, interval=allowed(op, 0.0, whole=False))


def is_whole(node: Node) -> bool:
    """Whether a value is always a whole number."""
    return isinstance(node, Holds) or (isinstance(node, Term) and node.kind in WHOLE_TERMS)


def allowed(op: Op, value: float, *, whole: bool) -> Interval:
    """Return the numbers x for which x op value holds; for whole numbers open ends become closed ones."""
    match op:
        case "<":
            return Interval(high=math.ceil(value) - 1) if whole else Interval(high=value, high_open=True)
        case "<=":
            return Interval(high=math.floor(value)) if whole else Interval(high=value)
        case ">":
            return Interval(low=math.floor(value) + 1) if whole else Interval(low=value, low_open=True)
        case ">=":
            return Interval(low=math.ceil(value)) if whole else Interval(low=value)
    return Interval(value, value)


def alternatives(node: Node) -> list[list[Node]]:
    """Return a normal condition as alternatives, each a list of single conditions that hold together.

    Gives up (one alternative without conditions) where there would be too many.
    """
    if isinstance(node, Or):
        return [found for part in node.conditions for found in alternatives(part)]
    if not isinstance(node, And):
        return [[node]]
    found: list[list[Node]] = [[]]
    for part in node.conditions:
        found = [[*one, *other] for one in found for other in alternatives(part)]
        if len(found) > ALTERNATIVES_LIMIT:
            return [[]]
    return found


class Weighed:
    """A condition made ready to be held against many others; None stands for what always holds."""

    def __init__(self, node: Node | None, facts: Facts) -> None:
        """Work out the worlds in which it holds, one for each alternative."""
        self.always = node is None
        self.wanted: Wanted = Joined(parts=(), is_and=True)
        self.worlds: list[World] = []
        if node is not None:
            plain = normal(node)
            self.wanted = wanted(plain, facts)
            self.worlds = [world_of(conditions, facts) for conditions in alternatives(plain)]


class Joined(msgspec.Struct, frozen=True):
    """Conditions joined by and, or by or."""

    parts: "tuple[Wanted, ...]"
    is_and: bool


Wanted = Single | Joined


def implies(given: Weighed, asked: Weighed) -> bool:
    """Whether `asked` surely holds whenever `given` does."""
    if asked.always or given.always:
        return asked.always
    return all(follows(world, asked.wanted) for world in given.worlds)


def wanted(node: Node, facts: Facts) -> Wanted:
    """Return a normal condition with its single conditions in the form in which they are weighed."""
    if isinstance(node, (And, Or)):
        parts = tuple(wanted(part, facts) for part in node.conditions)
        return Joined(parts=parts, is_and=isinstance(node, And))
    return single(node, facts)


def world_of(conditions: list[Node], facts: Facts) -> World:
    """Return what conditions that hold together allow."""
    world = World(facts)
    for condition in conditions:
        world.add(single(condition, facts))
    return world


def follows(world: World, asked: Wanted) -> bool:
    """Whether a condition follows from a world."""
    if isinstance(asked, Joined):
        return (all if asked.is_and else any)(follows(world, part) for part in asked.parts)
    return world.entails(asked)


def choices_of(names: Names) -> dict[str, frozenset[str]]:
    """Return what each framework of one stage at a time, and each follow, can be."""
    choices = {
        f"stage.{name}": frozenset(stages) for name, stages in names.stages.items() if name not in names.flags
    }
    return choices | {f"follow({name})": frozenset(FOLLOW_STATES) for name in names.follow}
