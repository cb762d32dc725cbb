"""How models, their problems and their differences look in a terminal."""

from collections.abc import Iterator

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from streams.model.definition import Model
from streams.model.diff import Change
from streams.model.load import Checked
from streams.model.problems import Problem

# Columns of a source line that are shown around the place that a problem points at.
BEFORE, WIDTH = 60, 100
COLOURS = {"error": "bold red", "warning": "bold yellow", "+": "green", "-": "red", "~": "yellow"}


def problem_lines(problem: Problem, text: str | None) -> Iterator[Text]:
    """Yield a problem: its place and reason, the source line with a caret below, and the way out."""
    place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    yield Text.assemble(
        (f"{place}: ", "bold"),
        (f"{problem.severity}: ", COLOURS[problem.severity]),
        printable(problem.reason),
    )
    lines = (text or "").splitlines()
    gutter = f"{problem.line:>5} | "
    if 0 < problem.line <= len(lines):
        shown, caret = excerpt(lines[problem.line - 1], problem.column)
        yield Text.assemble((gutter, "dim"), shown)
        yield Text.assemble((f"{'':>5} | ", "dim"), " " * caret, ("^", COLOURS[problem.severity]))
    if problem.suggestion:
        yield Text.assemble((f"{'':>5} = ", "dim"), (printable(problem.suggestion), "cyan"))


def excerpt(line: str, column: int) -> tuple[str, int]:
    """Return what is shown of a source line, and how many cells the caret stands from its start."""
    line = printable(line)
    start = max(column - 1 - BEFORE, 0) if len(line) > WIDTH else 0
    shown = ("…" if start else "") + line[start : start + WIDTH] + ("…" if len(line) > start + WIDTH else "")
    return shown, cell_len(line[start : column - 1]) + (1 if start else 0)


def printable(text: str) -> str:
    """Return a text without what could move the cursor; every character keeps its place."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def summary(name: str, checked: Checked) -> Text:
    """Return the last line of a check: how many errors and warnings, or what the model holds."""
    errors = sum(problem.severity == "error" for problem in checked.problems)
    warnings = len(checked.problems) - errors
    if checked.model is None:
        return Text.assemble((f"{name}: ", "bold"), (counted(errors, "error"), "bold red"), tail(warnings))
    return Text.assemble(
        (f"{name}: ", "bold"), ("ok", "bold green"), tail(warnings), f", {contents(checked.model)}"
    )


def tail(warnings: int) -> str:
    """Return the warnings as the end of a line, nothing when there are none."""
    return f", {counted(warnings, 'warning')}" if warnings else ""


def contents(model: Model) -> str:
    """Return what a model holds, in one line."""
    stages = sum(len(framework.stages) + len(framework.exits) for framework in model.frameworks)
    parts = (
        f"{model.name} version {model.version}",
        counted(len(model.touchpoints), "entry", "entries"),
        counted(len(model.dimensions), "dimension"),
        counted(len(model.scores), "score"),
        f"{counted(len(model.frameworks), 'framework')} with {counted(stages, 'stage')}",
        counted(len(model.alerts), "alert"),
        f"digest {model.digest[:12]}",
    )
    return ", ".join(parts)


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def change_lines(changes: tuple[Change, ...]) -> Iterator[Text]:
    """Yield the differences between two models under the names of their sections."""
    section = ""
    for change in changes:
        if change.section != section:
            if section:
                yield Text()
            section = change.section
            yield Text(section, "bold")
        yield Text.assemble(
            "  ", (change.sign, COLOURS[change.sign]), " ", printable(change.name or change.section)
        )
        if change.before:
            yield Text.assemble("      ", ("- ", COLOURS["-"]), printable(change.before))
        if change.after:
            yield Text.assemble("      ", ("+ ", COLOURS["+"]), printable(change.after))
    if not changes:
        yield Text("no differences")


def preset_table(descriptions: dict[str, str]) -> Table:
    """Return the presets with what they say of themselves."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold cyan", no_wrap=True)
    table.add_column()
    for name, description in descriptions.items():
        table.add_row(name, description)
    return table
