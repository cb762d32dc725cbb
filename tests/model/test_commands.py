"""`rapport model`: what it prints, on a terminal and elsewhere, and with which code it ends."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.cli.model import command
from streams.cli.model_view import excerpt
from streams.model.load import load_model, load_model_text
from tests.model.planted import SECTIONS, model

BAD = 'model: bad\nversion: 1\nscores: {x: "▸atention"}\nanswers: {nps: {window: 90d}}\n'.replace("▸", "")


def run(*arguments: str, colour: bool = False, width: int = 300) -> Result:
    """Run the command with its output kept; `colour` stands for a terminal."""
    environment = {"COLUMNS": str(width), "TERM": "xterm-256color"} | ({"FORCE_COLOR": "1"} if colour else {})
    return CliRunner().invoke(command, list(arguments), env=environment, catch_exceptions=False)


def write(directory: Path, text: str, name: str = "model.yaml") -> str:
    """Write a model file and return its path."""
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_clean_model_is_summed_up() -> None:
    """What it holds, on one line."""
    result = run("check", "starter")

    assert result.exit_code == 0
    assert result.output.startswith("starter: ok, starter version 1, 32 entries, 5 dimensions, 1 score, ")
    assert f"1 framework with 9 stages, 5 alerts, digest {load_model('starter').digest[:12]}" in result.output


def test_a_problem_is_printed_with_its_line_and_a_caret(tmp_path: Path) -> None:
    """As compilers do, so that editors can jump there."""
    path = write(tmp_path, BAD)

    result = run("check", path)

    assert result.exit_code == 2
    assert result.output == (
        f"{path}:3:14: error: atention is not known\n"
        '    3 | scores: {x: "atention"}\n'
        "      |              ^\n"
        "      = this model has no dimensions\n"
        "\n"
        f"{path}:4:11: warning: no entry answers nps\n"
        "    4 | answers: {nps: {window: 90d}}\n"
        "      |           ^\n"
        "      = add answers: to an entry, or remove it\n"
        "\n"
        f"{path}: 1 error, 1 warning\n"
    )


def test_strict_takes_warnings_for_errors(tmp_path: Path) -> None:
    """A warning alone is no reason not to start; a build may think otherwise."""
    path = write(tmp_path, model(answers="{nps: {window: 90d}, csat: {window: 30d}}"))

    assert run("check", path).exit_code == 0
    assert run("check", path).output.splitlines()[-1].startswith(f"{path}: ok, 1 warning, test version 1")
    assert run("check", "--strict", path).exit_code == 2
    assert run("check", "--strict", "starter").exit_code == 0


def test_several_models_are_checked_at_once(tmp_path: Path) -> None:
    """The worst of them decides."""
    path = write(tmp_path, BAD)

    result = run("check", "starter", path)

    assert result.exit_code == 2
    assert "starter: ok" in result.output
    assert f"{path}: 1 error" in result.output


def test_a_file_that_is_not_there_is_as_wrong_as_a_bad_one() -> None:
    """And so is a call without a model."""
    missing = run("check", "startr")

    assert missing.exit_code == 2
    assert missing.output == (
        "startr: error: no file and no preset startr\n      = did you mean starter?\n\nstartr: 1 error\n"
    )
    assert run("check", "/").output.startswith("/: error: cannot be read: Is a directory\n\n")
    assert run("check").exit_code == 2
    assert run("show", "startr").exit_code == 2
    assert run("diff", "starter", "startr").exit_code == 2


def test_a_terminal_shows_the_same_in_colour(tmp_path: Path) -> None:
    """Colour carries nothing that the words do not."""
    path = write(tmp_path, BAD)

    plain, coloured = run("check", path), run("check", path, colour=True)

    assert "\x1b[" not in plain.output
    assert "\x1b[" in coloured.output
    assert without_colour(coloured.output) == plain.output


def without_colour(text: str) -> str:
    """Return a text without escape sequences."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_what_is_shown_can_be_used(tmp_path: Path) -> None:
    """Plain YAML, with what it extends."""
    path = write(tmp_path, "model: mine\nextends: starter\ndimensions: {attention: {half_at: 20}}\n")

    result = run("show", path)

    assert result.exit_code == 0
    assert load_model_text(result.output).digest == load_model(path).digest
    assert "  attention: {half_life: 14d, half_at: 20}\n" in result.output


