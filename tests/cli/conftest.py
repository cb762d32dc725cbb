"""Processes of `rapport up` for tests: one of the test's own, or one that a module shares."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.cli.process import StartUp, Up


@pytest.fixture
def start_up(tmp_path: Path) -> Iterator[StartUp]:
    """Start `rapport up` on a directory of the test's own; whatever still runs at the end is killed."""
    started: list[Up] = []

    def start(*arguments: str, data: Path | None = None, env: Mapping[str, str] | None = None) -> Up:
        started.append(Up(data or tmp_path / "data", *arguments, env=env))
        return started[-1]

    yield start
    for up in started:
        up.client.close()
        up.kill()


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One process for all tests of a module that only add to it."""
    running = Up(tmp_path_factory.mktemp("up") / "data")
    yield running
    running.client.close()
    running.kill()
