from pathlib import Path

import pytest

from bench.__main__ import Scale
from bench.figures import (
    BEGIN,
    END,
    NOT_MEASURED,
    README,
    Figure,
    Measured,
    Row,
    load,
    markdown,
    save,
    written_into,
)
from bench.machine import Facts

FACTS = Facts(
    cores=2, processor="a processor", python="3.11", numba="0.61", interpreted=False, day="2026-11-23"
)
ROWS = {
    "up": [
        Row("rate", "posts", "≥ 20", least=20),
        Row("delay", "delay", "< 50 ms", most=50),
        Row("free", "bytes"),
    ]
}


def measured(**values: float) -> dict[str, Measured]:
    """Return figures of the benchmark `up`."""
    figures = {name: Figure(value, f"{value:g} shown") for name, value in values.items()}
    return {"up": Measured(FACTS, 3, figures)}


def test_what_was_not_measured_says_so() -> None:
    """No figure stands in the table that nobody measured."""
    table = markdown(ROWS, {})

    assert table.count(NOT_MEASURED) == 3
    assert "Measured on" not in table


@pytest.mark.parametrize(
    ("value", "line"),
    [(20, "| posts | 20 shown | ≥ 20: held |"), (19.99, "| posts | 19.99 shown | ≥ 20: **missed** |")],
)
def test_a_figure_below_its_bar_is_reported(value: float, line: str) -> None:
    """Both sides of the bar."""
    table = markdown(ROWS, measured(rate=value))

    assert line in table


@pytest.mark.parametrize(("value", "verdict"), [(50, "held"), (50.01, "**missed**")])
def test_a_figure_above_its_bar_is_reported(value: float, verdict: str) -> None:
    """Bars from above hold too; a line without a bar has no verdict."""
    table = markdown(ROWS, measured(delay=value, free=1))

    assert f"< 50 ms: {verdict} |" in table
    assert "| bytes | 1 shown |  |" in table


def test_the_machine_and_the_runs_stand_below() -> None:
    """A figure without its machine means nothing."""
    table = markdown(ROWS, measured(rate=1))

    assert table.endswith(
        "Measured on 2 cores of a processor, Python 3.11, numba 0.61, 2026-11-23: up (median of 3)."
    )


def test_an_interpreted_run_is_named_as_one() -> None:
    """It is a thousand times slower, and must not pass for the engine."""
    assert "INTERPRETED" in str(Facts(2, "a processor", "3.11", "0.61", interpreted=True, day="2026-11-23"))


def test_figures_are_kept(tmp_path: Path) -> None:
    """What is measured today is shown tomorrow."""
    path = tmp_path / "figures.json"
    before = load(path)

    save(measured(rate=1), path)

    assert before == {}
    assert load(path) == measured(rate=1)


def test_the_table_replaces_the_one_before() -> None:
    """What stands around it stays, and writing twice changes nothing."""
    once = written_into(f"a\n{BEGIN}\nold\n{END}\nb\n", "| new |")

    assert once == f"a\n{BEGIN}\n| new |\n{END}\nb\n"
    assert written_into(once, "| new |") == once


@pytest.mark.parametrize("readme", ["", f"{BEGIN}\n", f"{END}\n{BEGIN}\n"])
def test_a_readme_without_a_place_for_it_is_refused(readme: str) -> None:
    """Nothing is written anywhere else."""
    with pytest.raises(ValueError, match="the README needs the lines"):
        written_into(readme, "| new |")


def test_the_readme_holds_a_line_for_everything_measured() -> None:
    """A benchmark nobody reads about is a benchmark too many; figures are those last measured."""
    text = README.read_text(encoding="utf-8")
    rows = Scale(quick=False, touchpoints=None, runs=None).rows()

    assert written_into(text, markdown(rows, load())) == text
