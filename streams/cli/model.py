"""`rapport model`: check, show, compare and list models."""

import sys

import click
from rich.console import Console

from streams.cli.model_view import change_lines, preset_table, problem_lines, summary
from streams.cli.refusal import Refusal
from streams.model.definition import Model
from streams.model.diff import diff
from streams.model.load import Checked, check_model, preset_descriptions
from streams.model.show import show

MODEL = "FILE|PRESET"


@click.group()
def command() -> None:
    """Check, show, compare and list models."""


@command.command()
@click.argument("models", metavar=f"{MODEL}…", nargs=-1, required=True)
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
def check(models: tuple[str, ...], strict: bool) -> None:
    """Find everything that is wrong with a model, with its place and a way out.

    Ends with 0 when there is no error, and with 2 when there is one or a file cannot be read.
    """
    console = plain_console()
    codes = [report(console, name, strict=strict) for name in models]
    sys.exit(max(codes))


@command.command(name="show")
@click.argument("model", metavar=MODEL)
def show_command(model: str) -> None:
    """Print the model that is in force, as YAML: with what it extends, and every default."""
    console = plain_console()
    text = show(required(console, model))
    if console.is_terminal:
        from rich.syntax import Syntax

        console.print(Syntax(text, "yaml", background_color="default", word_wrap=True))
    else:
        click.echo(text, nl=False)


@command.command(name="diff")
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="AFTER")
def diff_command(before: str, after: str) -> None:
    """Say what changes from one model to another: touchpoints, scores, stages, alerts and all else."""
    console = plain_console()
    for line in change_lines(diff(required(console, before), required(console, after))):
        console.print(line, soft_wrap=True)


@command.command()
def presets() -> None:
    """List the models that come with Rapport."""
    console = plain_console()
    console.print(preset_table(preset_descriptions()))


def plain_console() -> Console:
    """Return a console that colours on a terminal, and writes plain text elsewhere."""
    return Console(highlight=False, markup=False, emoji=False)


def report(console: Console, name: str, *, strict: bool) -> int:
    """Print what was found in one model; return the exit code for it."""
    checked = check_model(name)
    print_problems(console, checked)
    console.print(summary(name, checked), soft_wrap=True)
    return Refusal.exit_code if checked.model is None or (strict and checked.problems) else 0


def required(console: Console, name: str) -> Model:
    """Return a model; where it has an error, print what was found and end with 2."""
    checked = check_model(name)
    if checked.model is None:
        print_problems(console, checked)
        sys.exit(Refusal.exit_code)
    return checked.model


def print_problems(console: Console, checked: Checked) -> None:
    """Print every problem with the line that it points at."""
    for problem in checked.problems:
        for line in problem_lines(problem, checked.texts.get(problem.file)):
            console.print(line, soft_wrap=True)
        console.print()
