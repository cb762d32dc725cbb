"""The command `rapport backup`: a checked copy of a data directory, also while `rapport up` works on it."""

import os
import time
from pathlib import Path

import click


@click.command(name="backup")
@click.argument("target", metavar="TARGET", type=click.Path(path_type=Path))
@click.option("--data", metavar="DIR", help="Directory of `rapport up`.  [rapport-data]")
def command(target: Path, data: str | None) -> None:
    """Write all that a data directory holds into one file; `rapport up` may go on meanwhile.

    TARGET is a new file, or a directory, in which the file is named after the time. The copy is
    checked whole before it gets its name; until then it is called TARGET.partial.
    """
    from rich.console import Console

    from streams import settings
    from streams.cli import backup_view
    from streams.runtime.embedded import backup, database
    from streams.runtime.embedded.errors import LogError

    directory = Path(settings.load(os.environ, options={"data": data}).data)
    if target.is_dir():
        target /= time.strftime("rapport-%Y%m%dT%H%M%SZ.db", time.gmtime())
    console = Console(highlight=False)
    try:
        with backup_view.progress("Copying", console) as on_step:
            contents = backup.copy(directory / database.NAME, target, on_step=on_step)
    except LogError as error:
        raise click.ClickException(str(error)) from error
    backup_view.show(f"The backup is {target}.", contents, console)
