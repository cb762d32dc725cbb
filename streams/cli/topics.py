"""`rapport topics`: the topics of a fleet, as they are and as they should be."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import click

from streams.cli.kafka import broker_options, broker_settings, run

if TYPE_CHECKING:
    from streams.runtime.kafka.provisioning import Plan
    from streams.settings import Settings


@click.group("topics", short_help="Show or make the topics of a fleet on Kafka.")
def command() -> None:
    """Show or make the topics of a fleet on Kafka: the input, the outputs and the changelog.

    Partitions, replicas and days are settings. What is there is never changed or deleted.
    """


@command.command("plan", short_help="Say which topics are there, which are missing, and what differs.")
@broker_options
def show(broker: str | None, app: str | None) -> None:
    """Say which topics are there, which `apply` would make, and what does not fit.

    Ends with 1 when something must be mended first.
    """
    settings = broker_settings(broker, app)
    _end(run(lambda: _plan(settings), settings), settings)


@command.command("apply", short_help="Make the topics that are missing.")
@broker_options
def make(broker: str | None, app: str | None) -> None:
    """Make the topics that are missing; what is there stays as it is.

    Ends with 1, and makes nothing, when what is there does not fit.
    """
    settings = broker_settings(broker, app)
    before = run(lambda: _plan(settings), settings)
    if before.refused or not before.missing:
        return _end(before, settings)
    after = run(lambda: _make(before, settings), settings)
    return _end(after, settings, made={each.name for each in before.missing})


async def _plan(settings: "Settings") -> "Plan":
    from streams.runtime.kafka.administration import administration
    from streams.runtime.kafka.connection import client_arguments
    from streams.runtime.kafka.provisioning import compare, wanted_topics

    async with administration(client_arguments(settings)) as cluster:
        wanted = wanted_topics(settings, brokers=len(await cluster.brokers()))
        return compare(wanted, await cluster.existing(each.name for each in wanted))


async def _make(plan: "Plan", settings: "Settings") -> "Plan":
    from streams.runtime.kafka.administration import TopicsNotMade, administration
    from streams.runtime.kafka.connection import client_arguments

    async with administration(client_arguments(settings)) as cluster:
        try:
            await cluster.create(plan.missing)
        except TopicsNotMade as refused:
            raise click.ClickException(f"not all topics could be made: {refused}") from refused
    return await _plan(settings)


def _end(plan: "Plan", settings: "Settings", *, made: Collection[str] = ()) -> None:
    """Show the plan.

    Raises:
        SystemExit: with code 1, what is there does not fit.
    """
    from rich.console import Console

    from streams.cli.findings import show as show_findings
    from streams.cli.topic_table import closing, topic_table
    from streams.runtime.kafka.provisioning import findings

    console = Console(highlight=False, markup=False, emoji=False)
    broker = settings.broker or ""
    console.print(topic_table(plan, broker, made=made))
    show_findings(findings(plan.differences, broker), console)
    console.print(closing(plan))
    if plan.refused:
        raise SystemExit(1)
