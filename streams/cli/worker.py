"""`rapport worker`: one worker of a fleet on Kafka, with its metrics and health on a port of its own."""

import asyncio
import os
from contextlib import suppress

import click

from streams.cli.collector import calm
from streams.cli.refusal import Refusal


@click.command("worker", short_help="Run one worker of a fleet on Kafka.")
@click.option("--broker", metavar="HOST:PORT", help="Bootstrap servers, separated by commas.")
@click.option("--app", metavar="NAME", help="Application id: names the group and the changelog.")
@click.option("--model", metavar="FILE|PRESET", help="Model file, or the name of a preset.")
@click.option("--metrics-port", type=int, metavar="N", help="Port of /metrics, /healthz and /readyz.")
def command(broker: str | None, app: str | None, model: str | None, metrics_port: int | None) -> None:
    """Run one worker of a fleet on Kafka, until it is told to stop.

    Start as many as there are cores, at most as many as there are partitions; kill any of them at any time.
    Topics are made by `rapport topics apply`.
    """
    calm()
    from streams.settings import load

    options = {"broker": broker, "app": app, "model": model, "metrics_port": metrics_port}
    settings = load(os.environ, options=options)
    if settings.broker is None:
        raise Refusal("a worker needs a Kafka: give --broker, or set RAPPORT_BROKER")
    from streams.cli.fleet import run

    with suppress(KeyboardInterrupt):
        raise SystemExit(asyncio.run(run(settings)))
