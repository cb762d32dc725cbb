"""The flush: all that changed in a partition, as bytes that stand for themselves, and back. Pure.

A body holds its layout, so rows written under an older model are read by name; and it holds the ids of
the customers of its rows, so that any flush may be dropped once its rows were written again.
"""

import zlib
from collections.abc import Iterable
from itertools import compress
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from schemas.touchpoint import Subject
from streams.engine import stored
from streams.engine.layout import MATRICES, Layout
from streams.runtime.kept_ids import KeptIds
from streams.runtime.record import Flush

if TYPE_CHECKING:
    from streams.runtime.lane import Lane
    from streams.runtime.processor import Processor

VERSION = 2  # flows have panes of channels and sources since; an older Rapport would drop all of them
ID_BYTES = 32


class LaneBody(msgspec.Struct, array_like=True):
    """What one lane adds to a flush. Arrays are bytes of little-endian numbers."""

    subject: str
    layout: bytes  # MessagePack, compressed
    rows: bytes
    names: list[str]
    lengths: bytes
    packed: bytes
    id_keys: bytes
    id_at: bytes
    id_rows: bytes
    id_contents: bytes
    texts: dict[int, str]
    flow_days: bytes
    flows: bytes
    flow_shape: str
    id_gone: bytes = b""  # first halves of keys in earlier flushes that were forgotten before their time


class Body(msgspec.Struct, array_like=True):
    """A whole flush."""

    version: int
    number: int
    position: int
    ticked_ms: int
    model: str
    model_digest: str
    totals: dict[str, int]
    dead_reasons: dict[str, int]
    lanes: list[LaneBody]


class LaneMemory:
    """Which flush wrote what last: per row, and how large."""

    def __init__(self) -> None:
        self.written = np.zeros(1, np.int64)
        self.sizes = np.zeros(1, np.int64)
        self.ids = KeptIds()

    def reserve(self, rows: int) -> None:
        """Make room for `rows` rows."""
        if rows > len(self.written):
            more = max(rows, 2 * len(self.written)) - len(self.written)
            self.written = np.concatenate([self.written, np.zeros(more, np.int64)])
            self.sizes = np.concatenate([self.sizes, np.zeros(more, np.int64)])


