"""A lane: one table of subjects with its model, and the touchpoints that wait to be applied to it. Pure.

A processor has a lane for customers, one for accounts and one for the business itself.
"""

from collections.abc import Mapping, Sequence
from itertools import compress
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

from schemas.touchpoint import Subject
from streams.engine import advance, ground
from streams.engine.advance import Batch
from streams.engine.table import Table
from streams.model.compile_rules import text_code
from streams.model.compiled import Compiled
from streams.runtime.checks import Checked, Refused, check
from streams.runtime.decode import (
    SAID_CODES,
    Columns,
    Fields,
    columns_of,
    number_of,
    seen_text,
    trait_of,
)
from streams.runtime.emission import Emitter
from streams.runtime.flows import Flows
from streams.runtime.kept_ids import Ids
from streams.runtime.matching import Matcher
from streams.runtime.outcome import Told
from streams.runtime.record import Record
from streams.runtime.texts import Texts, shown_traits
from streams.runtime.words import Move, Source

_value = attrgetter("value")

DATED = 1  # the code of a trait of which only the instant is read
ROW_FACTOR = np.int64(-7046029254386353131)  # 2^64 / golden ratio, odd: rows do not meet again


class Applied(NamedTuple):
    """What a lane made of its waiting touchpoints: columns with outcomes, their records, and the refused."""

    batch: Batch
    records: list[Record]
    refused: list[tuple[Record, Refused]]


