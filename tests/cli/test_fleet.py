"""How a worker's process ends when the broker goes away just after it let the worker in."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
from click import ClickException

from streams.cli import fleet
from streams.settings import Settings


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody listens, and nobody else will."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


async def _passes(_: Settings) -> None:
    """The broker still answered."""


def test_a_broker_that_goes_away_during_the_start_is_no_wrong_setting(
    nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with 1, as when none answered from the first, and says that it cannot be reached."""
    monkeypatch.setattr(fleet, "knock", _passes)
    monkeypatch.setattr(fleet, "require", _passes)

    with pytest.raises(ClickException, match=f"{nobody} cannot be reached") as ended:
        asyncio.run(fleet.run(Settings(broker=nobody, metrics_port=0)))

    assert ended.value.exit_code == 1
