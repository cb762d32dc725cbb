"""What `rapport backup` and `rapport restore` show: how far they are, and what the copy holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from streams.runtime.embedded.backup import Contents, OnStep


@contextmanager
def progress(what: str, console: Console) -> Iterator[OnStep]:
    """Show a bar on a terminal, and nothing elsewhere; the check comes after the last page."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def on_step(done: int, pages: int) -> None:
            bar.update(task, completed=done, total=pages)
            if done == pages:
                bar.update(task, description="Checking", total=None)

        yield on_step


def show(headline: str, contents: Contents, console: Console) -> None:
    """Say what a copy holds."""
    console.print(headline, soft_wrap=True, markup=False)
    table = Table.grid(padding=(0, 2))
    for name, value in _rows(contents):
        table.add_row(f"  {name}", value)
    console.print(table)


def _rows(contents: Contents) -> Iterator[tuple[str, str]]:
    as_of = datetime.fromtimestamp(contents.as_of_ms / 1_000, UTC)
    yield (
        "as of",
        f"{as_of:%Y-%m-%d %H:%M:%S} UTC" if contents.as_of_ms else "the beginning: nothing is in it",
    )
    yield "records", f"{contents.records:,} from {contents.first_offset} to before {contents.next_offset}"
    yield "state", f"{contents.flushes:,} flushes, up to record {contents.position}"
    yield "customers", f"{contents.scored_customers:,} with a score"
    yield "model", f"{contents.model} {contents.model_digest[:12]}" if contents.model else "none yet"
    yield "versions", f"schema {contents.schema}, state {contents.state_version}"
    yield "size", decimal(contents.bytes)
