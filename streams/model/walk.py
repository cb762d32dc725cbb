"""Walk a model: every rule with its path in the file, and every node of a rule."""

from collections.abc import Iterator

import msgspec

from streams.model.definition import Framework, Model, Stage
from streams.model.expression import (
    And,
    Arithmetic,
    Compare,
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
)

Path = tuple[str | int, ...]


class Placed(msgspec.Struct, frozen=True):
    """A rule, where it stands in the file, and what it is for.

    role: `score`, `dimension`, `stage` or `alert`; owner: the name of that score, dimension,
    framework or alert.
    """

    rule: Rule
    path: Path
    role: str
    owner: str


def rules(model: Model, *, made: bool = False) -> Iterator[Placed]:
    """Yield every rule that the file holds, and where `made`, also the stays that hysteresis makes."""
    for dimension in model.dimensions:
        if dimension.value is not None:
            yield Placed(
                dimension.value, ("dimensions", dimension.name, "value"), "dimension", dimension.name
            )
    for score in model.scores:
        yield Placed(score.value, ("scores", score.name), "score", score.name)
    for framework in model.frameworks:
        for path, rule in stage_rules(framework, made=made):
            yield Placed(rule, path, "stage", framework.name)
    for alert in model.alerts:
        if alert.when is not None:
            yield Placed(alert.when, ("alerts", alert.name, "when"), "alert", alert.name)
        if alert.clear is not None:
            yield Placed(alert.clear, ("alerts", alert.name, "clear"), "alert", alert.name)


def stage_rules(framework: Framework, *, made: bool = False) -> Iterator[tuple[Path, Rule]]:
    """Yield the rules of a framework's stages and exits, those that hysteresis makes only where `made`."""
    for path, stage in stages_with_paths(framework):
        if stage.when is not None:
            yield (*path, "when"), stage.when
        if stage.stay is not None and (made or not made_by_hysteresis(stage)):
            yield (*path, "stay"), stage.stay


def stages_with_paths(framework: Framework) -> Iterator[tuple[Path, Stage]]:
    """Yield the stages and exits of a framework with their places in the file."""
    for section, stages in (("stages", framework.stages), ("exits", framework.exits)):
        for stage in stages:
            yield (*framework_path(framework, section), stage.name), stage


def framework_path(framework: Framework, section: str) -> Path:
    """Return the path to the stages or exits of a framework."""
    return ("levels", framework.name) if framework.levels else ("frameworks", framework.name, section)


def made_by_hysteresis(stage: Stage) -> bool:
    """Whether a stage's stay stands where its `when` does: then it was made from it."""
    when, stay = stage.when, stage.stay
    if when is None or stay is None:
        return False
    return (when.line, when.column) == (stay.line, stay.column)


def children(node: Node) -> tuple[Node, ...]:
    """Return the parts of a node."""
    match node:
        case Arithmetic(left=left, right=right) | Compare(left=left, right=right):
            return (left, right)
        case Negative(operand=operand) | Known(operand=operand):
            return (operand,)
        case Default(operand=operand, fallback=fallback):
            return (operand, fallback)
        case Fold(arguments=parts) | Holds(conditions=parts) | And(conditions=parts) | Or(conditions=parts):
            return parts
        case Not(condition=condition):
            return (condition,)
    return ()


def nodes(node: Node) -> Iterator[Node]:
    """Yield a node and all nodes below it, from left to right."""
    yield node
    for part in children(node):
        yield from nodes(part)


def terms(node: Node) -> Iterator[Term]:
    """Yield the terms that a node reads, from left to right."""
    return (part for part in nodes(node) if isinstance(part, Term))
