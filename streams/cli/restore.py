"""The command `rapport restore`: a backup becomes the data directory of the next `rapport up`."""

import os
import time
from pathlib import Path

import click


@click.command(name="restore")
@click.argument("source", metavar="SOURCE", type=click.Path(path_type=Path))
@click.option("--data", metavar="DIR", help="Directory to restore to.  [rapport-data]")
@click.option("--replace", is_flag=True, help="Move what the directory holds aside; nothing is deleted.")
def command(source: Path, data: str | None, replace: bool) -> None:
    """Make a data directory of SOURCE, a file that `rapport backup` wrote, and check it whole.

    `rapport up` then goes on from there: it reads the records after the state again, and takes new ones.
    SOURCE may also be a copy of a data directory.
    """
    from rich.console import Console

    from streams import settings
    from streams.cli import backup_view
    from streams.runtime.embedded.errors import LogError
    from streams.runtime.embedded.restore import restore

    directory = Path(settings.load(os.environ, options={"data": data}).data)
    replaced_at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) if replace else None
    console = Console(highlight=False)
    try:
        with backup_view.progress("Restoring", console) as on_step:
            restored = restore(source, directory, replaced_at=replaced_at, on_step=on_step)
    except LogError as error:
        raise click.ClickException(str(error)) from error
    backup_view.show(f"The data directory {directory} holds {source}.", restored.contents, console)
    if restored.aside is not None:
        console.print(f"What was there before is now {restored.aside}.", soft_wrap=True, markup=False)
