"""The command `rapport replay`: files of past events through a model, in one process and without a log."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from streams.cli.replay_outputs import Outputs
    from streams.cli.replay_summary import Counts, Summary
    from streams.ingest.files import Rows
    from streams.ingest.history import Step
    from streams.ingest.mapping import Mapping
    from streams.model.definition import Model

BUG = 70

IN = click.Path(path_type=Path)
OUT = click.Path(path_type=Path, dir_okay=False)


@click.command(name="replay")
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=IN)
@click.option("--mapping", "mapping_path", type=IN, metavar="FILE", help="What becomes which field.")
@click.option("--model", "model_name", default="starter", show_default=True, metavar="FILE|PRESET")
@click.option("--sort", is_flag=True, help="Read everything, then apply it in the order of time.")
@click.option("--until", metavar="TIME|DATE", help="Stop there; a bare date means through that day (UTC).")
@click.option("--customers", type=OUT, metavar="OUT", help="Write every customer, one JSON object a line.")
@click.option("--transitions", type=OUT, metavar="OUT", help="Write every stage change.")
@click.option("--alerts", type=OUT, metavar="OUT", help="Write every alert raised and resolved.")
@click.option("--dead-letters", type=OUT, metavar="OUT", help="Write every row that was not understood.")
def command(
    files: tuple[Path, ...],
    mapping_path: Path | None,
    model_name: str,
    sort: bool,
    until: str | None,
    customers: Path | None,
    transitions: Path | None,
    alerts: Path | None,
    dead_letters: Path | None,
) -> None:
    """Run files of past events through a model, and write down what came of them.

    FILE is JSON lines, Rapport's own touchpoints or the calls of a Segment-shaped tracker, or with
    --mapping any CSV, whitespace table or JSON lines; plain or gzip. An OUT that ends in .gz is gzip.
    """
    from streams.cli.refusal import Refusal
    from streams.cli.replay_outputs import UnwritableFileError, open_outputs
    from streams.ingest.lines import UnreadableFileError, size_of
    from streams.ingest.mapping import MappingError
    from streams.model.load import load_model
    from streams.model.problems import ModelError

    outs = {
        "customers": customers,
        "transitions": transitions,
        "alerts": alerts,
        "dead_letters": dead_letters,
    }
    _refuse_overwriting((*files, mapping_path), outs.values())
    until_ms = _until(until)
    try:
        total_bytes = sum(size_of(file) for file in files)
        mapping = read_mapping_file(mapping_path)
        model = load_model(model_name)
        with open_outputs(outs) as outputs:
            _replay(files, mapping, model, outputs, total_bytes=total_bytes, until_ms=until_ms, sort=sort)
    except (MappingError, ModelError) as error:
        raise Refusal(str(error)) from error
    except (UnreadableFileError, UnwritableFileError) as error:
        raise click.ClickException(str(error)) from error


def _replay(
    files: tuple[Path, ...],
    mapping: "Mapping | None",
    model: "Model",
    outputs: "Outputs",
    *,
    total_bytes: int,
    until_ms: int | None,
    sort: bool,
) -> None:
    """Feed the files, write what was asked for, and print the summary.

    Raises:
        SystemExit: With code 70, when rows are missing or counted twice.
    """
    import time

    from rich.console import Console

    from streams.cli.collector import calm
    from streams.cli.replay_outputs import customer_line
    from streams.cli.replay_summary import Counts, Summary, show
    from streams.ingest.history import Tally, play
    from streams.runtime.processor import Processor

    _warm_up(model)
    processor = Processor(model, check_future=False, check_internal=True, storing=False)
    calm()
    tally, counts = Tally(), Counts()
    started = time.perf_counter()
    with progress("replaying", total_bytes) as advance:
        rows = _watched(files, mapping, advance)
        for step in play(rows, processor, tally, until_ms=until_ms, sort=sort):
            _take(step, counts, outputs)
    seconds = time.perf_counter() - started
    if outputs.wants("customers"):
        views = (processor.customer(customer_id) for customer_id in sorted(processor.customers()))
        outputs.write("customers", (customer_line(view) for view in views if view is not None))
    summary = Summary(
        model=f"{model.name} version {model.version}",
        tally=tally,
        totals=processor.totals,
        counts=counts,
        kpis=processor.kpis(),
        seconds=seconds,
    )
    show(summary, Console())
    insist_on_the_sum(summary)


def _warm_up(model: "Model") -> None:
    """Load the engine, and compile it if need be, so that the rates are those of the work alone."""
    from streams.engine.compiled import is_warm
    from streams.runtime.processor import Processor
    from streams.runtime.record import Record

    if not is_warm():
        click.echo("Compiling the engine. This happens once, and takes up to a minute.", err=True)
    nobody = b'{"message_id":"0","customer_id":"0","event":"0","timestamp":"1970-01-01T00:00:00Z"}'
    processor = Processor(model, check_future=False)
    processor.process([Record(0, 0, None, nobody)])
    processor.elapse(1)


def insist_on_the_sum(summary: "Summary") -> None:
    """See that every row read ended in exactly one place.

    Raises:
        SystemExit: With code 70: rows are missing, or were counted twice.
    """
    if summary.missing:
        rows = summary.tally.rows
        click.echo(f"bug: of {rows} rows read, {summary.missing} ended nowhere; please report it", err=True)
        raise SystemExit(BUG)


def _take(step: "Step", counts: "Counts", outputs: "Outputs") -> None:
    """Count what a chunk came to, and render only what somebody asked for."""
    counts.bury(step.dead_letters)
    outputs.write("dead_letters", step.dead_letters)
    if step.outcome is None:
        return
    counts.transitions += step.outcome.moves
    counts.raised += step.outcome.raised
    counts.resolved += step.outcome.resolved
    if outputs.wants("transitions"):
        outputs.write("transitions", step.outcome.transitions())
    if outputs.wants("alerts"):
        outputs.write("alerts", step.outcome.alerts())


def _watched(
    files: tuple[Path, ...], mapping: "Mapping | None", advance: Callable[[int], None]
) -> Iterator["Rows"]:
    """Yield the rows of all files, and tell how many stored bytes have been read."""
    from streams.ingest.files import read_touchpoints

    done = 0
    for file in files:
        rows = None
        for rows in read_touchpoints(file, mapping):
            yield rows
            advance(done + rows.read_bytes)
        done += rows.read_bytes if rows is not None else 0


@contextmanager
def progress(doing: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error while somebody watches; the value takes the bytes read so far."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(doing), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total_bytes or None)
        yield lambda read_bytes: bar.update(task, completed=read_bytes)


def _refuse_overwriting(inputs: Iterable[Path | None], outs: Iterable[Path | None]) -> None:
    """See that no output would overwrite an input or another output."""
    taken = {path.resolve() for path in inputs if path is not None}
    for out in outs:
        if out is None or (out.exists() and not out.is_file()):  # a pipe or a terminal may be named twice
            continue
        if out.resolve() in taken:
            raise click.UsageError(f"{out} is named twice; give every output a file of its own")
        taken.add(out.resolve())


def _until(text: str | None) -> int | None:
    from streams.ingest.instants import read_until

    if text is None:
        return None
    instant_ms = read_until(text)
    if instant_ms is None:
        reason = f"{text!r} is neither a date nor an instant; write 1997-09-30 or 1997-09-30T12:00:00Z"
        raise click.BadParameter(reason, param_hint="--until")
    return instant_ms


def read_mapping_file(path: Path | None) -> "Mapping | None":
    """Read the mapping file, if there is one.

    Raises:
        Refusal: It cannot be read.
        MappingError: Something is wrong with it.
    """
    from streams.cli.refusal import Refusal
    from streams.ingest.mapping_file import read_mapping

    if path is None:
        return None
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Refusal(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise Refusal(f"{path}: byte {error.start} is not UTF-8") from error
    return read_mapping(text, name=str(path))