def test_a_terminal_shows_yaml_in_colour() -> None:
    """The same words."""
    plain, coloured = run("show", "starter"), run("show", "starter", colour=True)

    assert "\x1b[" in coloured.output
    words = without_colour(coloured.output).split()
    assert words == plain.output.split()


def test_a_model_with_an_error_is_not_shown(tmp_path: Path) -> None:
    """What is wrong with it is."""
    result = run("show", write(tmp_path, BAD))

    assert result.exit_code == 2
    assert "atention is not known" in result.output


def test_a_difference_names_what_changed(tmp_path: Path) -> None:
    """Section by section, before and after."""
    text = (
        model()
        .replace("since(purchase) < 30d", "since(purchase) < 60d")
        .replace("half_at: 12", "half_at: 20")
    )
    after = write(
        tmp_path,
        text.replace("answers: {nps: {window: 90d}}", "answers: {nps: {window: 60d}}\ncurrency: EUR"),
    )

    result = run("diff", write(tmp_path, model(), "before.yaml"), after)

    assert result.exit_code == 0
    assert result.output == (
        "currency\n"
        "  + currency\n"
        "      + EUR\n"
        "\n"
        "dimensions\n"
        "  ~ attention.half_at\n"
        "      - 12\n"
        "      + 20\n"
        "\n"
        "answers\n"
        "  ~ nps.window\n"
        "      - 90d\n"
        "      + 60d\n"
        "\n"
        "frameworks\n"
        "  ~ clm.stages.buyer.when\n"
        '      - "since(purchase) < 30d"\n'
        '      + "since(purchase) < 60d"\n'
    )


def test_no_difference_is_said(tmp_path: Path) -> None:
    """An empty output could also be a failure; a removal has no after."""
    extra = "  x: {kind: event, upon: visit, cooldown: 0d, message: m}\n"
    path = write(
        tmp_path,
        model(alerts=SECTIONS["alerts"] + extra),
    )

    assert run("diff", "starter", "starter").output == "no differences\n"
    bumped = model().replace("half_at: 12", "half_at: 20").replace("half_life: 14d", "half_life: 7d")
    both = run("diff", path, write(tmp_path, bumped, "c.yaml")).output
    assert both.count("dimensions\n") == 1
    assert both.count("  ~ attention.half_") == 2
    assert run("diff", path, write(tmp_path, model(), "b.yaml")).output == (
        "alerts\n  - x\n"
        "      - {kind: event, upon: {signal: visit}, severity: info, cooldown: 0d, message: m}\n"
    )


def test_presets_are_listed_with_what_they_are() -> None:
    """Name and description."""
    result = run("presets")

    assert result.exit_code == 0
    assert result.output.split()[0] == "starter"
    assert "Five engagement dimensions" in result.output


@pytest.mark.parametrize(
    ("line", "column", "shown", "caret"),
    [
        ("abc", 2, "abc", 1),
        ("a\tb\x1bc", 4, "a b c", 3),
        ("日本 x", 4, "日本 x", 5),
        ("x" * 100, 100, "x" * 100, 99),
        ("x" * 101, 1, "x" * 100 + "…", 0),
        ("x" * 200, 100, "…" + "x" * 100 + "…", 61),
        ("x" * 150, 150, "…" + "x" * 61, 61),
    ],
)
def test_the_caret_stands_below_its_character(line: str, column: int, shown: str, caret: int) -> None:
    """Wide characters count twice, long lines are cut around the place, nothing moves the cursor."""
    assert excerpt(line, column) == (shown, caret)
