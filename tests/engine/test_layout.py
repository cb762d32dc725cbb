"""Where columns stand in a row, and how large a row is."""

from hypothesis import HealthCheck, given, settings

from streams.engine.layout import MATRICES
from streams.engine.table import Table
from streams.model.compile import compile_model
from streams.model.definition import Model
from tests.random_models import models

law = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


@law
@given(model=models())
def test_columns_lie_side_by_side_under_names_of_their_own(model: Model) -> None:
    """No cell belongs to two columns, and none to nobody but where a matrix would be empty."""
    layout = compile_model(model).layout

    for matrix in MATRICES:
        runs = sorted((each.start, each.width) for each in layout.columns if each.matrix == matrix)
        ends = [start + width for start, width in runs]
        assert [start for start, _ in runs] == [0, *ends][: len(runs)]
        assert layout.widths[matrix] == max([1, *ends])
    names = [(each.matrix, each.name) for each in layout.columns]
    assert len(set(names)) == len(names)


@law
@given(model=models())
def test_a_row_is_as_large_as_its_line_in_the_matrices(model: Model) -> None:
    """What a start and the metrics tell of memory is what a customer takes."""
    compiled = compile_model(model)

    table = Table(compiled.plan, compiled.layout, remembered_ids=16)

    matrices = (*MATRICES, "standing", "derived")
    assert table.row_bytes == sum(getattr(table.ground, matrix)[0].nbytes for matrix in matrices)
