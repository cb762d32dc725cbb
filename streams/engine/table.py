"""A table of subjects: the index from subject id to row, four growing matrices, and the kernel's work space.

Matrices are reserved large: the system gives memory page by page as rows are used, so growing rarely
copies. They are mapped rather than taken from numpy, which asks for pages of two megabytes each.
"""

import mmap
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from streams.engine import duplicates, ground
from streams.engine.compiled import prepare
from streams.engine.ground import Ground
from streams.engine.instants import NONE
from streams.engine.layout import Layout
from streams.engine.operations import PLACES
from streams.engine.plan import Plan
from streams.engine.standing import STANDING_FIXED

T = TypeVar("T", bound=np.generic)

FIRST_RESERVE = 262_144  # only pages that are used take memory
GROWTH = 4
TOLD_RESERVE = 4_096
SENT_RESERVE = 8_192
IDS_RESERVE = 1 << 16


class Table:
    """Rows of one kind of subject under one plan. Row 0 is the blank row and belongs to nobody."""

    def __init__(self, plan: Plan, layout: Layout, *, remembered_ids: int) -> None:
        """Make an empty table that remembers at most `remembered_ids` message ids."""
        prepare()
        self.plan = plan
        self.layout = layout
        self.names: list[str] = [""]
        self.index = _Index(self.names)
        self.ids_cap = remembered_ids
        p = plan.named
        width_told = p["told_values"] + p["entries"] + p["scores"] + p["frameworks"]
        width_sent = ground.SENT_FIXED + p["scores"] + p["types"] + 2 * p["frameworks"]
        cursor = np.zeros(ground.CURSOR_SIZE, np.int64)
        cursor[ground.IDS_CAP] = remembered_ids
        self.ground = Ground(
            at=_reserved(1, layout.widths["at"], np.int64),
            small=_reserved(1, layout.widths["small"], np.int32),
            real=_reserved(1, layout.widths["real"], np.float64),
            pane=_reserved(1, layout.widths["pane"], np.uint16),
            standing=_reserved(1, STANDING_FIXED + p["rules"], np.int64),
            derived=_reserved(1, p["dimensions"] + p["types"] + 1, np.float64),
            p=plan.positions,
            ints=plan.ints,
            nums=plan.nums,
            work=np.zeros(p["work_stack"] + p["deepest"] * PLACES, np.float64),
            told_at=np.zeros((max(TOLD_RESERVE, 2 * p["most_told"]), ground.TOLD_WIDTH), np.int64),
            told=np.zeros((max(TOLD_RESERVE, 2 * p["most_told"]), max(1, width_told)), np.float64),
            sent=np.zeros((SENT_RESERVE, width_sent), np.float64),
            slot=np.full(1, -1, np.int32),
            changed=np.zeros(1, np.uint8),
            cursor=cursor,
            id_key=np.zeros((IDS_RESERVE, 2), np.int64),
            id_at=np.full(IDS_RESERVE, NONE, np.int64),
            id_row=np.zeros(IDS_RESERVE, np.int32),
            id_content=np.zeros(IDS_RESERVE, np.uint32),
        )
        g = self.ground
        g.at[0] = layout.blank("at").astype(np.int64)
        g.small[0] = layout.blank("small").astype(np.int32)
        g.real[0] = layout.blank("real")
        self.reserve(FIRST_RESERVE)

    @property
    def rows(self) -> int:
        """Return how many rows are in use, the blank row included."""
        return len(self.names)

    @property
    def row_bytes(self) -> int:
        """Return how much memory one row takes, what is only kept to save work included."""
        g = self.ground
        matrices = (g.at, g.small, g.real, g.pane, g.standing, g.derived)
        return sum(matrix.shape[1] * matrix.itemsize for matrix in matrices)

    def rows_of(self, subject_ids: Sequence[str]) -> NDArray[np.int64]:
        """Return the rows of subjects, a blank one for each new one; call `reserve` before the kernel."""
        return np.fromiter(map(self.index.__getitem__, subject_ids), np.int64, len(subject_ids))

    def index_names(self) -> None:
        """Find every subject in `names` from now on; a row without a name belongs to nobody."""
        self.index.update(zip(self.names, range(self.rows), strict=True))
        del self.index[""]

    def reserve(self, rows: int) -> None:
        """Make room for at least `rows` rows."""
        g = self.ground
        have = g.at.shape[0]
        if rows <= have:
            return
        wanted = max(rows, have * GROWTH)
        at, small = _grown(g.at, wanted), _grown(g.small, wanted)
        real, pane = _grown(g.real, wanted), _grown(g.pane, wanted)
        standing, derived = _grown(g.standing, wanted), _grown(g.derived, wanted)
        slot = np.full(wanted, -1, np.int32)
        changed = np.zeros(wanted, np.uint8)
        slot[:have], changed[:have] = g.slot, g.changed
        self.ground = replace(
            g, at=at, small=small, real=real, pane=pane, standing=standing, derived=derived, slot=slot,
            changed=changed,
        )  # fmt: skip

    def reserve_ids(self, coming: int) -> None:
        """Make room for `coming` more ids, at no more than half full; ids that no longer matter go first."""
        g = self.ground
        size = g.id_at.shape[0]
        if min(int(g.cursor[ground.IDS]) + coming, self.ids_cap) * 2 <= size:
            return
        kept = np.flatnonzero(duplicates.matter(g.id_at, g.id_row, g) & (g.id_at != NONE))
        while size < min(len(kept) + coming, self.ids_cap) * 4:
            size *= 2
        old = (g.id_key[kept], g.id_at[kept], g.id_row[kept], g.id_content[kept])
        self.ground = replace(
            g,
            id_key=_reserved(size, 2, np.int64),
            id_at=np.full(size, NONE, np.int64),
            id_row=_reserved(size, 1, np.int32)[:, 0],
            id_content=_reserved(size, 1, np.uint32)[:, 0],
        )
        g.cursor[ground.IDS] = 0
        duplicates.insert_all(self.ground, *old)


class _Index(dict[str, int]):
    """Subjects to rows; asking for a new one gives it the next row."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names

    def __missing__(self, subject_id: str) -> int:
        row = len(self.names)
        self[subject_id] = row
        self.names.append(subject_id)
        return row


def _grown(matrix: NDArray[T], rows: int) -> NDArray[T]:
    larger = _reserved(rows, matrix.shape[1], matrix.dtype.type)
    larger[: matrix.shape[0]] = matrix
    return larger


def _reserved(rows: int, width: int, kind: type[T]) -> NDArray[T]:
    """Return a matrix of zeros whose memory is taken only where it is used."""
    size = rows * width * np.dtype(kind).itemsize
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(memory, kind).reshape(rows, width)
