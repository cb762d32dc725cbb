"""`rapport doctor`: whether a fleet can work on this Kafka, and what to do where it cannot."""

import click

from streams.cli.kafka import broker_options, broker_settings, run


@click.command("doctor", short_help="Examine Kafka: permissions, topics, sizes, state, lag.")
@broker_options
def command(broker: str | None, app: str | None) -> None:
    """Examine Kafka: release, permissions, topics, batch sizes, state, workers, lag and clock.

    It changes nothing.
    Each finding is ok, note, warning or error, with what to do. Ends with 1 when there is an error.
    """
    import time

    from rich.console import Console

    from streams.cli.findings import show
    from streams.runtime.kafka.connection import client_arguments
    from streams.runtime.kafka.examination import examine
    from streams.runtime.kafka.findings import Weight
    from streams.runtime.kafka.looking import look

    settings = broker_settings(broker, app)
    client = client_arguments(settings)
    seen = run(lambda: look(client, settings, clock_ms=lambda: time.time_ns() // 1_000_000), settings)
    found = examine(seen, settings)
    show(found, Console(highlight=False, markup=False, emoji=False))
    if any(each.weight is Weight.ERROR for each in found):
        raise SystemExit(1)
