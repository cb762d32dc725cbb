"""Rows as bytes and back: whatever stands in them comes back, and damaged bytes are refused."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from streams.engine import stored
from streams.engine.layout import MATRICES, Matrix
from streams.engine.stored import Cells
from streams.engine.table import Table
from streams.model.compile import compile_model
from streams.model.definition import Framework, Question
from streams.testing import TopologyTestDriver
from tests.engine.lives import NOON, small_model, stage
from tests.nodes import DAY, compare, panes, term
from tests.telling import tell

BUSY = compare(term("count", "visit", panes(400)), ">=", 1)
MODEL = small_model(
    questions=(Question("nps", window_ms=DAY),),
    frameworks=(Framework("way", "flags", stages=(stage("busy", BUSY),)),),
)
COMPILED = compile_model(MODEL)
LAYOUT = COMPILED.layout
Fill = tuple[Matrix, int, int, int]  # matrix, first cell, cells, value


def table_with(rows: list[list[Fill]]) -> Table:
    """Return a table whose rows from 1 on are blank but for some runs of cells."""
    table = Table(COMPILED.plan, LAYOUT, remembered_ids=16)
    for row, fills in enumerate(rows, start=1):
        for matrix in MATRICES:
            getattr(table.ground, matrix)[row] = LAYOUT.blank(matrix)
        for matrix, first, count, value in fills:
            getattr(table.ground, matrix)[row, first : first + count] = value
    return table


def unpacked(packed: bytes, lengths: NDArray[np.int64], wanted: Iterable[int] | None = None) -> list[Cells]:
    """Return the wanted rows (all, if not said) as whole matrices, in the order of `MATRICES`."""
    places = np.arange(len(lengths)) if wanted is None else np.array([*wanted], np.int64)
    found = list(stored.unpack(packed, lengths, LAYOUT, places))
    assert [place for block, _ in found for place in block] == places.tolist()
    return [np.concatenate([matrices[matrix] for _, matrices in found]) for matrix in MATRICES]


@st.composite
def fills(draw: st.DrawFn) -> Fill:
    """Return a run of cells within one matrix, with a value of one byte, of two, or of none."""
    matrix: Matrix = draw(st.sampled_from(MATRICES))
    first = draw(st.integers(0, LAYOUT.widths[matrix] - 1))
    count = draw(st.integers(1, LAYOUT.widths[matrix] - first))
    return matrix, first, count, draw(st.sampled_from((0, 1, 255, 256, 0xFFFF)))


LAST = LAYOUT.widths["pane"] - 1


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(fills(), max_size=4), min_size=1, max_size=4))
@example(rows=[[("pane", LAST, 1, 256)]])
@example(rows=[[("pane", LAST, 1, 1)]])
@example(rows=[[("pane", 0, LAST + 1, 0xFFFF), ("at", 0, LAYOUT.widths["at"], 0xFFFF)], []])
def test_whatever_stands_in_rows_comes_back(rows: list[list[Fill]]) -> None:
    """Runs of any length, at the beginning, in the middle and in the very last byte; blank rows too."""
    table = table_with(rows)
    numbers = np.arange(1, len(rows) + 1)

    packed, lengths = stored.pack(table.ground, numbers, LAYOUT)

    assert len(packed) == lengths.sum()
    for matrix, cells in zip(MATRICES, unpacked(packed, lengths), strict=True):
        assert cells.tobytes() == getattr(table.ground, matrix)[numbers].tobytes()


@pytest.mark.parametrize("count", [1, stored.BLOCK - 1, stored.BLOCK, stored.BLOCK + 1, 2 * stored.BLOCK + 1])
@pytest.mark.parametrize("step", [1, 2, stored.BLOCK])
def test_of_many_rows_those_that_are_wanted_come_back(count: int, step: int) -> None:
    """However many there are, and whichever are left out: each is the row that was packed at its place."""
    table = table_with([[("at", row % 3, 1, 255 * row), ("pane", LAST, 1, row)] for row in range(count)])
    numbers = np.arange(1, count + 1)

    packed, lengths = stored.pack(table.ground, numbers, LAYOUT)

    wanted = range(step - 1, count, step) or range(count)
    for matrix, cells in zip(MATRICES, unpacked(packed, lengths, wanted), strict=True):
        assert cells.tobytes() == getattr(table.ground, matrix)[numbers[wanted]].tobytes()


def test_where_no_row_is_wanted_nothing_comes_back() -> None:
    """Neither of a flush without rows, nor of one whose rows were all written again."""
    packed, lengths = stored.pack(table_with([[("at", 0, 1, 7)]]).ground, np.array([1]), LAYOUT)
    nobody = np.zeros(0, np.int64)

    assert list(stored.unpack(packed, lengths, LAYOUT, nobody)) == []
    assert list(stored.unpack(b"", nobody, LAYOUT, nobody)) == []


def test_a_blank_row_takes_no_bytes() -> None:
    """Only what differs from a blank row is stored."""
    packed, lengths = stored.pack(table_with([[], []]).ground, np.array([1, 2]), LAYOUT)

    assert (packed, lengths.tolist()) == (b"", [0, 0])


@pytest.mark.parametrize(
    ("packed", "lengths"),
    [
        (b"", [2]),
        (b"\x00\x01\x07", [4]),
        (b"\x00\x01\x07", [3, 1]),
        (b"\x00", [1]),
        (b"\x00\x02\x07", [3]),
        (b"\xff\x00", [2]),
        (b"\xff\xff\xff\x00", [4]),
        (b"\x00\xff\xff\xff\x07", [5]),
        (b"\x00\x01\x07", [2]),
        (b"\x00\x01\x07", [5, -2]),
        (b"\x00\x01\x07", [-1, 4]),
    ],
)
def test_bytes_that_lead_out_of_their_row_are_refused(packed: bytes, lengths: list[int]) -> None:
    """Rows that are not there, runs without their bytes, counts cut in half, runs longer than a row."""
    with pytest.raises(ValueError, match="stored rows are damaged"):
        unpacked(packed, np.array(lengths))


def test_rows_that_were_cut_off_are_refused() -> None:
    """Wherever the cut is: a customer is never taken over in part."""
    driver = TopologyTestDriver(MODEL)
    tell(driver, "visit", NOON)
    ground = next(iter(driver.processor.lanes.values())).table.ground
    packed, lengths = stored.pack(ground, np.array([1]), LAYOUT)

    for end in range(len(packed)):
        with pytest.raises(ValueError, match="stored rows are damaged"):
            unpacked(packed[:end], lengths)
