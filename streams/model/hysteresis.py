"""Turn `hysteresis: n` into a rule to stay: the comparisons of scores in `when`, relaxed by n points."""

from streams.model.expression import (
    And,
    Arithmetic,
    Compare,
    Constant,
    Default,
    Fold,
    Holds,
    Node,
    Not,
    Or,
    Term,
)

MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def relaxed(node: Node, points: float) -> Node | None:
    """Return `node` made easier to hold by `points` on each score or dimension; None when it reads none.

    Under `not` a comparison is made harder instead, so that the whole becomes easier.
    """
    result = relax(node, points, easier=True)
    return None if result == node else result


def relax(node: Node, points: float, *, easier: bool) -> Node:
    """Relax (or, where not `easier`, tighten) the comparisons inside a condition."""
    match node:
        case And(conditions=conditions, column=column):
            return And(
                conditions=tuple(relax(part, points, easier=easier) for part in conditions), column=column
            )
        case Or(conditions=conditions, column=column):
            return Or(
                conditions=tuple(relax(part, points, easier=easier) for part in conditions), column=column
            )
        case Not(condition=condition, column=column):
            return Not(condition=relax(condition, points, easier=not easier), column=column)
        case Compare() if node.op in MIRRORED:
            return relax_comparison(node, points, easier=easier)
    return node


def relax_comparison(node: Compare, points: float, *, easier: bool) -> Compare:
    """Move the bar of one comparison; the score may stand on either side."""
    rising = node.op in (">", ">=")
    left, right = node.left, node.right
    if isinstance(left, Holds):
        return Compare(
            op=node.op,
            left=relax_holds(left, points, easier=easier == rising),
            right=right,
            column=node.column,
        )
    if isinstance(right, Holds):
        return Compare(
            op=node.op,
            left=left,
            right=relax_holds(right, points, easier=easier != rising),
            column=node.column,
        )
    if is_score(left):
        lower = rising == easier
        return Compare(
            op=node.op, left=left, right=shifted(right, -points if lower else points), column=node.column
        )
    if is_score(right):
        lower = rising != easier
        return Compare(
            op=node.op, left=shifted(left, -points if lower else points), right=right, column=node.column
        )
    return node


def relax_holds(node: Holds, points: float, *, easier: bool) -> Holds:
    """Relax the conditions that are counted."""
    return Holds(
        conditions=tuple(relax(part, points, easier=easier) for part in node.conditions), column=node.column
    )


def is_score(node: Node) -> bool:
    """Whether a node is a score or a dimension, or the lowest, highest, mean or default of such."""
    match node:
        case Term(kind=kind):
            return kind in ("score", "dimension")
        case Fold(arguments=arguments):
            return all(is_score(argument) for argument in arguments)
        case Default(operand=operand):
            return is_score(operand)
    return False


def shifted(node: Node, points: float) -> Node:
    """Return `node` plus `points`; a constant stays a constant."""
    if isinstance(node, Constant):
        return Constant(value=node.value + points, unit=node.unit, column=node.column)
    amount = Constant(value=abs(points), column=node.column)
    return Arithmetic(op="-" if points < 0 else "+", left=node, right=amount, column=node.column)
