"""`rapport dead-letters`: sending what could not be read again, once the reason is gone."""

from typing import TYPE_CHECKING

import click

from schemas.dead_letter import DeadLetterReason
from streams.cli.kafka import broker_options, broker_settings, run

if TYPE_CHECKING:
    from streams.runtime.kafka.letters import Account, Wish
    from streams.settings import Settings


@click.group("dead-letters", short_help="Send again what could not be read.")
def command() -> None:
    """Send again what could not be read on Kafka; `rapport tail dead-letters` shows it."""


@command.command("replay", short_help="Send dead letters again to where they came from.")
@broker_options
@click.option("--reason", type=click.Choice([each.value for each in DeadLetterReason]), help="Only of this.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@click.option("--dry-run", is_flag=True, help="Only say how many it would be.")
def replay(broker: str | None, app: str | None, reason: str | None, limit: int | None, dry_run: bool) -> None:
    """Send dead letters again: the original bytes under the original key, to the topic they came from.

    Each is sent once: how far it went is remembered on Kafka, for each reason. One that is still wrong
    becomes a new dead letter.
    """
    from streams.runtime.kafka.letters import Wish

    settings = broker_settings(broker, app)
    wish = Wish(reason=reason, limit=limit, dry=dry_run)
    account = run(lambda: _replay(settings, wish), settings)
    _show(account, dry=dry_run)


async def _replay(settings: "Settings", wish: "Wish") -> "Account":
    from aiokafka.errors import ProducerFenced

    from streams.runtime.kafka.connection import client_arguments
    from streams.runtime.kafka.letters import replay
    from streams.runtime.kafka.subscriber import NoSuchTopic

    try:
        return await replay(client_arguments(settings), settings, wish)
    except NoSuchTopic as missing:
        raise click.ClickException(str(missing)) from missing
    except ProducerFenced as fenced:
        raise click.ClickException(
            "another replay of this application has begun, and goes on where this one ended"
        ) from fenced


def _show(account: "Account", *, dry: bool) -> None:
    """Say how many were sent, by reason, and why others were not."""
    from streams.cli.explanation import plain
    from streams.cli.model_view import counted

    done = "would be sent again" if dry else "sent again"
    click.echo(f"{counted(account.sent.total(), 'dead letter')} {done}")
    for reason, count in sorted(account.sent.items()):
        click.echo(f"  {reason}  {count:,}")
    if account.cut:
        click.echo(f"{counted(account.cut, 'letter')} passed over: only the first 64 KiB are kept")
    for topic, count in sorted(account.homeless.items()):
        click.echo(f"{counted(count, 'letter')} passed over: {plain(topic)} is not there, or no input")
    if account.unread:
        click.echo(f"{counted(account.unread, 'record')} passed over: none of Rapport's")
