"""The names that a model defines, by what they name."""

import msgspec

from streams.model.definition import Framework, Model
from streams.model.sections import produced_signals


class Names(msgspec.Struct, frozen=True):
    """Every name that rules and sections may refer to."""

    score: frozenset[str]
    dimension: frozenset[str]
    type: frozenset[str]
    signal: frozenset[str]
    question: frozenset[str]
    set: frozenset[str]
    follow: frozenset[str]
    stages: dict[str, tuple[str, ...]]
    flags: frozenset[str]

    def of(self, kind: str) -> frozenset[str]:
        """Return the names of a kind of term: signals for count, questions for answer and so on."""
        return {
            "score": self.score,
            "score_at": self.score,
            "dimension": self.dimension,
            "type": self.type,
            "stage": frozenset(self.stages),
            "answer": self.question,
            "seen": self.set,
            "follow": self.follow,
        }.get(kind, self.signal)


def names_of(model: Model) -> Names:
    """Return what a model defines."""
    return Names(
        score=frozenset(score.name for score in model.scores),
        dimension=frozenset(dimension.name for dimension in model.dimensions),
        type=frozenset(entry.type for entry in model.touchpoints if entry.type is not None),
        signal=frozenset(produced_signals(model.touchpoints, model.follows)),
        question=frozenset(question.name for question in model.questions),
        set=frozenset(name for entry in model.touchpoints for name, _ in entry.seen),
        follow=frozenset(follow.name for follow in model.follows),
        stages={framework.name: stage_names(framework) for framework in model.frameworks},
        flags=frozenset(framework.name for framework in model.frameworks if framework.kind == "flags"),
    )


def stage_names(framework: Framework) -> tuple[str, ...]:
    """Return the stages and exits of a framework in the order of the file."""
    return tuple(stage.name for stage in (*framework.stages, *framework.exits))
