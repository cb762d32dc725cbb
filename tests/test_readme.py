"""What the README shows a new user is tried here as it stands there."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli.main import main

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def block(language: str, beginning: str) -> str:
    """Return the block of a language that begins so."""
    return next(text for name, text in BLOCKS if name == language and text.startswith(beginning))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a directory with the files that the README has one write."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.csv").write_text(block("text", "order,customer"))
    (tmp_path / "orders.yaml").write_text(block("yaml", "format: csv"))
    (tmp_path / "my-shop.yaml").write_text(block("yaml", "model: my-shop"))
    return tmp_path


def test_the_first_model_has_nothing_to_find_fault_with(here: Path) -> None:
    """Not even a warning."""
    checked = CliRunner().invoke(main, ["model", "check", "my-shop.yaml"])

    assert checked.exit_code == 0
    assert checked.output.startswith("my-shop.yaml: ok, my-shop version 1")
    assert "warning" not in checked.output


def test_the_file_of_orders_replays(here: Path) -> None:
    """Every row is applied, in the zone that the mapping names."""
    command = block("sh", "rapport replay").replace("\\\n", " ").split()[1:]

    replayed = CliRunner().invoke(main, command)

    assert replayed.exit_code == 0, replayed.output
    assert (here / "customers.jsonl").read_text().count("\n") == 2
    assert '"at":"2026-09-01T08:15:00Z"' in (here / "transitions.jsonl").read_text()


def test_the_picture_of_the_demo_is_what_the_demo_shows() -> None:
    """The golden view that the demo's tests hold."""
    golden = Path(__file__).parent / "demo" / "golden" / "view-80x24.txt"

    assert golden.read_text(encoding="utf-8").rstrip("\n") in README
