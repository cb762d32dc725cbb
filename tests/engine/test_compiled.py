"""What compiled and interpreted functions get of a bundle of arrays, and when the engine is ready."""

from dataclasses import fields

import numpy as np

from streams.engine.advance import empty_batch
from streams.engine.compiled import is_warm, prepare


def test_the_table_of_a_structure_says_where_its_arrays_are_and_how_long() -> None:
    """Data, first and second length of each field in order; an array of one dimension is one wide."""
    batch = empty_batch(3, inputs=2, codes=4, traits=0)
    arrays = [getattr(batch, field.name) for field in fields(batch)]

    places = batch.table

    assert places.tolist() == [
        [array.ctypes.data, array.shape[0], array.shape[1] if array.ndim == 2 else 1] for array in arrays
    ]
    assert batch.address == batch.table.ctypes.data
    assert {array.flags.c_contiguous for array in arrays} == {np.True_}


def test_once_prepared_the_engine_is_warm() -> None:
    """The next start need not compile; preparing again is nothing."""
    prepare()
    prepare()

    assert is_warm()
