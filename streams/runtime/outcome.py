"""What one call of the processor brought about: counts at once, outputs rendered on demand. Pure."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.dead_letter import DeadLetter, LateTouchpoint
from schemas.outputs import AlertRaised, AlertResolved, ScoreUpdated, StageChanged
from streams.engine import ground
from streams.runtime.emission import Block, latest
from streams.runtime.render import Renderer

if TYPE_CHECKING:
    from streams.runtime.lane import Lane


_decode: Final = msgspec.json.Decoder(ScoreUpdated).decode


class Harvest(NamedTuple):
    """Happenings copied out of the kernel: rows of `told_at` and `told`, and the batch's message ids."""

    lane: "Lane"
    told_at: NDArray[np.int64]
    told: NDArray[np.float64]
    messages: Sequence[str]


class Told:
    """Happenings of one call, in order; of several emissions of one row the last.

    forgotten: customers that were deleted, and how many blocks had been sent before: none of those holds.
    """

    def __init__(self) -> None:
        self.harvests: list[Harvest] = []
        self.sent: list[Block] = []
        self.forgotten: dict[str, int] = {}

    def gather(self, lane: "Lane", messages: Sequence[str]) -> None:
        """Take the happenings out of a lane's kernel so that there is room again."""
        g = lane.table.ground
        n, m = int(g.cursor[ground.TOLD]), int(g.cursor[ground.SENT])
        if n:
            told_at = g.told_at[:n].copy()
            self.harvests.append(Harvest(lane, told_at, g.told[:n].copy(), messages))
            lane.flows.count_told(told_at)
            g.cursor[ground.TOLD] = 0
        if m:
            sent = g.sent[:m].copy()
            rows = sent[:, ground.SENT_ROW].astype(np.int64)
            g.slot[rows] = -1
            names = lane.table.names
            self.sent.append(Block(lane.emitter, [names[row] for row in rows.tolist()], sent))
            g.cursor[ground.SENT] = 0

    def count_latest(self) -> int:
        """Return how many subjects have an emission."""
        if len(self.sent) == 1:
            return len(self.sent[0].subjects)
        return len({subject for block in self.sent for subject in block.subjects})

    def count(self, kind: int) -> int:
        """Return how many happenings of a kind there are."""
        return sum(int((harvest.told_at[:, ground.TOLD_KIND] == kind).sum()) for harvest in self.harvests)


class Outcome:
    """What became of the records of one call, and what is to be told."""

    def __init__(self, told: Told, dead_letters: list[DeadLetter], late: list[LateTouchpoint]) -> None:
        self.told = told
        self.dead_letters = dead_letters
        self.late = late
        self.moves = told.count(ground.STAGE)
        self.raised = told.count(ground.RAISED)
        self.resolved = told.count(ground.RESOLVED)
        self.sent = told.sent
        self.forgotten = told.forgotten
        self.emissions = told.count_latest()

    def transitions(self) -> list[StageChanged]:
        """Return the transitions, in order."""
        return [
            renderer.transition(i)
            for renderer in self._renderers()
            for i in renderer.places(ground.STAGE)
            if not renderer.is_level(i)
        ]

    def alerts(self) -> list[AlertRaised | AlertResolved]:
        """Return the alerts raised and resolved, in order."""
        return [
            renderer.raised(i) if renderer.kind(i) == ground.RAISED else renderer.resolved(i)
            for renderer in self._renderers()
            for i in renderer.places(ground.RAISED, ground.RESOLVED)
        ]

    def scores(self) -> list[ScoreUpdated]:
        """Return the latest emission of every customer that has one, as their readers see it."""
        return [_decode(each.value) for each in latest(self.sent, self.forgotten)]

    def _renderers(self) -> Iterator[Renderer]:
        return (Renderer(*harvest) for harvest in self.told.harvests)
