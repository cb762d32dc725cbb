"""Flows: what happened per UTC day in this partition: touchpoints, amounts, transitions, alerts. Pure.

Figures about who customers are now are column scans; what flowed must be counted as it happens.
"""

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from streams.engine import ground
from streams.engine.advance import DELETION, Batch
from streams.engine.instants import DAY_MS, NO_DAY
from streams.model.compiled import Compiled

DAYS_KEPT = 400


class Flows:
    """Panes of one UTC day each, in a ring of 400 days."""

    def __init__(self, compiled: Compiled) -> None:
        names = compiled.names
        self.meaning = xxhash.xxh3_64_hexdigest(
            msgspec.json.encode([names.entries, names.inputs, names.frameworks, names.stages, names.alerts])
        )
        self.day = np.full(DAYS_KEPT, NO_DAY, np.int64)
        self.written = np.zeros(DAYS_KEPT, np.int64)
        self.changed = np.zeros(DAYS_KEPT, np.bool_)
        width = max((len(paths) for paths in names.inputs), default=0)
        most_stages = 1 + max((len(stages) for stages in names.stages.values()), default=0)
        self.touchpoints = np.zeros(
            (DAYS_KEPT, len(names.entries) + 1), np.int64
        )  # the last column: unmapped
        self.amounts = np.zeros((DAYS_KEPT, len(names.entries) + 1, max(1, width)))
        self.moves = np.zeros((DAYS_KEPT, max(1, len(names.frameworks)), most_stages, most_stages), np.int64)
        self.raised = np.zeros((DAYS_KEPT, max(1, len(names.alerts))), np.int64)
        self.newest = NO_DAY

    def count(self, batch: Batch, applied: NDArray[np.bool_]) -> None:
        """Count the applied touchpoints of a batch and their amounts; a deletion is none."""
        applied = applied & (batch.bits & DELETION == 0)
        days = batch.at // DAY_MS
        self.roll(days[applied])
        kept = np.flatnonzero(applied & (self.day[days % DAYS_KEPT] == days))
        slots, entries, numbers = days[kept] % DAYS_KEPT, batch.entry[kept], batch.inputs[kept]
        self.changed[slots] = True
        np.add.at(self.touchpoints, (slots, entries), 1)
        places, columns = np.nonzero(~np.isnan(numbers))
        np.add.at(self.amounts, (slots[places], entries[places], columns), numbers[places, columns])

    def count_told(self, told_at: NDArray[np.int64]) -> None:
        """Count transitions and alerts raised."""
        days = told_at[:, ground.TOLD_AT] // DAY_MS
        self.roll(days)
        kept = told_at[self.day[days % DAYS_KEPT] == days]
        slots = kept[:, ground.TOLD_AT] // DAY_MS % DAYS_KEPT
        self.changed[slots] = True
        what = kept[:, ground.TOLD_WHAT]
        stage = kept[:, ground.TOLD_KIND] == ground.STAGE
        np.add.at(
            self.moves,
            (slots[stage], what[stage], kept[stage, ground.TOLD_FROM], kept[stage, ground.TOLD_TO]),
            1,
        )
        raised = kept[:, ground.TOLD_KIND] == ground.RAISED
        np.add.at(self.raised, (slots[raised], what[raised]), 1)

    def roll(self, days: NDArray[np.int64]) -> None:
        """Clear the panes that newer days take over."""
        for day in np.unique(days[self.day[days % DAYS_KEPT] < days]):
            slot = day % DAYS_KEPT
            self.day[slot] = day
            for panes in (self.touchpoints, self.amounts, self.moves, self.raised):
                panes[slot] = 0
            self.newest = max(self.newest, int(day))

    def slot_of(self, day: int) -> int:
        """Return where a day's panes stand, -1 where nothing flowed on it."""
        slot = day % DAYS_KEPT
        return slot if self.day[slot] == day else -1

    def panes(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the four arrays whose first axis is the day."""
        return self.touchpoints, self.amounts, self.moves, self.raised

    def shape(self) -> str:
        """Return what the arrays are about; stored panes of another shape cannot be taken over."""
        return " ".join(str(panes.shape[1:]) for panes in self.panes()) + " " + self.meaning

    def restore(self, days: bytes, body: bytes, shape: str, number: int) -> None:
        """Take in stored days, unless the model has changed what they count."""
        if shape != self.shape():
            return
        slots, names = np.frombuffer(days, np.int64).reshape(2, -1)
        self.day[slots] = names
        self.written[slots] = number
        at = 0
        for panes in self.panes():
            size = panes[slots].nbytes
            panes[slots] = np.frombuffer(body[at : at + size], panes.dtype).reshape(panes[slots].shape)
            at += size
        if len(names):
            self.newest = max(self.newest, int(names.max()))