class Lane:
    """Touchpoints of one kind of subject, gathered as columns and applied together."""

    def __init__(self, subject: str, compiled: Compiled, *, remembered_ids: int, storing: bool) -> None:
        self.subject = subject
        self.compiled = compiled
        self.matcher = Matcher(compiled)
        self.table = Table(compiled.plan, compiled.layout, remembered_ids=remembered_ids)
        self.flows = Flows(compiled)
        self.emitter = Emitter(compiled)
        self.sources: dict[str, list[Source]] = {}  # by a rule's text
        self.moves: dict[tuple[int, ...], Move] = {}
        self.width = max((len(paths) for paths in compiled.names.inputs), default=0)
        self.codes = max((len(paths) for paths in compiled.names.codes), default=0)
        self.storing = storing
        self.new_ids: list[Ids] = []
        self.texts = Texts()
        shown = shown_traits(compiled)
        self.trait_codes = tuple(
            _dated if trait.date else self.texts.note if trait.name in shown else text_code
            for trait in compiled.names.traits
        )
        # Decoded touchpoints that wait to be applied, and their records; the same two lists for ever.
        self.waiting: list[Fields] = []
        self.records: list[Record] = []
        self._counts: dict[str, int] = {}

    def apply_waiting(self, told: Told, tolerance_ms: int | None) -> Applied:
        """Apply what waits, but for what must be refused; happenings go to `told`.

        tolerance_ms: how far ahead of its arrival a touchpoint may be, None if that does not matter.
        """
        fields, records = self.waiting.copy(), self.records.copy()
        self.waiting.clear()
        self.records.clear()
        columns = columns_of(fields)
        checked = check(columns, records, self.subject, tolerance_ms)
        refused = [(records[place], why) for place, why in checked.refused.items()]
        if refused:
            good = [place not in checked.refused for place in range(len(fields))]
            fields, records = list(compress(fields, good)), list(compress(records, good))
            columns = Columns._make(tuple(compress(column, good)) for column in columns)
            checked = Checked(list(compress(checked.ids, good)), checked.at[good], {})
        batch = self._batch(fields, records, columns, checked)
        if fields:
            self._run(batch, columns, told)
        return Applied(batch, records, refused)

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

    def counted(self, places: Mapping[str, int]) -> dict[str, int]:
        """Return how much counters at these places of the engine's cursor have grown since the last call."""
        now = {name: int(self.table.ground.cursor[place]) for name, place in places.items()}
        grown = {name: count - self._counts.get(name, 0) for name, count in now.items()}
        self._counts = now
        return grown

    def _run(self, batch: Batch, columns: Columns, told: Told) -> None:
        """Apply a batch, as often as it takes to find room for what happens."""
        table, start, messages, sent = self.table, 0, columns.message_id, len(told.sent)
        table.reserve(table.rows)
        table.reserve_ids(len(messages))
        while start < len(messages):
            start = advance.run_batch(table.ground, batch, start)
            told.gather(self, messages)
        applied = batch.outcome == advance.APPLIED
        if self.storing:
            rows = batch.row[applied].astype(np.int32)
            self.new_ids.append((batch.key[applied], batch.at[applied], rows, batch.content[applied]))
        if self.subject == Subject.CUSTOMER:
            self._forget(batch.row[applied & (batch.bits == advance.DELETION)], told, sent)
        self.flows.count(batch, applied, columns.source, self.texts.note)

    def _forget(self, deleted: NDArray[np.int64], told: Told, sent: int) -> None:
        """Say who was deleted; of one who has come back since, what was sent after the first `sent` holds."""
        table = self.table
        gone = table.ground.small[deleted, ground.STATUS] == ground.DELETED
        for row, is_gone in zip(deleted.tolist(), gone.tolist(), strict=True):
            told.forgotten[table.names[row]] = len(told.sent) if is_gone else sent

    def _batch(
        self, fields: Sequence[Fields], records: Sequence[Record], columns: Columns, checked: Checked
    ) -> Batch:
        """Turn touchpoints into the columns that the engine reads."""
        n, matcher = len(fields), self.matcher
        batch = advance.empty_batch(n, inputs=self.width, codes=self.codes, traits=len(matcher.traits))
        batch.row[:] = self.table.rows_of(checked.ids)
        batch.at[:] = checked.at
        batch.entry[:] = matcher.entries_of(fields, columns.event)
        said = zip(columns.kind, columns.direction, columns.channel, strict=True)
        codes = np.fromiter(map(SAID_CODES.__getitem__, said), np.int64, n)
        batch.channel[:] = codes >> 2
        batch.bits[:] = codes & 3
        batch.bits[~matcher.activity[batch.entry]] &= ~advance.ACTIVITY
        digests = b"".join(map(xxhash.xxh3_128_digest, map(str.encode, columns.message_id)))
        batch.key[:] = np.frombuffer(digests, np.int64).reshape(n, 2)
        batch.key[:, 0] ^= batch.row * ROW_FACTOR
        contents = b"".join(map(xxhash.xxh3_64_digest, map(_value, records)))
        batch.content[:] = np.frombuffer(contents, ">u8")
        for place in np.flatnonzero(matcher.wants_more[batch.entry]).tolist():
            self._read_properties(batch, place, fields[place])
        if matcher.traits:
            for place, traits in enumerate(columns.traits):
                if traits is not None:
                    self._read_traits(batch, place, fields[place])
        return batch

    def _read_properties(self, batch: Batch, place: int, fields: Fields) -> None:
        """Read the numbers and texts that the touchpoint's line of the map asks for."""
        entry, matcher = int(batch.entry[place]), self.matcher
        for k, get in matcher.inputs[entry]:
            batch.inputs[place, k] = number_of(get(fields))
        for k, get in enumerate(matcher.codes[entry]):
            text = seen_text(get(fields))
            batch.codes[place, k] = text_code(text) if text else 0
        if matcher.answers[entry]:
            batch.tie[place] = xxhash.xxh3_64_intdigest(fields.message_id.encode()) >> 1

    def _read_traits(self, batch: Batch, place: int, fields: Fields) -> None:
        """Read the traits that rules ask for."""
        for k, (get, date) in enumerate(self.matcher.traits):
            trait = get(fields)
            if trait is not None:
                text, number = trait_of(trait, date=date)
                if text is not None:
                    batch.trait_code[place, k] = self.trait_codes[k](text)
                    batch.trait[place, k] = number


def _dated(_: str) -> int:
    return DATED
