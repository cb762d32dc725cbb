"""Arrivals as the topics bring them, and a file to take them into."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from schemas.instants import milliseconds
from schemas.outputs import (
    AlertRaised,
    AlertResolved,
    Because,
    MoveDirection,
    ScoreUpdated,
    Severity,
    StageChanged,
    Trigger,
)
from streams import topics
from streams.archive.outputs import OutputRow, told_row
from streams.instrumentation_dashboard import DashboardInstrumentation
from streams.materialised.arrival import Arrival, Figures, Output
from streams.materialised.file import NAME, MaterialisedFile
from streams.materialised.intake import Intake, Keeping
from streams.model.definition import Alert, Framework, Model, Score, Stage
from streams.model.expression import Constant, Rule
from tests.figures import NOBODY

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY_MS = 86_400_000
TOPICS = [*(topic.name for topic in topics.OUTPUTS), topics.TOUCHPOINTS.name]
IDENTITIES = {name: f"{name}@1" for name in TOPICS}
STATES = frozenset({"drop"})
ONE = Rule("1", Constant(1.0))

MODEL = Model(
    name="shop",
    version=2,
    digest="d",
    frameworks=(
        Framework(
            name="clm",
            kind="ladder",
            stages=(Stage(name="awareness"), Stage(name="engagement")),
            exits=(Stage(name="dormant"),),
        ),
        Framework(name="habits", kind="flags", stages=(Stage(name="visitor"), Stage(name="buyer"))),
        Framework(name="tier", kind="flags", levels=True, stages=(Stage(name="low"), Stage(name="high"))),
    ),
    scores=(Score(name="engagement", value=ONE), Score(name="churn", value=ONE)),
    alerts=(Alert(name="drop", kind="state", severity="warning"),),
)


class Clock:
    """The present instant, which goes on when the test says so."""

    def __init__(self) -> None:
        self.now_ms = milliseconds(NOON)

    def __call__(self) -> int:
        """Return the present."""
        return self.now_ms


class Bench:
    """An intake on a file in a directory; opened again, as by the next process, with `again`."""

    def __init__(self, directory: Path, model: Model = MODEL) -> None:
        self.clock = Clock()
        self.path = directory / NAME
        self.again(model)

    def again(self, model: Model = MODEL) -> None:
        """Open the file anew."""
        self.registry = CollectorRegistry()
        self.file = MaterialisedFile(self.path)
        self.intake = Intake(
            self.file, model, keeping=Keeping(outputs_ms=90 * DAY_MS, touchpoints_ms=30 * DAY_MS),
            clock=self.clock, instrumentation=DashboardInstrumentation(TOPICS, registry=self.registry),
        )  # fmt: skip

    def take(self, *arrivals: Arrival, positions: dict[tuple[str, int], int] | None = None) -> None:
        """Take arrivals in."""
        self.intake.take(arrivals, positions or {}, identities=IDENTITIES)

    def counted(self, name: str, topic: str) -> float:
        """Return a counter of a topic."""
        return self.registry.get_sample_value(f"engagement_dashboard_{name}_total", {"topic": topic}) or 0.0

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Return what is in the file."""
        with self.file.reading() as connection:
            return connection.execute(statement).fetchall()


BECAUSE = Because(rule="count(visit, 2d) >= 2", values={"count(visit, 2d)": 2.0}, touchpoints=[],
                  trigger=Trigger(kind="time"))  # fmt: skip


def move(
    number: int, customer: str = "ada", to: str | None = "engagement", *, framework: str = "clm"
) -> StageChanged:
    """Return the move `number`, at noon and so many seconds."""
    return StageChanged(
        id=f"m{number}", customer_id=customer, at=NOON + timedelta(seconds=number), model="shop",
        model_version=2, framework=framework, from_stage="awareness", to_stage=to,
        direction=MoveDirection.FORWARD, dwell_ms=0, because=BECAUSE,
    )  # fmt: skip


def raised(number: int, customer: str = "ada") -> AlertRaised:
    """Return the alert `number`, raised at noon and so many seconds."""
    return AlertRaised(
        id=f"r{number}", customer_id=customer, at=NOON + timedelta(seconds=number), model="shop",
        model_version=2, alert="drop", severity=Severity.WARNING, message="less", because=BECAUSE,
    )  # fmt: skip


def resolved(number: int, customer: str = "ada") -> AlertResolved:
    """Return the end of the alert `number`, a minute later."""
    return AlertResolved(
        id=f"s{number}", customer_id=customer, at=NOON + timedelta(seconds=number + 60), model="shop",
        model_version=2, alert="drop", raised_id=f"r{number}", because=BECAUSE,
    )  # fmt: skip


def scores(
    number: int, customer: str = "ada", *, stage: str | None = "engagement", held: Sequence[str] = (),
    version: int = 2, tier: str | None = None, **values: float,
) -> ScoreUpdated:  # fmt: skip
    """Return the scores `number`, at noon and so many seconds."""
    return ScoreUpdated(
        id=f"u{number}", customer_id=customer, at=NOON + timedelta(seconds=number), model="shop",
        model_version=version, scores=values, levels={"tier": tier}, mix={},
        stages={"clm": stage, "habits": list(held)},
    )  # fmt: skip


def told(
    what: StageChanged | AlertRaised | AlertResolved | ScoreUpdated, *, written_ms: int | None = None
) -> Output:
    """Return an output as it arrives, written at the instant that it is about if nothing else is said."""
    value = msgspec.json.encode(what)
    at_ms = milliseconds(what.at) if written_ms is None else written_ms
    if isinstance(what, ScoreUpdated):
        row = OutputRow(topics.SCORES.name, what.customer_id.encode(), None, value)
        return Output(row, at_ms, what.id.encode(), what)
    return Output(told_row(what, value), at_ms, what.id.encode())


def figures(partition: int, customers: int, *, at: datetime = NOON) -> Figures:
    """Return the figures of a partition with so many customers."""
    return Figures(partition, replace(NOBODY, as_of=at, customers=customers))
