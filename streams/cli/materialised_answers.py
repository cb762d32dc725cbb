"""What the API answers from on Kafka: the file that is made of the output topics."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, overload

from schemas.pages import Acknowledgement, CustomerPage, TouchpointPage
from schemas.population import PartitionStatus
from schemas.views import CustomerView, PartitionKpis, Why
from streams import topics
from streams.archive.questions import Questions
from streams.dashboard.outputs import lasting
from streams.dashboard.service import NotReadyError
from streams.materialised import timeline, views
from streams.materialised.file import MaterialisedFile
from streams.materialised.intake import Intake
from streams.model.definition import Model
from streams.model.problems import Problem
from streams.runtime.kpi_sums import added
from streams.runtime.search import CustomerQuery


class MaterialisedAnswers:
    """Answers from a file; `behind` counts outputs that are not in it, by topic, `trouble` says what hinders.

    timeline: whether touchpoints are in it, too.
    """

    mode: Literal["embedded", "kafka"] = "kafka"

    def __init__(
        self,
        file: MaterialisedFile,
        intake: Intake,
        model: Model,
        *,
        behind: Callable[[], Mapping[str, int]],
        trouble: Callable[[], str | None],
        has_timeline: bool,
    ) -> None:
        self.model = model
        self.told = Questions(file.reading)
        self._file = file
        self._intake = intake
        self._states = lasting(model)
        self._behind = behind
        self._trouble = trouble
        self._has_timeline = has_timeline
        self._counting = threading.Lock()  # around the figures
        self._figures: dict[int, PartitionKpis] = {}
        self._figures_taken = -1

    def customer(self, customer_id: str) -> CustomerView | None:
        """Return the customer as of its last scores."""
        with self._file.reading() as connection:
            return views.customer(connection, customer_id, self._intake.customers, states=self._states)

    def why(self, customer_id: str) -> Why | None:
        """Say why the customer is where it is: what the rules of its last moves read then."""
        with self._file.reading() as connection:
            return views.why(connection, customer_id, self._intake.customers, states=self._states)

    def customers(self, query: CustomerQuery) -> CustomerPage:
        """Return customers in the order of their ids.

        Raises:
            UnknownName: the model has no such framework, stage or score.
        """
        with self._file.reading() as connection:
            return self._intake.customers.find(connection, query)

    def touchpoints(self, customer_id: str, *, before: int | None, limit: int) -> TouchpointPage:
        """Return a customer's touchpoints, where they are kept."""
        if not self._has_timeline:
            return TouchpointPage(touchpoints=[], next=None, kept=False)
        with self._file.reading() as connection:
            return timeline.page(connection, customer_id, before=before, limit=limit)

    def kpis(self) -> PartitionKpis:
        """Return the figures of all partitions, each as its worker told them last."""
        figures = self._latest()
        if not figures:
            raise NotReadyError("no worker has told any figures yet")
        return added(figures.values())

    def partitions(self) -> list[PartitionStatus]:
        """Return until when the figures of each partition are."""
        return [
            PartitionStatus(partition=number, as_of=kpis.as_of, customers=kpis.customers)
            for number, kpis in sorted(self._latest().items())
        ]

    def acknowledge(self, alert_id: str, said: Acknowledgement | None) -> bool:
        """Note in the file who looks after an alert; no topic tells of it."""
        return self._intake.acknowledge(alert_id, said)

    def memory(self) -> None:
        """Return nothing: tables are in the workers' memory."""
        return

    def lag(self) -> int:
        """Return how many outputs are not in the file yet, as far as is known."""
        return sum(count for topic, count in self._behind().items() if topic != topics.TOUCHPOINTS.name)

    def hindrance(self) -> str | None:
        """Say what keeps the file from being current."""
        return self._trouble()

    def _latest(self) -> dict[int, PartitionKpis]:
        with self._counting:
            taken = self._intake.figures_taken
            if taken != self._figures_taken:
                self._figures, self._figures_taken = self.told.latest_kpis(), taken
            return self._figures


class Findings(Sequence[Problem]):
    """What the check of a model says and, while the workers have another model, that they do."""

    def __init__(self, checked: Sequence[Problem], intake: Intake) -> None:
        self._checked = checked
        self._intake = intake

    def _all(self) -> list[Problem]:
        other = self._intake.other_model
        if other is None:
            return list(self._checked)
        reason = f"the workers have another model: {other}"
        suggestion = "give the dashboard the workers' model, and start it again"
        return [Problem(severity="warning", reason=reason, suggestion=suggestion), *self._checked]

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, place: int) -> Problem: ...
    @overload
    def __getitem__(self, place: slice) -> list[Problem]: ...
    def __getitem__(self, place: int | slice) -> Problem | list[Problem]:
        return self._all()[place]
