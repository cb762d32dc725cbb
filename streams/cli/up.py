"""The command `rapport up`: collector, processor, API and metrics in one process, on one directory."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.cli.clock import now, now_ms

if TYPE_CHECKING:
    import socket

    from litestar import Litestar
    from prometheus_client import CollectorRegistry

    from streams.cli.answers import EmbeddedAnswers
    from streams.cli.store import EmbeddedStore
    from streams.dashboard.guard import Admission
    from streams.instrumentation import Instrumentation
    from streams.model.load import Checked
    from streams.model.problems import Problem
    from streams.runtime.embedded.log import Retention
    from streams.settings import Settings

Clock = Callable[[], int]

BUG: Final = 70
_DAY_MS: Final = 86_400_000


@click.command(name="up")
@click.option("--data", metavar="DIR", help="Directory of the log; made when it is missing.  [rapport-data]")
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [127.0.0.1]")
@click.option("--port", type=int, metavar="N", help="Port to listen on; 0 takes a free one.  [8080]")
@click.option("--model", metavar="FILE|PRESET", help="The model.  [starter]")
@click.option("--token", metavar="TEXT", help="Access token; RAPPORT_TOKEN keeps it out of process lists.")
def command(
    data: str | None, host: str | None, port: int | None, model: str | None, token: str | None
) -> None:
    """Run everything in one process, until Ctrl-C.

    Touchpoints are posted to /v1/touchpoints and answered when they are on the disk; customers,
    transitions, alerts and figures are read under /v1, metrics under /metrics. Every option is also
    a setting: in rapport.toml, or as a variable RAPPORT_DATA, RAPPORT_PORT, and so on.
    """
    from streams.cli.collector import calm

    calm()  # before the imports: they make many objects that stay
    from streams import settings

    chosen = settings.load(
        os.environ, options={"data": data, "host": host, "port": port, "model": model, "token": token}
    )
    serve(chosen, clock=now_ms)


def serve(settings: "Settings", *, clock: Clock) -> None:
    """Do what the command does; `clock` gives the log's time (epoch milliseconds).

    Raises:
        Refusal: The model cannot be used.
        click.ClickException: The port or the data directory cannot be used.
    """
    from streams.cli.refusal import Refusal
    from streams.cli.server import PortError, take_port
    from streams.model.load import check_model, checked_or_raise
    from streams.model.problems import ModelError
    from streams.runtime.embedded.errors import LogError

    try:
        checked = check_model(settings.model)
        checked_or_raise(checked)
        with take_port(settings.host, settings.port) as listener:
            _run(settings, checked, listener, clock)
    except ModelError as error:
        raise Refusal(f"The model cannot be used:\n{error}") from error
    except (PortError, LogError) as error:
        raise click.ClickException(str(error)) from error


def _run(settings: "Settings", checked: "Checked", listener: "socket.socket", clock: Clock) -> None:
    """Open the log, take the state over, serve, and leave everything written."""
    from rich.console import Console

    from streams.cli import banner, running
    from streams.cli.admission import admission
    from streams.cli.answers import EmbeddedAnswers
    from streams.cli.collector import calm
    from streams.cli.registry import new_registry
    from streams.cli.server import Server, ended_by_signals, local_url
    from streams.cli.store import EmbeddedStore
    from streams.engine.compiled import is_warm
    from streams.instrumentation import Instrumentation
    from streams.instrumentation_disk import Disk
    from streams.instrumentation_population import Population
    from streams.logs import log_to_stderr
    from streams.model.load import checked_or_raise
    from streams.runtime.embedded.log import EmbeddedLog
    from streams.runtime.embedded.readings import Readings
    from streams.runtime.embedded.run import EmbeddedRun, RunSettings
    from streams.runtime.processor import Processor

    model = checked_or_raise(checked)
    console = Console(highlight=False)
    log_to_stderr(quiet=sys.stderr.isatty())
    registry = new_registry()
    instrumentation = Instrumentation(model, build=version("rapport"), registry=registry)
    admitted = admission(settings, instrumentation)
    directory, url = Path(settings.data), local_url(listener)

    with ended_by_signals() as ending, EmbeddedLog(directory, retention=_retention(settings)) as log:
        run = EmbeddedRun(
            log,
            model,
            lambda: Processor(model, remembered_ids=settings.remembered_ids, pace=time.perf_counter),
            clock=clock,
            instrumentation=instrumentation,
            settings=RunSettings(flush_interval_ms=settings.flush_interval_ms),
            on_failure=lambda _: server.stop(),
        )
        store = EmbeddedStore(log, clock=clock, instrumentation=instrumentation)
        service = EmbeddedAnswers(log, run, model, trouble=lambda: store.trouble)
        readings = Readings(log, run, model, clock=clock)
        Disk(directory, registry=registry)
        Population(
            model, read=readings.read, partitions=lambda: 1, hindrance=service.hindrance, registry=registry
        )
        app = _app(
            settings,
            service,
            store,
            admission=admitted,
            instrumentation=instrumentation,
            registry=registry,
            findings=checked.problems,
        )
        server = Server(app)
        if not is_warm():
            console.print("Compiling the engine. This happens once, and takes up to a minute.", style="dim")
        try:
            run.start()
            calm()
            start = banner.Start(
                url=url,
                data=directory,
                model=model,
                customers=service.customer_count(),
                row_bytes=service.memory().row_bytes,
                guarded=settings.guarded,
            )
            banner.show(start, console)
            instrumentation.serving(url=url)
            with running.announced(directory, url):
                server.serve(listener)
        finally:
            run.stop()

    _raise_or_report(run.failure)
    instrumentation.stopped(reason=ending.by.name if ending.by else "")


def _app(
    settings: "Settings",
    service: "EmbeddedAnswers",
    store: "EmbeddedStore",
    *,
    admission: "Admission",
    instrumentation: "Instrumentation",
    registry: "CollectorRegistry",
    findings: "Sequence[Problem]",
) -> "Litestar":
    from streams.dashboard.app import create_app
    from streams.ingest.http import touchpoints_route
    from streams.runtime.embedded.errors import LogError

    return create_app(
        service,
        admission=admission,
        instrumentation=instrumentation,
        registry=registry,
        version=version("rapport"),
        now=now,
        findings=findings,
        unavailable=[LogError],
        routes=[touchpoints_route(store, instrumentation, body_limit_bytes=settings.max_body_bytes)],
    )


def _retention(settings: "Settings") -> "Retention":
    from streams import topics
    from streams.runtime.embedded.log import Retention

    kept_ms = settings.keep_outputs_days * _DAY_MS
    listed = {topics.TRANSITIONS.name: kept_ms, topics.ALERTS.name: kept_ms}
    return Retention(
        input_ms=settings.keep_input_days * _DAY_MS, outputs_ms={**Retention().outputs_ms, **listed}
    )


def _raise_or_report(failure: BaseException | None) -> None:
    """End with the log's own message where the disk failed, and as a defect where the processor did."""
    from streams.runtime.embedded.errors import LogError

    if isinstance(failure, LogError):
        raise failure
    if failure is not None:
        click.echo(
            f"A defect in Rapport stopped it ({type(failure).__name__}: {failure}). "
            "Everything accepted is in the log. Please report the traceback above.",
            err=True,
        )
        sys.exit(BUG)
