"""What reads what: dimensions, scores and frameworks, in an order in which each comes after what it reads."""

from graphlib import CycleError, TopologicalSorter

import msgspec

from streams.model.definition import Framework, Model
from streams.model.walk import rules, terms

Thing = tuple[str, str]
KINDS = {"score": "score", "dimension": "dimension", "stage": "framework"}


def readings(model: Model) -> dict[Thing, set[Thing]]:
    """Return for every dimension, score and framework which others its rules read at the same instant.

    A score read at a past midnight is only a circle when it is the reader itself.
    """
    things: dict[Thing, set[Thing]] = {("dimension", dimension.name): set() for dimension in model.dimensions}
    things |= {("score", score.name): set() for score in model.scores}
    things |= {("framework", framework.name): set() for framework in model.frameworks}
    for placed in rules(model):
        reader = ("framework" if placed.role == "stage" else placed.role, placed.owner)
        if placed.role == "alert":
            continue
        for term in terms(placed.rule.node):
            kind = KINDS.get("score" if term.kind == "score_at" else term.kind)
            if kind is not None and (kind, term.name) in things:
                things[reader].add((kind, term.name))
    return things


def circle(things: dict[Thing, set[Thing]]) -> list[Thing]:
    """Return one circle, its first member again at the end; nothing when there is none."""
    try:
        TopologicalSorter(things).prepare()
    except CycleError as fault:
        found: list[Thing] = fault.args[1]
        return found[::-1]
    return []


def in_dependency_order(model: Model) -> Model:
    """Return the model with each framework after those that it reads; otherwise the file's order stands.

    Raises:
        CycleError: there is a circle, which the checks would have found.
    """
    reads = reach(readings(model))
    placed: list[Framework] = []
    waiting = list(model.frameworks)
    while waiting:
        ready = next(
            framework
            for framework in waiting
            if not any(("framework", other.name) in reads[("framework", framework.name)] for other in waiting)
        )
        waiting.remove(ready)
        placed.append(ready)
    return msgspec.structs.replace(model, frameworks=tuple(placed))


def reach(things: dict[Thing, set[Thing]]) -> dict[Thing, set[Thing]]:
    """Return everything that each thing reads, directly or through others; there must be no circle."""
    full: dict[Thing, set[Thing]] = {}
    for thing in TopologicalSorter(things).static_order():
        full[thing] = set().union(*(full[read] | {read} for read in things[thing]))
    return full
