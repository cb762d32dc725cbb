"""Rows as bytes and back: what differs from the blank row, with runs of sameness squeezed out.

A packed row is a sequence of (bytes that are as in the blank row, bytes that are not, those bytes); both
counts are one byte, or 255 and two more. Rows under another layout are read by column name.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streams.engine.compiled import BytePlane, compiled, entry
from streams.engine.ground import DAY, HOUR, Ground
from streams.engine.instants import NO_DAY
from streams.engine.layout import MATRICES, Column, Layout, Matrix

Bytes = NDArray[np.uint8]
Cells = NDArray[Any]  # whole numbers or floats, by matrix
LONG: Final = 255
SHORTEST_RUN: Final = 3  # a shorter run of sameness costs more than it saves
BLOCK: Final = 256  # rows unpacked at a time: on their way to the table they stay in the processor's cache


@compiled
def _put_count(out: Bytes, at: int, count: int) -> int:
    if count < LONG:
        out[at] = count
        return at + 1
    out[at] = LONG
    out[at + 1] = count & 255
    out[at + 2] = count >> 8
    return at + 3


@compiled
def _same_until(row: Bytes, blank: Bytes, start: int) -> int:
    """Return the end of the run of bytes from `start` that are as in the blank row."""
    place = start
    while place < row.shape[0] and row[place] == blank[place]:
        place += 1
    return place


@compiled
def squeeze(row: Bytes, blank: Bytes, out: Bytes, at: int) -> int:
    """Write one row to `out` from `at` on; return where it ends."""
    place, size = 0, row.shape[0]
    while place < size:
        start = _same_until(row, blank, place)
        if start == size:
            break
        end = start
        while end < size:
            if row[end] != blank[end]:
                end += 1
                continue
            run = _same_until(row, blank, end)
            if run - end >= SHORTEST_RUN or run == size:
                break
            end = run
        at = _put_count(out, at, start - place)
        at = _put_count(out, at, end - start)
        for k in range(start, end):
            out[at] = row[k]
            at += 1
        place = end
    return at


@entry
def squeeze_rows(rows: BytePlane, blank: Bytes, out: Bytes, lengths: NDArray[np.int64]) -> int:
    """Write all rows one after the other; return the end, the length of each in `lengths`."""
    at = 0
    for i in range(rows.shape[0]):
        end = squeeze(rows[i], blank, out, at)
        lengths[i] = end - at
        at = end
    return at


@entry
def expand_rows(
    packed: Bytes, starts: NDArray[np.int64], lengths: NDArray[np.int64], rows: BytePlane
) -> bool:
    """Undo `squeeze_rows` over rows that are blank already; return False where the bytes make no sense."""
    size = rows.shape[1]
    for i in range(lengths.shape[0]):
        at, end, place = starts[i], starts[i] + lengths[i], 0
        if at < 0 or end > packed.shape[0]:
            return False
        while at < end:
            for part in range(2):
                if at >= end:
                    return False
                count = int(packed[at])
                at += 1
                if count == LONG:
                    if at + 2 > end:
                        return False
                    count = int(packed[at]) | int(packed[at + 1]) << 8
                    at += 2
                if place + count > size:
                    return False
                if part == 1:
                    if at + count > end:
                        return False
                    for k in range(count):
                        rows[i, place + k] = packed[at + k]
                    at += count
                place += count
    return True


def _cut(layout: Layout) -> list[tuple[Matrix, int, int]]:
    cuts, at = [], 0
    for matrix, dtype in _DTYPES.items():
        width = layout.widths[matrix] * np.dtype(dtype).itemsize
        cuts.append((matrix, at, at + width))
        at += width
    return cuts


_DTYPES: Final[dict[Matrix, type]] = {
    "at": np.int64,
    "real": np.float64,
    "small": np.int32,
    "pane": np.uint16,
}


def _as_bytes(ground: Ground, rows: NDArray[np.int64]) -> Bytes:
    parts = [np.ascontiguousarray(getattr(ground, matrix)[rows]).view(np.uint8) for matrix in _DTYPES]
    return np.ascontiguousarray(np.concatenate(parts, axis=1))


def blank_bytes(layout: Layout) -> Bytes:
    """Return the blank row of a layout as bytes."""
    parts = [layout.blank(matrix).astype(dtype).view(np.uint8) for matrix, dtype in _DTYPES.items()]
    return np.concatenate(parts)


def pack(ground: Ground, rows: NDArray[np.int64], layout: Layout) -> tuple[bytes, NDArray[np.int64]]:
    """Return the packed rows one after the other, and the length of each in bytes."""
    lengths = np.zeros(len(rows), np.int64)
    if not len(rows):
        return b"", lengths
    raw = _as_bytes(ground, rows)
    out = np.empty(raw.size + raw.shape[0] * 8 + raw.size // 2, np.uint8)
    end = squeeze_rows(raw, blank_bytes(layout), out, lengths)
    return out[:end].tobytes(), lengths


def unpack(
    packed: bytes, lengths: NDArray[np.int64], layout: Layout, wanted: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], dict[Matrix, Cells]]]:
    """Yield the rows of `pack` at the places `wanted` (ascending), some at a time, as matrices of `layout`.

    Raises:
        ValueError: the bytes are not what `pack` wrote.
    """
    if lengths.sum() != len(packed):
        raise ValueError("stored rows are damaged: there are more or fewer bytes than rows")
    starts, data = np.cumsum(lengths) - lengths, np.frombuffer(packed, np.uint8)
    blank, cuts = blank_bytes(layout), _cut(layout)
    for first in range(0, len(wanted), BLOCK):
        block = wanted[first : first + BLOCK]
        start, end = starts[block[0]], starts[block[-1]] + lengths[block[-1]]
        raw = np.tile(blank, (len(block), 1))
        if not expand_rows(data[start:end].copy(), starts[block] - start, lengths[block], raw):
            raise ValueError("stored rows are damaged: a run points outside its row")
        yield block, {matrix: raw[:, left:right].view(_DTYPES[matrix]) for matrix, left, right in cuts}


def translate(rows: dict[Matrix, Cells], old: Layout, new: Layout) -> dict[Matrix, Cells]:
    """Read rows of an older layout into the present one: every column whose name and kind did not change.

    Stages, flags and alerts are found by name; rings keep the panes that both have room for; midnight
    scores whose definition changed become absent; a due instant is looked for anew.
    """
    count = rows["at"].shape[0]
    made: dict[Matrix, Cells] = {
        matrix: np.tile(new.blank(matrix).astype(_DTYPES[matrix]), (count, 1)) for matrix in MATRICES
    }
    known = {column.name: column for column in old.columns}
    for column in new.columns:
        before = known.get(column.name)
        if before is None or before.matrix != column.matrix or not _same_meaning(column.name, old, new):
            continue
        source = rows[column.matrix][:, before.start : before.start + before.width]
        target = made[column.matrix][:, column.start : column.start + column.width]
        if column.ring:
            _translate_ring(source, target, rows["small"], before)
        elif before.width == column.width:
            target[:] = source
        else:
            _translate_bits(source, target, column.name)
    _translate_codes(made, old, new)
    made["at"][:, _DUE] = made["at"][:, _CLOCK]
    return made


_CLOCK, _DUE = 0, 3


def _same_meaning(name: str, old: Layout, new: Layout) -> bool:
    kind, _, what = name.partition(":")
    return kind != "midnight" or old.definitions.get(what) == new.definitions.get(what)


def _translate_ring(source: Cells, target: Cells, small: Cells, before: Column) -> None:
    """Copy the newest panes that fit, each to its place in the ring of the other length."""
    length, wanted = source.shape[1], target.shape[1]
    if length == wanted:
        target[:] = source
        return
    newest = small[:, HOUR if before.ring == "hour" else DAY].astype(np.int64)
    rows = np.flatnonzero(newest != NO_DAY)
    for back in range(min(length, wanted)):
        pane = newest[rows] - back
        target[rows, pane % wanted] = source[rows, pane % length]


def _translate_bits(source: Cells, target: Cells, name: str) -> None:
    """Copy daily bits of another length; a column of any other kind changed and stays blank."""
    if name == "active_bits":
        words = min(source.shape[1], target.shape[1])
        target[:, :words] = source[:, :words]


def _translate_codes(made: dict[Matrix, Cells], old: Layout, new: Layout) -> None:
    """Renumber stages, flags and the codes of the row's log, which stand for names."""
    places = {column.name: column for column in new.columns}
    for framework, stages in new.stages.items():
        before = old.stages.get(framework)
        if before is None or before == stages:
            continue
        codes = np.array([0, *(stages.index(name) + 1 if name in stages else 0 for name in before)], np.int64)
        stage = made["small"][:, places[f"stage:{framework}"].start]
        stage[:] = codes[np.clip(stage.astype(np.int64), 0, len(codes) - 1)]
        held = made["at"][:, places[f"held:{framework}"].start]
        moved = np.zeros(len(held), np.int64)
        for bit, name in enumerate(before):
            if name in stages:
                moved |= (held.astype(np.int64) >> bit & 1) << stages.index(name)
        held[:] = moved
    if old.stages != new.stages or old.alerts != new.alerts:
        _translate_log(made, old, new, places)


def _translate_log(made: dict[Matrix, Cells], old: Layout, new: Layout, places: dict[str, Column]) -> None:
    codes = made["small"][:, places["log_code"].start : places["log_code"].start + places["log_code"].width]
    frameworks, wanted = list(old.stages), list(new.stages)
    for r in range(codes.shape[0]):
        for k in range(0, codes.shape[1], 3):
            kind, what, to = (int(codes[r, k + n]) for n in range(3))
            names, new_names = (frameworks, wanted) if kind == 0 else (list(old.alerts), list(new.alerts))
            name = names[what] if what < len(names) else None
            if name not in new_names:
                codes[r, k : k + 3] = (0, -1, 0)
                continue
            codes[r, k + 1] = new_names.index(name)
            if kind == 0 and to > 0:
                stage = old.stages[name][to - 1]
                codes[r, k + 2] = new.stages[name].index(stage) + 1 if stage in new.stages[name] else 0
