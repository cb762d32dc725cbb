"""What the processor has to tell since the last flush, as rows of output and, once written, as happenings."""

from typing import TYPE_CHECKING

import msgspec

from schemas.dead_letter import DeadLetter, LateTouchpoint
from schemas.outputs import AlertRaised, AlertResolved, ScoreUpdated, StageChanged
from streams import topics
from streams.instrumentation import Instrumentation
from streams.runtime.embedded.outputs import OutputRow, dead_letter

if TYPE_CHECKING:
    from streams.runtime.outcome import Outcome


class Told:
    """Outputs gathered from outcomes, in their order; of a customer's scores only the latest."""

    def __init__(self) -> None:
        self._dead_letters: list[DeadLetter] = []
        self._late: list[LateTouchpoint] = []
        self._transitions: list[StageChanged] = []
        self._alerts: list[AlertRaised | AlertResolved] = []
        self._scores: dict[str, ScoreUpdated] = {}
        self._emissions = 0

    def add(self, outcome: "Outcome") -> None:
        """Take in what one call of the processor has to tell."""
        self._dead_letters += outcome.dead_letters
        self._late += outcome.late
        if outcome.moves:
            self._transitions += outcome.transitions()
        if outcome.raised or outcome.resolved:
            self._alerts += outcome.alerts()
        if outcome.emissions:
            self._scores.update((each.customer_id, each) for each in outcome.scores())
            self._emissions += outcome.emissions

    def __len__(self) -> int:
        """Return how many rows there will be."""
        return (
            len(self._dead_letters)
            + len(self._late)
            + len(self._transitions)
            + len(self._alerts)
            + len(self._scores)
        )

    def rows(self) -> list[OutputRow]:
        """Return everything as rows of the log."""
        encode = msgspec.json.Encoder().encode
        return [
            *map(dead_letter, self._dead_letters),
            *(
                OutputRow(topics.LATE.name, each.customer_id.encode(), None, encode(each))
                for each in self._late
            ),
            *(
                OutputRow(topics.TRANSITIONS.name, each.customer_id.encode(), each.framework, encode(each))
                for each in self._transitions
            ),
            *(
                OutputRow(topics.ALERTS.name, each.customer_id.encode(), each.alert, encode(each))
                for each in self._alerts
            ),
            *(
                OutputRow(topics.SCORES.name, each.customer_id.encode(), None, encode(each))
                for each in self._scores.values()
            ),
        ]

    def announce(self, instrumentation: Instrumentation) -> None:
        """Count and log what is now written."""
        instrumentation.dead_lettered(self._dead_letters)
        instrumentation.arrived_late(self._late)
        instrumentation.moved(self._transitions)
        instrumentation.alerted(self._alerts)
        instrumentation.emitted(scores=self._emissions)
