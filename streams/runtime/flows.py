"""Flows: what happened per UTC day in this partition: touchpoints, amounts, transitions, alerts. Pure.

Figures about who customers are now are column scans; what flowed must be counted as it happens.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import compress

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from streams.engine import ground
from streams.engine.advance import DELETION, Batch
from streams.engine.instants import DAY_MS, NO_DAY
from streams.model.compile_rules import text_code
from streams.model.compiled import Compiled
from streams.runtime.decode import CHANNEL_CODES

DAYS_KEPT = 400
MOST_SOURCES = 32  # of a day, by their code and in the order in which they came; the last is all others
OTHER_SOURCES = 1  # the code of those
CODE, COUNT = range(2)

Panes = NDArray[np.int64] | NDArray[np.float64]


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
        self.resolved = np.zeros_like(self.raised)
        self.channels = np.zeros((DAYS_KEPT, len(CHANNEL_CODES)), np.int64)
        self.sources = np.zeros((DAYS_KEPT, 2, MOST_SOURCES), np.int64)
        self.newest = NO_DAY

    def count(
        self,
        batch: Batch,
        applied: NDArray[np.bool_],
        sources: Sequence[object] = (),
        note: Callable[[str], int] = text_code,
    ) -> None:
        """Count the applied touchpoints of a batch and their amounts; a deletion is none.

        sources: of each touchpoint, what it says it comes from; anything but a text counts as nothing.
        note: keeps the text of a source that is counted by itself, and gives its code.
        """
        applied = applied & (batch.bits & DELETION == 0)
        days = batch.at // DAY_MS
        self.roll(days[applied])
        kept = np.flatnonzero(applied & (self.day[days % DAYS_KEPT] == days))
        slots, entries, numbers = days[kept] % DAYS_KEPT, batch.entry[kept], batch.inputs[kept]
        self.changed[slots] = True
        np.add.at(self.touchpoints, (slots, entries), 1)
        places, columns = np.nonzero(~np.isnan(numbers))
        np.add.at(self.amounts, (slots[places], entries[places], columns), numbers[places, columns])
        np.add.at(self.channels, (slots, batch.channel[kept]), 1)
        self._count_sources(slots, list(map(sources.__getitem__, kept.tolist())) if sources else [], note)

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
        for kind, panes in ((ground.RAISED, self.raised), (ground.RESOLVED, self.resolved)):
            chosen = kept[:, ground.TOLD_KIND] == kind
            np.add.at(panes, (slots[chosen], what[chosen]), 1)

    def _count_sources(
        self, slots: NDArray[np.int64], sources: list[object], note: Callable[[str], int]
    ) -> None:
        texts = [source if isinstance(source, str) else "" for source in sources]
        for slot in np.unique(slots).tolist() if texts else ():
            codes, counts = self.sources[slot]
            here = texts if (slots == slot).all() else compress(texts, (slots == slot).tolist())
            for source, count in Counter(here).items():
                code = text_code(source) if source else 0
                taken = int((counts > 0).sum())
                places = np.flatnonzero(codes[:taken] == code)
                place = int(places[0]) if len(places) else min(taken, MOST_SOURCES - 1)
                if place == MOST_SOURCES - 1:
                    code = OTHER_SOURCES
                elif not len(places) and source:
                    note(source)
                codes[place] = code
                counts[place] += count

    def roll(self, days: NDArray[np.int64]) -> None:
        """Clear the panes that newer days take over."""
        for day in np.unique(days[self.day[days % DAYS_KEPT] < days]):
            slot = day % DAYS_KEPT
            self.day[slot] = day
            for panes in self.panes():
                panes[slot] = 0
            self.newest = max(self.newest, int(day))

    def slot_of(self, day: int) -> int:
        """Return where a day's panes stand, -1 where nothing flowed on it."""
        slot = day % DAYS_KEPT
        return slot if self.day[slot] == day else -1

    def panes(self) -> tuple[Panes, ...]:
        """Return the arrays whose first axis is the day."""
        return (*self._first_panes(), self.resolved, self.channels, self.sources)

    def _first_panes(self) -> tuple[Panes, ...]:
        """Return those that every stored flush has."""
        return self.touchpoints, self.amounts, self.moves, self.raised

    def shape(self) -> str:
        """Return what the arrays are about; stored panes of another shape cannot be taken over."""
        return self._shape_of(self.panes())

    def _shape_of(self, arrays: tuple[Panes, ...]) -> str:
        return " ".join(str(panes.shape[1:]) for panes in arrays) + " " + self.meaning

    def restore(self, days: bytes, body: bytes, shape: str, number: int) -> None:
        """Take in stored days, unless the model has changed what they count."""
        known = {self._shape_of(arrays): arrays for arrays in (self._first_panes(), self.panes())}
        if shape not in known:
            return
        slots, names = np.frombuffer(days, np.int64).reshape(2, -1)
        self.day[slots] = names
        self.written[slots] = number
        at = 0
        for panes in known[shape]:
            size = panes[slots].nbytes
            panes[slots] = np.frombuffer(body[at : at + size], panes.dtype).reshape(panes[slots].shape)
            at += size
        if len(names):
            self.newest = max(self.newest, int(names.max()))
