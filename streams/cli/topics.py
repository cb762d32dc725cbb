"""`rapport topics`: the topics of a fleet, as they are and as they should be."""

import asyncio
import os

import click


@click.group("topics", short_help="Show or make the topics of a fleet on Kafka.")
def command() -> None:
    """Show or make the topics of a fleet on Kafka."""


@command.command("plan", short_help="Say which topics are there, and which are missing.")
@click.option("--broker", metavar="HOST:PORT", help="Bootstrap servers, separated by commas.")
@click.option("--app", metavar="NAME", help="Application id.")
def show(broker: str | None, app: str | None) -> None:
    """Say which topics are there, and which `rapport topics apply` would make."""
    _go(broker, app, make=False)


@command.command("apply", short_help="Make the topics that are missing.")
@click.option("--broker", metavar="HOST:PORT", help="Bootstrap servers, separated by commas.")
@click.option("--app", metavar="NAME", help="Application id.")
def make(broker: str | None, app: str | None) -> None:
    """Make the topics that are missing; what is there stays as it is."""
    _go(broker, app, make=True)


def _go(broker: str | None, app: str | None, *, make: bool) -> None:
    from aiokafka.errors import KafkaError

    from streams.runtime.kafka import provisioning
    from streams.runtime.kafka.connection import client_arguments
    from streams.runtime.kafka.errors import StateError
    from streams.settings import load

    settings = load(os.environ, options={"broker": broker, "app": app})
    client = client_arguments(settings)

    async def work() -> provisioning.Plan:
        found = await provisioning.plan(client, app=settings.app, prefix=settings.topic_prefix)
        if make:
            await provisioning.apply(
                client, found, partitions=settings.partitions, replication=settings.replication
            )
        return found

    try:
        found = asyncio.run(work())
    except (KafkaError, StateError, OSError) as problem:
        raise click.ClickException(str(problem)) from problem
    count = next(iter(found.present.values()), settings.partitions)
    for name, partitions in sorted(found.present.items()):
        click.echo(f"  there    {name}  {partitions} partitions")
    for each in found.missing:
        how = ", ".join(f"{key} {value}" for key, value in each.config.items())
        click.echo(f"  {'made   ' if make else 'missing'}  {each.name}  {count} partitions, {how}")
    if found.misfit is not None:
        raise click.ClickException(found.misfit)
