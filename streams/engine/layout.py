"""Names of columns and where they stand in a row: the four matrices of a table, from the model.

A row is one line of four matrices that share the row index: `at` (64-bit whole numbers), `small`
(32-bit), `real` (64-bit floats) and `pane` (16-bit counts). Every column has a name, so a row written
under an older layout can be read into the present one by name.
"""

from typing import Literal

import msgspec
import numpy as np

from streams.engine import ground
from streams.engine.instants import NEVER, NO_DAY, NONE

Matrix = Literal["at", "small", "real", "pane"]
MATRICES: tuple[Matrix, ...] = ("at", "small", "real", "pane")


class Column(msgspec.Struct, frozen=True):
    """A run of `width` cells of one matrix under one name.

    `unit`: how the cells are ordered when they are a ring (slot = number of the day or hour % width).
    """

    name: str
    matrix: Matrix
    start: int
    width: int
    blank: float
    ring: Literal["", "day", "hour"] = ""


class Layout(msgspec.Struct, frozen=True):
    """All columns, the width of each matrix, and the names that codes in the columns refer to.

    stages: per framework its stages and exits in order (codes from 1; flags: bits from 0).
    alerts: names in order. `definitions`: digest of what each midnight score means.
    """

    columns: tuple[Column, ...]
    widths: dict[Matrix, int]
    stages: dict[str, tuple[str, ...]]
    alerts: tuple[str, ...]
    definitions: dict[str, str]

    def blank(self, matrix: Matrix) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return what the cells of an empty row hold in `matrix` (exact in 64-bit floats)."""
        cells = np.zeros(self.widths[matrix])
        for column in self.columns:
            if column.matrix == matrix:
                cells[column.start : column.start + column.width] = column.blank
        return cells


class LayoutBuilder:
    """Hands out columns one after the other and remembers their names."""

    def __init__(self) -> None:
        self.columns: list[Column] = []
        self.widths: dict[Matrix, int] = dict.fromkeys(MATRICES, 0)
        for name, place, blank in _FIXED_AT:
            self._fixed(name, "at", place, float(blank))
        for name, place, blank in _FIXED_SMALL:
            self._fixed(name, "small", place, float(blank))

    def _fixed(self, name: str, matrix: Matrix, place: int, blank: float) -> None:
        found = self.add(name, matrix, blank=blank)
        assert found == place, f"fixed column {name} is not at its place"

    def add(
        self,
        name: str,
        matrix: Matrix,
        *,
        width: int = 1,
        blank: float = 0.0,
        ring: Literal["", "day", "hour"] = "",
    ) -> int:
        """Add a column and return its first cell."""
        start = self.widths[matrix]
        self.columns.append(Column(name, matrix, start, width, blank, ring))
        self.widths[matrix] += width
        return start

    def add_each(
        self, kind: str, matrix: Matrix, names: tuple[str, ...], *, width: int = 1, blank: float = 0.0
    ) -> int:
        """Add a column `kind:name` for each name, side by side, and return the first cell."""
        start = self.widths[matrix]
        for name in names:
            self.add(f"{kind}:{name}", matrix, width=width, blank=blank)
        return start

    def build(
        self, *, stages: dict[str, tuple[str, ...]], alerts: tuple[str, ...], definitions: dict[str, str]
    ) -> Layout:
        """Return the finished layout; a matrix has at least one cell."""
        widths: dict[Matrix, int] = {matrix: max(1, width) for matrix, width in self.widths.items()}
        return Layout(tuple(self.columns), widths, stages, alerts, definitions)


_FIXED_AT = (
    ("clock", ground.CLOCK, NONE),
    ("touched", ground.TOUCHED, NONE),
    ("first", ground.FIRST, NONE),
    ("due", ground.DUE, NEVER),
    ("sequence", ground.SEQUENCE, 0),
    ("sent_at", ground.SENT_AT, NONE),
    ("last_active", ground.LAST_ACTIVE, NONE),
    ("deleted_at", ground.DELETED_AT, NONE),
)
_FIXED_SMALL = (
    ("status", ground.STATUS, 0),
    ("incarnation", ground.INCARNATION, 0),
    ("day", ground.DAY, NO_DAY),
    ("hour", ground.HOUR, NO_DAY),
    ("filled", ground.FILLED, NO_DAY),
    ("gaps", ground.GAPS, 0),
    ("logged", ground.LOGGED, 0),
)
