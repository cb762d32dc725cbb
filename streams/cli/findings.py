"""Findings for the terminal: a word that says how much each matters, what it is, and what to do."""

from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.cli.explanation import plain
from streams.runtime.kafka.findings import Finding, Weight

STYLES: Final = {
    Weight.OK: "green",
    Weight.NOTE: "cyan",
    Weight.WARNING: "yellow",
    Weight.ERROR: "bold red",
}


def show(findings: Iterable[Finding], console: Console) -> None:
    """Print findings in their order; what may be copied stands on a line of its own, unbroken."""
    for finding in findings:
        row = Table.grid(padding=(0, 1))
        row.add_column(width=7, no_wrap=True)
        row.add_column(overflow="fold")
        row.add_row(Text(finding.weight, style=STYLES[finding.weight]), Text(plain(finding.what)))
        console.print(row)
        for line in finding.way_out.splitlines():
            console.print(Text(f"        → {plain(line)}", style="dim"), soft_wrap=True)
