"""`rapport send`: files of touchpoints to the input on Kafka, keyed by customer."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.kafka import broker_options, broker_settings, run
from streams.cli.replay import IN, progress, read_mapping_file

if TYPE_CHECKING:
    from streams.cli.replay_summary import Counts
    from streams.ingest.mapping import Mapping
    from streams.runtime.kafka.publisher import Publisher
    from streams.settings import Settings


@click.command("send", short_help="Send files of touchpoints to Kafka.")
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=IN)
@click.option("--mapping", "mapping_path", type=IN, metavar="FILE", help="What becomes which field.")
@broker_options
def command(files: tuple[Path, ...], mapping_path: Path | None, broker: str | None, app: str | None) -> None:
    """Send files of touchpoints to Kafka: what `rapport replay` reads, each under the id of its subject.

    Ends with 0 when every row was sent, and with 1 when rows were not understood; they are counted, and the
    others are sent. Sent again, a touchpoint counts once, as long as its message id is the same.
    """
    from streams.cli.replay_summary import Counts
    from streams.ingest.lines import UnreadableFileError, size_of

    settings, counts = broker_settings(broker, app), Counts()
    mapping = read_mapping_file(mapping_path)
    try:
        total_bytes = sum(map(size_of, files))
        with progress("sending", total_bytes) as advance:
            sent = run(lambda: _send(files, mapping, settings, counts, advance), settings)
    except UnreadableFileError as error:
        raise click.ClickException(str(error)) from error
    _conclude(sent, counts)


async def _send(
    files: tuple[Path, ...],
    mapping: "Mapping | None",
    settings: "Settings",
    counts: "Counts",
    advance: Callable[[int], None],
) -> int:
    """Send the files; return how many touchpoints the broker has confirmed."""
    from streams import topics
    from streams.runtime.kafka.connection import client_arguments
    from streams.runtime.kafka.publisher import publisher
    from streams.runtime.kafka.subscriber import NoSuchTopic

    topic = settings.topic_prefix + topics.TOUCHPOINTS.name
    try:
        async with publisher(client_arguments(settings), topic) as target:
            try:
                await _send_files(files, mapping, target, counts, advance)
            except BaseException:
                click.echo(f"{target.confirmed:,} touchpoints were sent before this", err=True)
                raise
            return target.confirmed
    except NoSuchTopic as missing:
        raise click.ClickException(str(missing)) from missing


async def _send_files(
    files: tuple[Path, ...],
    mapping: "Mapping | None",
    target: "Publisher",
    counts: "Counts",
    advance: Callable[[int], None],
) -> None:
    from streams.ingest.canonical import read_item
    from streams.ingest.files import dead_letter, read_touchpoints
    from streams.ingest.item import Refused

    done = 0
    for file in files:
        rows = None
        for rows in read_touchpoints(file, mapping):
            good = []
            counts.bury(rows.refused)
            for number, value in zip(rows.lines, rows.values, strict=True):
                item = read_item(value)
                if isinstance(item, Refused):
                    counts.bury([dead_letter(item, path=rows.path, line=number)])
                else:
                    good.append((item.subject, value))
            await target.send(good)
            advance(done + rows.read_bytes)
        done += rows.read_bytes if rows is not None else 0


def _conclude(sent: int, counts: "Counts") -> None:
    """Say what was sent and what was not.

    Raises:
        SystemExit: with code 1, something was not understood.
    """
    from rich.console import Console

    from streams.cli.replay_summary import show_dead_letters

    click.echo(f"{sent:,} touchpoint{'' if sent == 1 else 's'} sent")
    show_dead_letters(counts, Console())
    if counts.dead_letters:
        raise SystemExit(1)
