"""`rapport tail`: what a fleet tells on Kafka, followed line by line."""

from typing import TYPE_CHECKING, Final

import click

from streams import topics
from streams.cli.kafka import broker_options, broker_settings, run

if TYPE_CHECKING:
    from streams.settings import Settings

TOPICS: Final = {
    "transitions": topics.TRANSITIONS,
    "alerts": topics.ALERTS,
    "scores": topics.SCORES,
    "late": topics.LATE,
    "dead-letters": topics.DEAD_LETTERS,
}


@click.command("tail", short_help="Follow what a fleet tells on Kafka.")
@click.argument("what", type=click.Choice(list(TOPICS)))
@broker_options
@click.option("--from-beginning", is_flag=True, help="Begin with the oldest that is kept, not with the next.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object a line, bytes in base64.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="End after so many.")
def command(
    what: str, broker: str | None, app: str | None, from_beginning: bool, as_json: bool, count: int | None
) -> None:
    """Follow transitions, alerts, scores, late touchpoints or dead letters, until Ctrl-C or --count.

    Only what is committed is shown. It reads without a group, so it takes nothing away from anybody.
    """
    settings = broker_settings(broker, app)
    run(
        lambda: _follow(TOPICS[what], settings, from_beginning=from_beginning, as_json=as_json, count=count),
        settings,
        interrupted=0,
    )


async def _follow(
    topic: topics.Topic, settings: "Settings", *, from_beginning: bool, as_json: bool, count: int | None
) -> None:
    from contextlib import aclosing

    from rich.console import Console

    from streams.cli.tail_lines import json_line, line
    from streams.runtime.kafka.connection import client_arguments
    from streams.runtime.kafka.subscriber import NoSuchTopic, follow

    console, shown = Console(highlight=False, markup=False, emoji=False), 0
    records = follow(
        client_arguments(settings), settings.topic_prefix + topic.name, from_beginning=from_beginning
    )
    try:
        async with aclosing(records):
            async for told in records:
                if as_json:
                    click.echo(json_line(topic, told))
                else:
                    console.print(line(topic, told), soft_wrap=True)
                shown += 1
                if shown == count:
                    return
    except NoSuchTopic as missing:
        raise click.ClickException(str(missing)) from missing
