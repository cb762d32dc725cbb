"""Measured figures: kept in a file beside this one, so that the README's table can be renewed in parts."""

from pathlib import Path
from typing import Final

import msgspec

from bench.machine import Facts

KEPT: Final = Path(__file__).parent / "figures.json"
README: Final = Path(__file__).parent.parent / "README.md"
BEGIN: Final = "<!-- figures: written by python -m bench --write-readme -->"
END: Final = "<!-- figures end -->"
NOT_MEASURED: Final = "not yet measured"


class Row(msgspec.Struct, frozen=True):
    """A line of the table: what is measured, and the bar that it is held to ("" for none).

    least, most: the bar as a number, in the figure's own unit.
    """

    key: str
    what: str
    bar: str = ""
    least: float | None = None
    most: float | None = None


class Figure(msgspec.Struct, frozen=True):
    """A measured value: as a number to hold against the bar, and as it is shown."""

    value: float
    shown: str


class Measured(msgspec.Struct, frozen=True):
    """The figures of one benchmark, by key, with the machine's facts and the number of runs behind them."""

    facts: Facts
    runs: int
    figures: dict[str, Figure]


Kept = dict[str, Measured]


def load(path: Path = KEPT) -> Kept:
    """Return what the README has; nothing if nothing was measured."""
    return msgspec.json.decode(path.read_bytes(), type=Kept) if path.exists() else {}


def save(kept: Kept, path: Path = KEPT) -> None:
    """Keep figures for the next table."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(kept)) + b"\n")


def keep(rows: dict[str, list[Row]], kept: Kept) -> None:
    """Keep figures, and put their table into the README."""
    save(kept)
    text = README.read_text(encoding="utf-8")
    README.write_text(written_into(text, markdown(rows, kept)), encoding="utf-8")


def markdown(rows: dict[str, list[Row]], kept: Kept) -> str:
    """Return the table of all benchmarks; what was not measured says so."""
    lines = ["| what | measured | bar |", "|---|---|---|"]
    for name, wanted in rows.items():
        figures = kept[name].figures if name in kept else {}
        lines += [_line(row, figures.get(row.key)) for row in wanted]
    facts: dict[str, list[str]] = {}
    for name, measured in kept.items():
        if name in rows:
            runs = f"median of {measured.runs}" if measured.runs > 1 else "one run"
            facts.setdefault(str(measured.facts), []).append(f"{name} ({runs})")
    told = [f"Measured on {machine}: {', '.join(names)}." for machine, names in facts.items()]
    return "\n".join([*lines, "", *told] if told else lines)


def _line(row: Row, figure: Figure | None) -> str:
    if figure is None:
        return f"| {row.what} | {NOT_MEASURED} | {row.bar} |"
    return f"| {row.what} | {figure.shown} | {row.bar}{_verdict(row, figure.value)} |"


def _verdict(row: Row, value: float) -> str:
    if row.least is None and row.most is None:
        return ""
    held = (row.least is None or value >= row.least) and (row.most is None or value <= row.most)
    return ": held" if held else ": **missed**"


def written_into(readme: str, table: str) -> str:
    """Return the README with the table between its two comments.

    Raises:
        ValueError: The comments are not there, or in the wrong order.
    """
    before, found, rest = readme.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"the README needs the lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"
