"""The command `rapport` itself: quick, helpful, and right about what it can do."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from streams.cli.main import COMMANDS, main
from streams.model.problems import ModelError, Problem
from streams.settings import SettingsError

# What takes longer to import than the answer to `rapport --help` may take.
HEAVY = {
    "asyncio",
    "faust",
    "litestar",
    "msgspec",
    "numba",
    "numpy",
    "orjson",
    "prometheus_client",
    "rich",
    "sqlite3",
    "uvicorn",
    "yaml",
}

PROBE = """
import sys
{before}
sys.argv = ["rapport", *{arguments}]
from streams.cli.main import main
try:
    main()
finally:
    print(*(name for name in sys.modules if "." not in name), file=sys.stderr)
"""


def imported(*arguments: str, before: str = "") -> set[str]:
    """Run `rapport` with these arguments in a process of its own; return the packages that it imported."""
    probe = PROBE.format(before=before, arguments=arguments)

    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)

    return set(ran.stderr.split())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    """Help answers in under 0.3 s because the engine, the server and the rest are not imported for it."""
    assert imported(*arguments).isdisjoint(HEAVY)


def test_a_heavy_import_would_be_seen() -> None:
    """Planted: with numpy imported along the way, the probe says so."""
    assert imported("--help", before="import numpy") & HEAVY >= {"numpy"}


def test_help_names_every_command_with_its_line() -> None:
    """A newcomer sees what there is."""
    result = CliRunner().invoke(main, ["--help"], terminal_width=200)

    assert result.exit_code == 0
    for name, line in COMMANDS.items():
        assert f"  {name} " in result.output
        assert line in result.output


def test_version_is_that_of_the_distribution() -> None:
    """What is installed is what is said."""
    result = CliRunner().invoke(main, ["--version"])

    assert result.output == f"rapport {version('rapport')}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_has_help(name: str) -> None:
    """A name in the table is a module with a command."""
    command = main.get_command(click.Context(main), name)
    result = CliRunner().invoke(main, [name, "--help"])

    assert command is not None
    assert command.help
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("typed", "words"), [("relpay", "did you mean replay?"), ("zzz", "the commands are up, demo, replay")]
)
def test_a_misspelt_command_gets_a_suggestion(typed: str, words: str) -> None:
    """Exit code 2, the name that was typed and the nearest one."""
    result = CliRunner().invoke(main, [typed])

    assert result.exit_code == 2
    assert f"No such command '{typed}'" in result.output
    assert words in result.output


def test_an_unknown_option_is_called_an_option() -> None:
    """A dash before it keeps a word from being taken for a command."""
    result = CliRunner().invoke(main, ["--verison"])

    assert result.exit_code == 2
    assert "No such option" in result.output


@pytest.mark.parametrize(
    "refusal",
    [SettingsError("port: too high"), ModelError([Problem(file="m.yaml", line=3, reason="port: too high")])],
)
def test_a_bad_setting_or_model_ends_with_a_message(
    refusal: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2 and what to change; no traceback."""

    @click.command()
    def refuse() -> None:
        raise refusal

    monkeypatch.setattr(type(main), "get_command", lambda *_: refuse)

    result = CliRunner().invoke(main, ["up"])

    assert result.exit_code == 2
    assert result.output.startswith("Error: ")
    assert "port: too high" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("up", "--data", "{tmp}/data", "--port", "0", "--model", "{model}"),
        ("replay", "{tmp}/good.jsonl", "--model", "{model}"),
        ("explain", "ada", "--data", "{tmp}", "--model", "{model}"),
        ("model", "check", "{model}"),
        ("model", "show", "{model}"),
        ("model", "diff", "starter", "{model}"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
@pytest.mark.parametrize("name", ["bad.yaml", "missing.yaml"])
def test_a_bad_model_ends_every_command_alike(tmp_path: Path, arguments: tuple[str, ...], name: str) -> None:
    """Exit code 2 and the file's name, whether it is wrong or not there."""
    (tmp_path / "bad.yaml").write_text("model: bad\nversion: 1\nscores: {x: nothing}\n")
    (tmp_path / "good.jsonl").write_text("")
    given = [each.format(tmp=tmp_path, model=tmp_path / name) for each in arguments]

    result = CliRunner().invoke(main, given)

    assert result.exit_code == 2, result.output
    assert name in result.output


def test_a_bug_is_not_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw ends the process with its traceback."""

    @click.command()
    def fail() -> None:
        raise KeyError("unforeseen")

    monkeypatch.setattr(type(main), "get_command", lambda *_: fail)

    result = CliRunner().invoke(main, ["up"])

    assert isinstance(result.exception, KeyError)
