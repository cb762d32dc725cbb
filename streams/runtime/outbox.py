"""What the processor has to tell since the last flush, gathered from outcomes. Pure.

Every log writes it together with the state that it follows from, whole or not at all.
"""

from typing import TYPE_CHECKING

from schemas.dead_letter import DeadLetter, LateTouchpoint
from schemas.outputs import AlertRaised, AlertResolved, StageChanged
from streams.runtime.emission import Block, Emission, latest

if TYPE_CHECKING:
    from streams.runtime.outcome import Outcome


class Outbox:
    """Outputs in their order; of a customer's scores only the latest, and of one who was deleted none."""

    def __init__(self, *, after: "Outbox | None" = None) -> None:
        """after: the one that was flushed."""
        self._told_before = 0 if after is None else after.told
        self.dead_letters: list[DeadLetter] = []
        self.late: list[LateTouchpoint] = []
        self.transitions: list[StageChanged] = []
        self.alerts: list[AlertRaised | AlertResolved] = []
        self.emissions = 0  # of scores, of which only the latest are kept
        self._sent: list[Block] = []
        self._scored: set[str] = set()
        self._forgotten: dict[str, int] = {}  # and how many blocks had been sent before

    def add(self, outcome: "Outcome") -> None:
        """Take in what one call of the processor has to tell."""
        self.dead_letters += outcome.dead_letters
        self.late += outcome.late
        if outcome.moves:
            self.transitions += outcome.transitions()
        if outcome.raised or outcome.resolved:
            self.alerts += outcome.alerts()
        for customer, sent in outcome.forgotten.items():
            self._forgotten[customer] = len(self._sent) + sent
        if outcome.emissions:
            self._sent += outcome.sent
            for block in outcome.sent:
                self._scored.update(block.subjects)
            self.emissions += outcome.emissions

    @property
    def scores(self) -> list[Emission]:
        """Return the latest scores of every customer that has some to tell; made only now."""
        return list(latest(self._sent, self._forgotten))

    @property
    def forgotten(self) -> list[str]:
        """Return the customers who were deleted; it is told before the scores of those who came back."""
        return list(self._forgotten)

    @property
    def told(self) -> int:
        """Return how many outputs there have been, with those of the outboxes before this one."""
        return self._told_before + len(self)

    def __len__(self) -> int:
        """Return how many outputs there are."""
        return (
            len(self.dead_letters)
            + len(self.late)
            + len(self.transitions)
            + len(self.alerts)
            + len(self._scored)
            + len(self._forgotten)
        )
