"""`rapport token`: access tokens with scopes, in a file that running processes read when it changes."""

import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.cli.refusal import Refusal

if TYPE_CHECKING:
    from streams.dashboard.tokens import Token

Changed = Callable[[Sequence["Token"]], Sequence["Token"]]

SCOPES: Final = ("ingest", "read", "admin")

_SPAN: Final = re.compile(r"([1-9][0-9]{0,4})([hdw])", re.ASCII)
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

_file_option = click.option(
    "--file", metavar="FILE", help="The file of tokens.  [the setting tokens_file]", default=None
)


@click.group("token", short_help="Make, list and revoke access tokens.")
def command() -> None:
    """Make, list and revoke access tokens; processes that run take notice within a second.

    The file holds digests: a token is shown once, when it is made, and can be found nowhere later.
    """


@command.command("add", short_help="Make a token, and print it once.")
@click.argument("name")
@click.option("--scope", type=click.Choice(SCOPES), required=True, help="What its holder may do.")
@click.option("--expires", metavar="SPAN", help="After so long it opens nothing: 12h, 90d, 52w.  [never]")
@_file_option
def add(name: str, scope: str, expires: str | None, file: str | None) -> None:
    """Make a token called NAME, and print it once.

    ingest posts touchpoints, read asks everything, admin does everything.
    """
    from schemas.http import TokenScope
    from streams.dashboard import tokens

    if not re.fullmatch(tokens.NAME, name) or name == tokens.SETTING:
        raise Refusal(f"{name!r} is no name for a token: letters, digits, - and _, up to 64; not 'token'")
    now = datetime.now(UTC).replace(microsecond=0)
    secret = tokens.new_secret()
    token = tokens.describe(
        secret.encode(),
        name=name,
        scope=TokenScope(scope),
        created=now,
        expires=None if expires is None else now + _span(expires),
    )

    def added(before: Sequence["Token"]) -> list["Token"]:
        if any(each.name == name for each in before):
            raise Refusal(f"there is a token {name!r} already: revoke it first, or take another name")
        return [*before, token]

    _change(_path(file), added)
    click.echo(secret)
    click.echo("Keep it now: it cannot be shown again.", err=True)


@command.command("list", short_help="List the tokens.")
@_file_option
def show(file: str | None) -> None:
    """List names, scopes, and when each was made and expires."""
    from streams.dashboard.tokens import TokensError, read

    try:
        tokens, _ = read(_path(file))
    except TokensError as problem:
        raise click.ClickException(str(problem)) from problem
    now = datetime.now(UTC)
    width = max((len(token.name) for token in tokens), default=0)
    for token in tokens:
        end = "" if token.is_valid(now.timestamp()) else "  (over)"
        expires = "never" if token.expires is None else f"{token.expires:%Y-%m-%d %H:%M}{end}"
        made = f"{token.created:%Y-%m-%d %H:%M}"
        click.echo(f"{token.name:{width}}  {token.scope:6}  made {made}  expires {expires}")


@command.command("revoke", short_help="Take a token away.")
@click.argument("name")
@_file_option
def revoke(name: str, file: str | None) -> None:
    """Take the token called NAME away, and with it the sessions of browsers that signed in by it."""
    from streams.model.problems import did_you_mean

    def without(before: Sequence["Token"]) -> list["Token"]:
        left = [each for each in before if each.name != name]
        if len(left) == len(before):
            names = [each.name for each in before]
            hint = did_you_mean(name, names) or f"there are {', '.join(sorted(names)) or 'none'}"
            raise Refusal(f"there is no token {name!r}: {hint}")
        return left

    _change(_path(file), without)


def _change(path: Path, changed: Changed) -> None:
    from streams.dashboard.tokens import TokensError, change

    try:
        change(path, changed)
    except TokensError as problem:
        raise click.ClickException(str(problem)) from problem


def _path(file: str | None) -> Path:
    """Return the file that was given, otherwise the setting's."""
    if file is not None:
        return Path(file)
    from streams.settings import load, variable

    chosen = load(os.environ).tokens_file
    if chosen is None:
        raise Refusal(f"say which file: give --file, or set {variable('tokens_file')}")
    return Path(chosen)


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Refusal(f"--expires {text!r} is no span of time: write 12h, 90d or 52w")
    return int(found[1]) * _UNITS[found[2]]
