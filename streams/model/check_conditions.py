"""Check what conditions can say: thresholds out of range, contradictions, and what is always so."""

from streams.model.expression import And, Compare, Constant, Holds, Node, Or, Text
from streams.model.fields import Notes
from streams.model.interval import Interval, bounds
from streams.model.logic import Facts, World, normal, single
from streams.model.render import duration_text, number_text, render
from streams.model.sections import Draft
from streams.model.tree import Tree, at_path
from streams.model.walk import Path, made_by_hysteresis, nodes, rules, stages_with_paths


def check_conditions(notes: Notes, draft: Draft, facts: Facts, faulty: set[Path]) -> None:
    """Note conditions that cannot hold and conditions that always hold; rules in `faulty` are left out."""
    for placed in rules(draft.model):
        if placed.path in faulty:
            continue
        tree = at_path(draft.tree, placed.path)
        for node in nodes(placed.rule.node):
            if isinstance(node, Compare):
                check_comparison(notes, facts, tree, node)
            elif isinstance(node, Holds):
                for condition in node.conditions:
                    check_together(notes, facts, tree, normal(condition), [])
        if placed.role in ("stage", "alert"):
            check_together(notes, facts, tree, normal(placed.rule.node), [])
    check_hysteresis(notes, draft, facts)


def check_comparison(notes: Notes, facts: Facts, tree: Tree, node: Compare) -> None:
    """Note a threshold out of range, and a comparison that is never or always true."""
    if isinstance(node.left, Text) or isinstance(node.right, Text):
        return
    left, right = bounds(node.left, facts.answers), bounds(node.right, facts.answers)
    value, threshold, range_ = (node.left, node.right, left)
    if isinstance(node.left, Constant):
        value, threshold, range_ = (node.right, node.left, right)
    text = render(node)[:80]
    if isinstance(threshold, Constant) and not range_.low <= threshold.value <= range_.high:
        reason = f"{render(threshold)} is out of range: {render(value)[:60]} {range_text(range_, threshold)}"
        notes.add(tree, reason, range_hint(range_, threshold), offset=node.column - 1)
    elif never(node.op, left, right):
        hint = f"{render(value)[:60]} {range_text(range_, threshold)}"
        notes.add(tree, f"{text} can never be true", hint, offset=node.column - 1)
    elif never(OPPOSITE[node.op], left, right):
        hint = "test whether it is there with known(…) or ever(…), or remove it"
        notes.warn(tree, f"{text} is always true where it is known", hint, offset=node.column - 1)


OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def never(op: str, left: Interval, right: Interval) -> bool:
    """Whether no value of `left` and no value of `right` satisfy left op right."""
    match op:
        case "<":
            return left.low >= right.high
        case "<=":
            return left.low > right.high
        case ">":
            return left.high <= right.low
        case ">=":
            return left.high < right.low
        case "==":
            return left.both(right).empty
    return left == right and left.low == left.high


def range_text(interval: Interval, like: Node) -> str:
    """Return a range in words, in the unit of `like`."""
    low, high = (in_unit(end, like) for end in (interval.low, interval.high))
    if low == "-inf":
        return f"is at most {high}"
    return f"is at least {low}" if high == "inf" else f"lies between {low} and {high}"


def range_hint(interval: Interval, threshold: Constant) -> str:
    """Return the nearest threshold that makes sense."""
    nearest = interval.low if threshold.value < interval.low else interval.high
    return (
        f"write a threshold from {in_unit(interval.low, threshold)} to {in_unit(interval.high, threshold)}"
        if (abs(interval.low) != float("inf") and abs(interval.high) != float("inf"))
        else f"the nearest is {in_unit(nearest, threshold)}"
    )


def in_unit(value: float, like: Node) -> str:
    """Return a number, or a duration when `like` is one."""
    if abs(value) == float("inf"):
        return "inf" if value > 0 else "-inf"
    is_duration = isinstance(like, Constant) and like.unit == "duration"
    return duration_text(value) if is_duration else number_text(value)


def check_together(notes: Notes, facts: Facts, tree: Tree, node: Node, around: list[Node]) -> None:
    """Note conditions joined by `and` that cannot hold together; `around` holds wherever `node` stands."""
    if isinstance(node, Or):
        check_either(notes, facts, tree, node)
        for part in node.conditions:
            check_together(notes, facts, tree, part, around)
        return
    parts = node.conditions if isinstance(node, And) else (node,)
    singles = [part for part in parts if not isinstance(part, (And, Or))]
    world = World(facts)
    for part in around:
        world.add(single(part, facts))
    for part in singles:
        one = single(part, facts)
        if one.interval is not None and one.interval.empty:
            return
        other = world.add(one)
        if other is not None:
            reason = f"{render(part)[:60]} contradicts {render(other.node)[:60]}: both cannot hold"
            notes.add(tree, reason, "join them by or, or change a bound", offset=part.column - 1)
            return
    for part in parts:
        if isinstance(part, (And, Or)):
            check_together(notes, facts, tree, part, [*around, *singles])


def check_either(notes: Notes, facts: Facts, tree: Tree, node: Or) -> None:
    """Note alternatives of which one always holds."""
    if any(isinstance(part, (And, Or)) for part in node.conditions):
        return
    world = World(facts)
    for part in node.conditions:
        other = world.add(single(normal(part, negate=True), facts))
        if other is not None:
            reason = f"{render(node)[:80]} is always true where it is known"
            notes.warn(tree, reason, "join them by and, or remove the rule", offset=node.column - 1)
            return


def check_hysteresis(notes: Notes, draft: Draft, facts: Facts) -> None:
    """Note a hysteresis so wide that a stage is never left."""
    for framework in draft.model.frameworks:
        for path, stage in stages_with_paths(framework):
            if stage.stay is None or not made_by_hysteresis(stage):
                continue
            for node in nodes(stage.stay.node):
                if isinstance(node, Compare) and never(
                    OPPOSITE[node.op], bounds(node.left, facts.answers), bounds(node.right, facts.answers)
                ):
                    reason = f"so much hysteresis makes the stage stay for ever: {render(node)[:60]}"
                    notes.add(at_path(draft.tree, (*path, "hysteresis")), reason, "choose fewer points")
                    break
