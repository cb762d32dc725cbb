"""The command `rapport explain`: why a customer is where it is, from the running process or from the disk."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from schemas.views import CustomerView, Why

if TYPE_CHECKING:
    from streams.cli.running import Running

_TIMEOUT_S: Final = 10.0


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A customer, and why it is where it is; what `--json` prints."""

    customer: CustomerView
    why: Why


@click.command(name="explain")
@click.argument("customer")
@click.option("--data", metavar="DIR", help="Directory of `rapport up` or `rapport demo`.  [rapport-data]")
@click.option("--model", metavar="FILE|PRESET", help="The model, where no process runs.  [starter]")
@click.option("--token", metavar="TEXT", help="Access token of the running process.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
def command(customer: str, data: str | None, model: str | None, token: str | None, as_json: bool) -> None:
    """Say why CUSTOMER is where it is: rules and what they read, what contributed most, what changed.

    A process that runs on the directory is asked; otherwise the log is read, and nothing is written.
    """
    from rich.console import Console

    from streams import settings
    from streams.cli import explanation, running

    chosen = settings.load(os.environ, options={"data": data, "model": model, "token": token})
    directory = Path(chosen.data)
    live = running.find(directory)
    try:
        found = _ask(live, customer, token=chosen.token) if live else _read(directory, customer, chosen.model)
    except ConnectionError:  # it has just ended, or ended badly and another process has its number
        found = _read(directory, customer, chosen.model)
    if found is None:
        raise click.ClickException(f"Nothing is known about customer {customer!r} in {directory}.")
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        explanation.show(found.customer, found.why, Console(highlight=False))


def _ask(live: "Running", customer: str, *, token: str | None) -> Explanation | None:
    """Ask the process that serves the directory; None if it does not know the customer."""
    from urllib.error import HTTPError, URLError
    from urllib.parse import quote
    from urllib.request import ProxyHandler, Request, build_opener

    opener = build_opener(ProxyHandler({}))  # the process is on this machine, whatever the variables say
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(path: str) -> bytes:
        with opener.open(Request(live.url + path, headers=headers), timeout=_TIMEOUT_S) as answer:
            body: bytes = answer.read()
            return body

    address = f"/v1/customers/{quote(customer, safe='')}"
    try:
        return Explanation(
            customer=msgspec.json.decode(get(address), type=CustomerView),
            why=msgspec.json.decode(get(f"{address}/why"), type=Why),
        )
    except HTTPError as error:
        if error.code == 404:
            return None
        if error.code == 401:
            raise click.ClickException(
                f"The process at {live.url} asks for a token: give it with --token, or as RAPPORT_TOKEN."
            ) from error
        raise click.ClickException(
            f"The process at {live.url} answered {error.code} {error.reason}."
        ) from error
    except URLError as error:
        if isinstance(error.reason, ConnectionError):
            raise error.reason from error
        raise click.ClickException(f"The process at {live.url} does not answer: {error.reason}.") from error
    except TimeoutError as error:
        raise click.ClickException(f"The process at {live.url} does not answer.") from error


def _read(directory: Path, customer: str, model_name: str) -> Explanation | None:
    """Take the state over from the log as far as it goes; None if nobody has that id."""
    from streams.cli.refusal import Refusal
    from streams.engine.instants import NONE
    from streams.model.load import load_model
    from streams.model.problems import ModelError
    from streams.runtime.embedded import recovery
    from streams.runtime.embedded.errors import LogError
    from streams.runtime.embedded.reader import LogReader
    from streams.runtime.processor import Processor

    try:
        model = load_model(model_name)
        reader = LogReader(directory)
        try:
            processor = recovery.caught_up(reader, lambda: Processor(model))
        finally:
            reader.close()
    except ModelError as error:
        raise Refusal(f"The model cannot be used:\n{error}") from error
    except LogError as error:
        raise click.ClickException(str(error)) from error
    if processor.model_differs:
        click.echo(
            f"The log was written with another model than {model_name}; name it with --model.", err=True
        )
    elif processor.ticked_ms != NONE:
        processor.elapse(processor.known_ms)  # changes nothing: stored rows know only a bound of what is due
    view, why = processor.customer(customer), processor.why(customer)
    return None if view is None or why is None else Explanation(customer=view, why=why)