class Flusher:
    """Writes flushes of a processor and takes them in again."""

    def __init__(self, processor: "Processor") -> None:
        self.processor = processor
        self.memory = {subject: LaneMemory() for subject in processor.lanes}
        self.layouts = {subject: _layout_bytes(lane) for subject, lane in processor.lanes.items()}
        self.stored_layouts: dict[bytes, Layout] = {}

    def flush(self, number: int, carry_before: int) -> Flush:
        """Return the flush `number`; what it holds counts as written."""
        processor = self.processor
        lanes = [self._lane_body(subject, number, carry_before) for subject in processor.lanes]
        body = Body(
            version=VERSION,
            number=number,
            position=processor.position,
            ticked_ms=processor.ticked_ms,
            model=processor.model.name,
            model_digest=processor.model.digest,
            totals=processor.totals,
            dead_reasons=processor.dead_reasons,
            lanes=[lane for lane in lanes if lane is not None],
        )
        live = sum(int(memory.sizes.sum()) + ID_BYTES * len(memory.ids) for memory in self.memory.values())
        encoded = msgspec.msgpack.encode(body)
        return Flush(number=number, position=processor.position, body=encoded, live_bytes=live)

    def _lane_body(self, subject: Subject, number: int, carry_before: int) -> LaneBody | None:
        lane, memory = self.processor.lanes[subject], self.memory[subject]
        g, count = lane.table.ground, lane.table.rows
        memory.reserve(count)
        wanted = g.changed[:count] != 0
        if carry_before:
            wanted |= (memory.written[:count] < carry_before) & (memory.sizes[:count] > 0)
        rows = np.flatnonzero(wanted)
        new, gone = memory.ids.forget_evicted(lane.new_ids, g)
        lane.new_ids = []
        ids = memory.ids.flush(number, new, carry_before, g)
        flows = lane.flows
        days = np.flatnonzero(flows.changed | ((flows.written < carry_before) & (flows.written > 0)))
        if not any(len(part) for part in (rows, ids[1], days, lane.texts.new, gone)):
            return None
        packed, lengths = stored.pack(g, rows, lane.table.layout)
        g.changed[rows] = 0
        memory.written[rows] = number
        memory.sizes[rows] = lengths + 16
        flows.written[days] = number
        flows.changed[days] = False
        texts = dict(lane.texts if carry_before else lane.texts.new)
        lane.texts.new = {}
        return LaneBody(
            subject=subject.value,
            layout=self.layouts[subject],
            rows=rows.astype(np.int64).tobytes(),
            names=[lane.table.names[row] for row in rows.tolist()],
            lengths=lengths.tobytes(),
            packed=packed,
            id_keys=ids[0].tobytes(),
            id_at=ids[1].tobytes(),
            id_rows=ids[2].tobytes(),
            id_contents=ids[3].tobytes(),
            texts=texts,
            flow_days=np.stack([days, flows.day[days]]).astype(np.int64).tobytes(),
            flows=zlib.compress(b"".join(panes[days].tobytes() for panes in flows.panes()), 1),
            flow_shape=flows.shape(),
            id_gone=gone.tobytes(),
        )

    def restore(self, bodies: Iterable[bytes]) -> None:
        """Take all flushes, in ascending order, into the new processor.

        Raises:
            ValueError: the bytes are not a flush that this version reads.
        """
        rows: list[tuple[int, LaneBody]] = []
        for body in bodies:
            flush = _decoded(body)
            self._restore_totals(flush)
            for lane in flush.lanes:
                self._restore_lane(lane, flush.number)
                rows.append((flush.number, lane))
        while rows:  # the newest first: of a row that was written often, only the last is unpacked
            self._restore_rows(*rows.pop())
        for subject, memory in self.memory.items():
            table = self.processor.lanes[subject].table
            table.index_names()
            memory.ids.remember(table)

    def _restore_totals(self, flush: Body) -> None:
        processor = self.processor
        processor.position = flush.position
        processor.ticked_ms = flush.ticked_ms
        processor.totals.update(flush.totals)
        processor.dead_reasons.update(flush.dead_reasons)
        processor.model_differs = flush.model_digest != processor.model.digest

    def _restore_lane(self, body: LaneBody, number: int) -> None:
        """Take in all but the rows."""
        subject = Subject(body.subject)
        lane, memory = self.processor.lanes[subject], self.memory[subject]
        memory.ids.forget(np.frombuffer(body.id_gone, np.int64))
        ids = (
            np.frombuffer(body.id_keys, np.int64).reshape(-1, 2),
            np.frombuffer(body.id_at, np.int64),
            np.frombuffer(body.id_rows, np.int32),
            np.frombuffer(body.id_contents, np.uint32),
        )
        memory.ids.add(number, ids)
        lane.texts.update(body.texts)
        lane.flows.restore(body.flow_days, zlib.decompress(body.flows), body.flow_shape, number)

    def _restore_rows(self, number: int, body: LaneBody) -> None:
        """Take in the rows that no newer flush had."""
        subject = Subject(body.subject)
        table, memory = self.processor.lanes[subject].table, self.memory[subject]
        rows, lengths = np.frombuffer(body.rows, np.int64), np.frombuffer(body.lengths, np.int64)
        table.names += [""] * (int(rows.max(initial=0)) + 1 - table.rows)
        table.reserve(table.rows)
        memory.reserve(table.rows)
        wanted = memory.sizes[rows] == 0
        for row, name in compress(zip(rows.tolist(), body.names, strict=True), wanted.tolist()):
            table.names[row] = name
        old, is_present = self._layout(body.layout), body.layout == self.layouts[subject]
        for places, found in stored.unpack(body.packed, lengths, old, np.flatnonzero(wanted)):
            cells = found if is_present else stored.translate(found, old, table.layout)
            for matrix in MATRICES:
                getattr(table.ground, matrix)[rows[places]] = cells[matrix]
        memory.written[rows[wanted]] = number
        memory.sizes[rows[wanted]] = lengths[wanted] + 16

    def _layout(self, layout: bytes) -> Layout:
        found = self.stored_layouts.get(layout)
        if found is None:
            found = msgspec.msgpack.decode(zlib.decompress(layout), type=Layout)
            self.stored_layouts[layout] = found
        return found


def _decoded(body: bytes) -> Body:
    try:
        flush = msgspec.msgpack.decode(body, type=Body)
    except msgspec.DecodeError as error:
        raise ValueError(f"a stored flush cannot be read: {error}") from error
    if flush.version > VERSION:
        raise ValueError(f"the state was written by a newer Rapport (version {flush.version}, not {VERSION})")
    return flush


def _layout_bytes(lane: "Lane") -> bytes:
    return zlib.compress(msgspec.msgpack.encode(lane.table.layout), 9)
