"""A lane: one table of subjects with its model, and the touchpoints that wait to be applied to it. Pure.

A processor has a lane for customers, one for accounts and one for the business itself.
"""

import numpy as np
import xxhash
from numpy.typing import NDArray

from streams.engine import advance
from streams.engine.advance import Batch
from streams.engine.table import Table
from streams.model.compile_rules import text_code
from streams.model.compiled import Compiled
from streams.runtime.decode import (
    ACTIVE_KINDS,
    CHANNEL_CODES,
    Fields,
    Matcher,
    number_of,
    seen_text,
    trait_of,
)
from streams.runtime.flows import Flows
from streams.runtime.outcome import Told

SENT_OUTCOMES = advance.SUPPRESSED + 1


class Lane:
    """Touchpoints of one kind of subject, gathered as columns and applied together."""

    def __init__(self, compiled: Compiled, *, remembered_ids: int, storing: bool) -> None:
        self.compiled = compiled
        self.matcher = Matcher(compiled)
        self.table = Table(compiled.plan, compiled.layout, remembered_ids=remembered_ids)
        self.flows = Flows(compiled)
        self.width = max((len(paths) for paths in compiled.names.inputs), default=0)
        self.codes = max((len(paths) for paths in compiled.names.codes), default=0)
        self.trait_count = len(compiled.names.traits)
        self.storing = storing
        self.new_ids: list[
            tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32], NDArray[np.uint32]]
        ] = []
        self.texts: dict[int, str] = {}
        self.new_texts: dict[int, str] = {}
        self.clear()

    def clear(self) -> None:
        """Forget the gathered touchpoints."""
        self.rows: list[int] = []
        self.at: list[int] = []
        self.entries: list[int] = []
        self.bits: list[int] = []
        self.channels: list[int] = []
        self.keys: list[bytes] = []
        self.contents: list[int] = []
        self.messages: list[str] = []
        self.origins: list[int] = []
        self.numbers: list[tuple[int, int, float]] = []
        self.seen: list[tuple[int, int, int]] = []
        self.ties: list[tuple[int, int]] = []
        self.trait_values: list[tuple[int, int, int, float]] = []

    def add(self, subject_id: str, fields: Fields, at_ms: int, value: bytes, origin: int) -> None:
        """Gather one touchpoint; `origin` is its place among the records of the call."""
        place, matcher = len(self.rows), self.matcher
        entry = matcher.entry_of(fields)
        active = fields.direction == "in" and fields.kind in ACTIVE_KINDS
        if entry >= 0:
            for k, get in matcher.inputs[entry]:
                number = number_of(get(fields))
                if number == number:
                    self.numbers.append((place, k, number))
            for k, get in enumerate(matcher.codes[entry]):
                self.seen.append((place, k, self._note(seen_text(get(fields)))))
            if matcher.answers[entry]:
                self.ties.append((place, xxhash.xxh3_64_intdigest(fields.message_id.encode()) >> 1))
            active = active and matcher.activity[entry]
        if matcher.traits and fields.traits is not None:
            for k, (get, date) in enumerate(matcher.traits):
                trait = get(fields)
                if trait is not None:
                    text, number = trait_of(trait, date=date)
                    self.trait_values.append((place, k, self._note(text), number))
        self.rows.append(self.table.row_of(subject_id))
        self.at.append(at_ms)
        self.entries.append(entry)
        self.bits.append(advance.DELETION if fields.kind == "delete" else advance.ACTIVITY if active else 0)
        self.channels.append(CHANNEL_CODES[fields.channel])
        self.keys.append(xxhash.xxh3_128_digest(f"{subject_id}\x1f{fields.message_id}".encode()))
        self.contents.append(xxhash.xxh3_64_intdigest(value) & 0xFFFF_FFFF)
        self.messages.append(fields.message_id)
        self.origins.append(origin)

    def _note(self, text: str) -> int:
        """Return the code of a text (0 for none) and keep the text, to show it; rules need only the code."""
        if not text:
            return 0
        code = text_code(text)
        if code not in self.texts:
            self.texts[code] = text
            self.new_texts[code] = text
        return code

    def run(self, told: Told) -> Batch:
        """Apply what was gathered; happenings go to `told`. Returns the columns with their outcomes."""
        batch = self._batch()
        table = self.table
        table.reserve(table.rows)
        table.reserve_ids(len(self.rows))
        start = 0
        while start < len(self.rows):
            start = advance.run_batch(table.ground, batch, start)
            told.gather(self, self.messages)
        applied = batch.outcome == advance.APPLIED
        if self.storing:
            rows = batch.row[applied].astype(np.int32)
            self.new_ids.append((batch.key[applied], batch.at[applied], rows, batch.content[applied]))
        self.flows.count(batch, applied)
        return batch

    def elapse(self, until_ms: int, told: Told) -> None:
        """Let time pass through `until_ms` for every row."""
        start, table = 1, self.table
        while start < table.rows:
            start = advance.elapse_rows(table.ground, start, table.rows, until_ms)
            told.gather(self, ())

    def evaluate_model(self, told: Told) -> None:
        """Evaluate every row once, because the model changed."""
        start, table = 1, self.table
        while start < table.rows:
            start = advance.evaluate_rows(table.ground, start, table.rows)
            told.gather(self, ())

    def next_due_ms(self) -> int:
        """Return the earliest instant at which something can change by itself."""
        return int(advance.next_due(self.table.ground, self.table.rows))

    def _batch(self) -> Batch:
        n = len(self.rows)
        batch = advance.empty_batch(n, inputs=self.width, codes=self.codes, traits=self.trait_count)
        batch.row[:] = self.rows
        batch.at[:] = self.at
        batch.entry[:] = self.entries
        batch.bits[:] = self.bits
        batch.channel[:] = self.channels
        batch.content[:] = self.contents
        batch.key[:] = np.frombuffer(b"".join(self.keys), np.int64).reshape(n, 2)
        for place, k, number in self.numbers:
            batch.inputs[place, k] = number
        for place, k, code in self.seen:
            batch.codes[place, k] = code
        for place, tie in self.ties:
            batch.tie[place] = tie
        for place, k, code, number in self.trait_values:
            batch.trait_code[place, k] = code
            batch.trait[place, k] = number
        return batch
