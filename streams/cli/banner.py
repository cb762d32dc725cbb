"""What `rapport up` says at the start: what runs, where, and what to try first."""

import shlex
from pathlib import Path

import msgspec
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from streams.model.definition import Model


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a start. `row_bytes` is the size of one customer in memory."""

    url: str
    data: Path
    model: Model
    customers: int
    row_bytes: int
    guarded: bool


def show(start: Start, console: Console) -> None:
    """Print the facts, and commands to copy."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    facts.add_row("listening", Text(start.url, style="bold cyan"))
    facts.add_row("model", Text(_model(start.model)))
    facts.add_row("customers", Text(_size(start)))
    facts.add_row("data", Text(str(start.data)))
    if start.guarded:
        facts.add_row("access", Text("requests need a token; probes and the page do not"))
    console.print(
        Panel(facts, title="[bold]rapport[/] is up", title_align="left", border_style="cyan", expand=False)
    )
    _print_first_steps(start, console)


def _model(model: Model) -> str:
    frameworks = ", ".join(framework.name for framework in model.frameworks) or "no framework"
    return f"{model.name} version {model.version} ({frameworks}; {len(model.alerts)} alerts)"


def _size(start: Start) -> str:
    mebibytes = start.customers * start.row_bytes / 2**20
    return f"{start.customers:,} × {start.row_bytes:,} bytes = {mebibytes:,.1f} MiB"


def _print_first_steps(start: Start, console: Console) -> None:
    """Print commands to copy: long lines are left to the terminal, so that no break gets into them."""
    token = ' -H "Authorization: Bearer $RAPPORT_TOKEN"' if start.guarded else ""
    touchpoint = (
        '{"message_id":"m1","customer_id":"ada","event":"Page Viewed","timestamp":"\'$(date -u +%FT%TZ)\'"}'
    )
    for what, how in (
        ("Post a first touchpoint:", f"curl{token} {start.url}/v1/touchpoints -d '{touchpoint}'"),
        ("See what it did:", f"curl{token} {start.url}/v1/customers/ada"),
        ("Ask why:", f"rapport explain ada --data {shlex.quote(str(start.data))}"),
    ):
        console.print(Text(what, style="dim"))
        console.print(Text(f"  {how}"), soft_wrap=True)
    console.print(Text("Stop with Ctrl-C: everything accepted is kept.", style="dim"))
