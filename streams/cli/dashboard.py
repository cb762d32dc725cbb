"""`rapport dashboard`: the API and the page of a fleet on Kafka, from a file made of its output topics."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.cli.clock import now, now_ms
from streams.cli.kafka import broker_options

if TYPE_CHECKING:
    import socket

    from streams.model.definition import Model
    from streams.model.load import Checked
    from streams.settings import Settings

BUG: Final = 70
_DAY_MS: Final = 86_400_000


@click.command("dashboard", short_help="Serve the API and the page of a fleet on Kafka.")
@broker_options
@click.option("--data", metavar="DIR", help="Directory of the file; made when it is missing.  [rapport-data]")
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [127.0.0.1]")
@click.option("--port", type=int, metavar="N", help="Port to listen on; 0 takes a free one.  [8080]")
@click.option("--model", metavar="FILE|PRESET", help="The model of the workers.  [starter]")
@click.option("--token", metavar="TEXT", help="Access token; RAPPORT_TOKEN keeps it out of process lists.")
@click.option("--timeline", is_flag=True, default=None, help="Keep recent touchpoints of each customer, too.")
def command(
    broker: str | None,
    app: str | None,
    data: str | None,
    host: str | None,
    port: int | None,
    model: str | None,
    token: str | None,
    timeline: bool | None,
) -> None:
    """Serve the API and the page of a fleet on Kafka, until Ctrl-C.

    What the workers tell is taken over into a file in --data, which is made anew of the topics
    when it is missing. It reads without a group, so it takes nothing away from anybody.
    """
    from streams.cli.collector import calm

    calm()
    from streams import settings

    chosen = settings.load(
        os.environ,
        options={
            "broker": broker, "app": app, "data": data, "host": host, "port": port, "model": model,
            "token": token, "dashboard_timeline": timeline,
        },
    )  # fmt: skip
    serve(chosen)


def serve(settings: "Settings") -> None:
    """Do what the command does.

    Raises:
        Refusal: the model or a setting cannot be used.
        click.ClickException: the port, the directory or Kafka cannot be used.
    """
    from streams.cli.refusal import Refusal
    from streams.cli.server import PortError, take_port
    from streams.materialised.file import DamagedFile, ForeignFile
    from streams.model.load import check_model, checked_or_raise
    from streams.runtime.embedded.errors import LogError
    from streams.runtime.embedded.lock import DirectoryLock

    if settings.broker is None:
        raise Refusal("a dashboard needs a Kafka: give --broker, or set RAPPORT_BROKER")
    checked = check_model(settings.model)
    checked_or_raise(checked)
    directory = Path(settings.data)
    try:
        with take_port(settings.host, settings.port) as listener:
            with _used(directory):
                directory.mkdir(parents=True, exist_ok=True, mode=0o700)
                lock = DirectoryLock(directory)
            try:
                _run(settings, checked, listener, directory)
            finally:
                lock.release()
    except (PortError, LogError, DamagedFile, ForeignFile) as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _used(directory: Path) -> Iterator[None]:
    """Tell what the system refuses within the block as the directory's fault."""
    import sqlite3

    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise click.ClickException(f"The data directory {directory} cannot be used: {error}") from error


def _run(settings: "Settings", checked: "Checked", listener: "socket.socket", directory: Path) -> None:
    import sqlite3

    from streams.cli.admission import admission
    from streams.cli.following import FollowingThread
    from streams.cli.materialised_answers import Findings, MaterialisedAnswers
    from streams.cli.registry import new_registry
    from streams.cli.server import Server, ended_by_signals, local_url
    from streams.dashboard.app import create_app
    from streams.instrumentation import Instrumentation
    from streams.instrumentation_dashboard import DashboardInstrumentation, DashboardState
    from streams.logs import log_to_stderr
    from streams.materialised.file import NAME, DamagedFile, MaterialisedFile
    from streams.materialised.intake import Intake, Keeping
    from streams.model.load import checked_or_raise

    model, names = checked_or_raise(checked), followed(settings)
    log_to_stderr(quiet=sys.stderr.isatty())
    registry = new_registry()
    instrumentation = Instrumentation(model, build=version("rapport"), registry=registry)
    happenings = DashboardInstrumentation(names, registry=registry)
    admitted = admission(settings, instrumentation)
    keeping = Keeping(
        outputs_ms=settings.keep_outputs_days * _DAY_MS, touchpoints_ms=settings.keep_input_days * _DAY_MS
    )
    with ended_by_signals() as ending, ExitStack() as opened:
        with _used(directory):
            file = MaterialisedFile(directory / NAME)
            opened.callback(file.close)
            intake = Intake(file, model, keeping=keeping, clock=now_ms, instrumentation=happenings)
        following = FollowingThread(
            settings, names, intake, since_ms=now_ms() - keeping.touchpoints_ms, instrumentation=happenings
        )
        opened.callback(following.stop)  # before the file is closed, whatever happens from here on
        service = MaterialisedAnswers(
            file, intake, model, behind=following.lag, trouble=following.hindrance,
            has_timeline=settings.dashboard_timeline,
        )  # fmt: skip
        DashboardState(
            lag=following.lag, file_bytes=lambda: file.size, hindrance=service.hindrance, registry=registry
        )
        app = create_app(
            service, admission=admitted, instrumentation=instrumentation, registry=registry,
            version=version("rapport"), now=now, findings=Findings(checked.problems, intake),
            unavailable=[DamagedFile, sqlite3.OperationalError],
        )  # fmt: skip
        server = Server(app)
        following.start(serve_anyway=bool(intake.positions()), on_end=server.stop)
        url = local_url(listener)
        _show(settings, url, directory / NAME, model)
        instrumentation.serving(url=url)
        server.serve(listener)
    _raise_or_report(following.failure)
    instrumentation.stopped(reason=ending.by.name if ending.by else "")


def followed(settings: "Settings") -> dict[str, str]:
    """Return the topics that are followed, as they are called on this Kafka, by their public names."""
    from streams import topics

    chosen = [*topics.OUTPUTS, *([topics.TOUCHPOINTS] if settings.dashboard_timeline else [])]
    return {topic.name: settings.topic_prefix + topic.name for topic in chosen}


def _show(settings: "Settings", url: str, file: Path, model: "Model") -> None:
    """Say what runs, and where."""
    from rich.console import Console
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    facts.add_row("listening", Text(url, style="bold cyan"))
    facts.add_row("model", Text(f"{model.name} version {model.version}, which must be the workers' model"))
    facts.add_row("kafka", Text(f"{settings.broker}, topics {settings.topic_prefix}engagement.…"))
    facts.add_row("file", Text(str(file)))
    if settings.guarded:
        facts.add_row("access", Text("requests need a token; probes and the page do not"))
    facts.add_row("progress", Text("/readyz says how far it is, and whether it is current"))
    panel = Panel(
        facts, title="[bold]rapport dashboard[/]", title_align="left", border_style="cyan", expand=False
    )
    Console(highlight=False).print(panel)


def _raise_or_report(failure: BaseException | None) -> None:
    """End with the file's own message where it is damaged, and as a defect for anything else."""
    from streams.materialised.file import DamagedFile

    if isinstance(failure, DamagedFile):
        raise failure
    if failure is not None:
        traceback.print_exception(failure)
        click.echo(
            f"A defect in Rapport stopped it ({type(failure).__name__}: {failure}). "
            "Please report the traceback above.",
            err=True,
        )
        sys.exit(BUG)
