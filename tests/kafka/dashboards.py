"""A dashboard as a process of its own on a broker of the tests, asked over HTTP."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.fleet import HASTY, Member, wait_for

MAIN: Final = ("-c", "from streams.cli.main import main; main()", "dashboard")
ANSWER_S: Final = 10.0
_QUIET: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Dashboard(Member):
    """One dashboard; started again on the same directory, it is the next one there."""

    def __init__(self, broker: Broker, fresh: Fresh, directory: Path, /, **settings: str) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
        chosen = {
            "broker": broker.bootstrap, "app": fresh.app, "topic_prefix": fresh.prefix, "model": str(HASTY),
            "port": "0", "data": str(directory / "dashboard"), "requests_per_second": "0", **settings,
        }  # fmt: skip
        environment = own | {f"RAPPORT_{name.upper()}": value for name, value in chosen.items()}
        directory.mkdir(exist_ok=True)
        super().__init__("dashboard", directory / "dashboard.log", environment, MAIN)

    @property
    def hindrance(self) -> str | None:
        """What /readyz says keeps it from being current; None when it is ready."""
        status, body = self.ask("/readyz")
        return None if status == 200 else (json.loads(body)["detail"] if body else "it does not answer")

    def get(self, path: str, **query: str) -> Any:
        """Return the answer of the API, a failure of which is one of the test."""
        url = f"{self.told('serving')[0]['url']}{path}?{urllib.parse.urlencode(query)}"
        with _QUIET.open(url, timeout=ANSWER_S) as answer:
            return json.loads(answer.read())

    def all(self, path: str, what: str, **query: str) -> list[Any]:
        """Return the members of all pages of a list."""
        found: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, limit="1000", **query, **cursor)
            found += page[what]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}

    @contextmanager
    def listening(self) -> Iterator[Iterator[tuple[str, Any]]]:
        """Give the events that come from now on: the kind and the data of each."""
        url = f"{self.told('serving')[0]['url']}/v1/events"
        with _QUIET.open(url, timeout=ANSWER_S) as stream:
            events = _events(stream)
            assert next(events)[0] == "beat"
            yield events


def _events(stream: Any) -> Iterator[tuple[str, Any]]:
    kind = ""
    for line in stream:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


@contextmanager
def served(dashboard: Dashboard, *, ready: bool = True) -> Iterator[Dashboard]:
    """Give a dashboard that is ready, or serves at least; it is gone in the end."""
    try:
        if ready:
            dashboard.wait_until_ready()
        wait_for("it serves", lambda: bool(dashboard.told("serving")))
        yield dashboard
    finally:
        if dashboard.alive:
            dashboard.kill()
