"""The command `rapport demo`: a made-up company lives before your eyes; all is real but the people."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

_DAY_IN_SECONDS = 4
_HEADLESS_S = 20.0  # where nobody watches and nobody says for how long


@click.command(name="demo")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep the data here, and go on with what is here.  [default: a temporary directory]",
)
@click.option("--seed", type=click.IntRange(min=0), help="Which people there are.  [default: 7]")
@click.option(
    "--speed",
    type=click.FloatRange(min=1, max=604_800),
    default=86_400 / _DAY_IN_SECONDS,
    show_default=True,
    metavar="X",
    help="Simulated seconds in a real one.",
)
@click.option("--customers", type=click.IntRange(1, 1_000_000), help="How many people.  [default: 3000]")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    metavar="N",
    help="Port of the page.  [default: 8080, or a free one]",
)
@click.option(
    "--headless",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Show nothing, end after so long, and print a summary.",
)
def command(
    data: Path | None,
    seed: int | None,
    speed: float,
    customers: int | None,
    port: int | None,
    headless: float | None,
) -> None:
    """Watch a made-up company live.

    Some thousand invented customers browse, buy, praise, complain and fall silent. Two months of it are
    history when the view opens; then a day takes four seconds. The page in the browser shows the same.
    """
    import logging

    from streams.cli.demo_company import ForeignDirectoryError
    from streams.cli.server import PortError
    from streams.runtime.embedded.errors import LogError

    logging.getLogger("rapport").addHandler(logging.NullHandler())  # the screen belongs to the view
    if headless is None and not sys.stdout.isatty():
        headless = _HEADLESS_S
    try:
        with _directory(data) as directory:
            _run(
                directory,
                seed=seed,
                speed=speed,
                customers=customers,
                port=port,
                headless=headless,
                kept=data is not None,
            )
    except (ForeignDirectoryError, LogError, PortError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or data}: {error.strerror or error}") from error


def _run(
    directory: Path,
    *,
    seed: int | None,
    speed: float,
    customers: int | None,
    port: int | None,
    headless: float | None,
    kept: bool,
) -> None:
    """Play the history, live on, and tell what came of it."""
    import time

    from rich.console import Console

    from schemas.instants import instant
    from streams.cli.demo_company import Company, settled
    from streams.cli.demo_end import ending
    from streams.cli.demo_page import served
    from streams.cli.demo_show import Show
    from streams.cli.demo_summary import Summary, show_summary
    from streams.engine.compiled import is_warm
    from streams.model.load import load_model
    from streams.runtime.embedded.log import EmbeddedLog

    console = Console(highlight=False)
    origin = settled(directory, seed=seed, customers=customers)
    if not is_warm():
        console.print("Compiling the engine once (about a minute) …")
    with ending() as ended, EmbeddedLog(directory) as log:
        company = Company(log, load_model("starter"), origin)
        view = Show(company, speed=speed, directory=directory, ended=ended)
        if log.next_offset:
            console.print(f"Going on from {instant(company.now_ms):%d %b %Y %H:%M} …")
        history_s = view.play_history(console)
        played, began = company.played, time.monotonic()
        with served(company, directory, port=port) as url:
            if headless is None:
                view.live_before_eyes(console, page=url)
            else:
                console.print(f"The page is at {url}", soft_wrap=True)
                view.live_for(headless)
        live_s = time.monotonic() - began
        company.close()
        summary = Summary(
            company=company,
            history=played,
            history_s=history_s,
            live_s=live_s,
            somebody=view.somebody(),
            directory=directory if kept else None,
        )
        show_summary(summary, console)


@contextmanager
def _directory(data: Path | None) -> Iterator[Path]:
    """Give the directory that was asked for, or a temporary one that is removed at the end."""
    if data is not None:
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="rapport-demo-") as temporary:
        yield Path(temporary)
