"""What a replay came to, counted: every row read ends in exactly one place, and the sum is checked."""

from collections.abc import Mapping

import msgspec
from rich.console import Console
from rich.table import Table

from schemas.dead_letter import DeadLetter
from schemas.views import PartitionKpis
from streams.ingest.history import Tally

SHOWN_DEAD_LETTERS = 3
# Each row read ends in one of these; `unmapped` is a part of `applied`, and `conflict` of `duplicate`.
OUTCOMES = ("applied", "duplicate", "late", "suppressed", "dead_letter", "internal", "already_applied")
PARTS = {"applied": "unmapped", "duplicate": "conflict"}


class Counts(msgspec.Struct):
    """What is counted while chunks pass."""

    transitions: int = 0
    raised: int = 0
    resolved: int = 0
    dead_letters: int = 0
    first_dead_letters: list[DeadLetter] = msgspec.field(default_factory=list)

    def bury(self, letters: list[DeadLetter]) -> None:
        """Count dead letters, and keep the first few to show."""
        self.dead_letters += len(letters)
        self.first_dead_letters += letters[: SHOWN_DEAD_LETTERS - len(self.first_dead_letters)]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the last page says."""

    model: str
    tally: Tally
    totals: Mapping[str, int]
    counts: Counts
    kpis: PartitionKpis
    seconds: float

    @property
    def outcomes(self) -> dict[str, int]:
        """What became of the rows: the processor's totals, and what it was never given."""
        found = {name: self.totals.get(name, 0) for name in OUTCOMES}
        found["dead_letter"] += self.tally.refused
        return found | {"after_until": self.tally.after_until}

    @property
    def missing(self) -> int:
        """Rows read that ended nowhere (negative: twice). Anything but 0 is a bug."""
        return self.tally.rows - sum(self.outcomes.values())


def show(summary: Summary, console: Console) -> None:
    """Print the tables, and dead letters last, where they are seen."""
    table = Table(title=f"Replayed through {summary.model}", show_header=False, title_justify="left")
    table.add_column("what")
    table.add_column("count", justify="right")
    table.add_row("rows read", f"{summary.tally.rows:,}")
    for name, count in summary.outcomes.items():
        if count or name in ("applied", "duplicate", "late", "dead_letter"):
            table.add_row(f"  {_words(name)}", f"{count:,}")
        part = summary.totals.get(PARTS.get(name, ""), 0)
        if part:
            table.add_row(f"    of which {_words(PARTS[name])}", f"{part:,}")
    table.add_section()
    table.add_row("customers", f"{summary.kpis.customers:,}")
    table.add_row("transitions", f"{summary.counts.transitions:,}")
    table.add_row("alerts raised", f"{summary.counts.raised:,}")
    table.add_row("alerts resolved", f"{summary.counts.resolved:,}")
    table.add_section()
    table.add_row("seconds", f"{summary.seconds:,.1f}")
    table.add_row("rows per second", f"{summary.tally.rows / max(summary.seconds, 1e-9):,.0f}")
    console.print(table)
    if summary.kpis.stages:
        console.print(_stages(summary.kpis))
    show_dead_letters(summary.counts, console)


def _stages(kpis: PartitionKpis) -> Table:
    table = Table(title="Customers by stage", title_justify="left")
    table.add_column("framework")
    table.add_column("stage")
    table.add_column("customers", justify="right")
    for framework, stages in kpis.stages.items():
        for number, (stage, customers) in enumerate(stages.items()):
            table.add_row("" if number else framework, stage, f"{customers:,}")
        table.add_section()
    return table


def show_dead_letters(counts: Counts, console: Console) -> None:
    """Print how many rows were not understood, and why the first ones were not."""
    if not counts.dead_letters:
        return
    shown = counts.first_dead_letters
    rows = "1 row was" if counts.dead_letters == 1 else f"{counts.dead_letters:,} rows were"
    first = "" if counts.dead_letters <= len(shown) else f" The first {len(shown)}:"
    console.print(f"{rows} not understood (dead letters).{first}", style="bold red", markup=False)
    for letter in shown:
        place = f"{letter.source_topic} line {letter.source_offset}"
        console.print(
            f"  {place}: {letter.reason}: {letter.message}", markup=False, highlight=False, soft_wrap=True
        )


def _words(name: str) -> str:
    return {
        "dead_letter": "dead letters",
        "duplicate": "duplicates",
        "already_applied": "already applied",
        "after_until": "after --until",
        "conflict": "same id, other content",
    }.get(name, name)
