"""A compiled model: plan and layout for the engine, and the names that turn numbers back into words."""

import msgspec

from streams.engine.layout import Layout
from streams.engine.plan import Plan
from streams.model.compile_rules import Program
from streams.model.definition import Model
from streams.model.survey import TraitColumn


class Names(msgspec.Struct, frozen=True):
    """The order in which the plan numbers things."""

    entries: tuple[str, ...]  # label of each line of the touchpoint map
    signals: tuple[str, ...]
    totals: tuple[str, ...]  # signals with a column for their sum
    dimensions: tuple[str, ...]
    scores: tuple[str, ...]
    types: tuple[str, ...]
    questions: tuple[str, ...]
    follows: tuple[str, ...]
    frameworks: tuple[str, ...]
    stages: dict[str, tuple[str, ...]]  # per framework, exits included
    alerts: tuple[str, ...]
    traits: tuple[TraitColumn, ...]
    seen_sets: tuple[str, ...]
    inputs: tuple[tuple[tuple[str, ...], ...], ...]  # per entry: paths of each number that it asks for
    codes: tuple[tuple[str, ...], ...]  # per entry: paths of the codes that it asks for


class Compiled:
    """What a model compiles to."""

    def __init__(
        self, *, model: Model, plan: Plan, layout: Layout, names: Names, programs: tuple[Program, ...],
        weights: dict[str, dict[str, float]], dimension_weights: dict[str, dict[str, float]],
    ) -> None:  # fmt: skip
        self.model = model
        self.plan = plan
        self.layout = layout
        self.names = names
        self.programs = programs
        self.weights = weights  # per score, of the dimensions behind it
        self.dimension_weights = dimension_weights
        # Of every signal, the event of the first line of the map that gives it.
        self.event_of = {name: each.event for each in reversed(model.touchpoints) for name, _ in each.signals}

    def counts_amounts(self, signal: str) -> bool:
        """Return whether a signal without a column for its sum has amounts all the same: one each."""
        return any(name == signal for entry in self.model.touchpoints for name, _ in entry.signals)
