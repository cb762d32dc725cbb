"""Readers of the event stream in the test's own event loop, which read as fast as they are told to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from tests.dashboard.asking import HOST

DEADLINE_S = 30.0


class Event(NamedTuple):
    """One event of a stream as its reader sees it."""

    kind: str
    id: str | None
    data: dict[str, Any]


def parsed(text: str) -> list[Event]:
    """Read whole events as a browser does; what is behind the last blank line is not there yet."""
    found = []
    for block in text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        found.append(Event(fields["event"], fields.get("id"), json.loads(fields["data"])))
    return found


class Reader:
    """One request for the event stream; it takes what is sent while `flowing` is set."""

    def __init__(self, app: Any, query: str, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.is_complete = False
        self.flowing = asyncio.Event()
        self.flowing.set()
        self._leaving = asyncio.Event()
        self._asked = False
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "scheme": "http", "path": "/v1/events", "raw_path": b"/v1/events", "root_path": "",
            "query_string": query.encode(), "headers": [HOST, *headers], "client": ("192.0.2.7", 40_000),
            "server": ("127.0.0.1", 8400), "state": {}, "extensions": {},
        }  # fmt: skip
        self.task = asyncio.create_task(app(scope, self._receive, self._send))

    @property
    def events(self) -> list[Event]:
        """What came so far."""
        return parsed(self.body.decode())

    def told(self, *kinds: str) -> list[Event]:
        """What came so far of some kinds."""
        return [each for each in self.events if each.kind in kinds]

    async def until(self, holds: Callable[["Reader"], bool]) -> None:
        """Wait until something is true of what came."""
        async with asyncio.timeout(DEADLINE_S):
            while not holds(self):
                assert not self.task.done() or self.task.exception() is None
                await asyncio.sleep(0.01)

    async def leave(self) -> None:
        """Close the connection."""
        self._leaving.set()
        async with asyncio.timeout(DEADLINE_S):
            await self.task

    async def _receive(self) -> Any:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._leaving.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.flowing.wait()
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        else:
            self.body += message.get("body", b"")
            self.is_complete = not message.get("more_body", False)


@asynccontextmanager
async def reading(
    app: Any, query: str = "", headers: Sequence[tuple[bytes, bytes]] = (), *, count: int = 1
) -> AsyncIterator[list[Reader]]:
    """Open so many streams, each of which has said where it stands; close them at the end."""
    readers = [Reader(app, query, headers) for _ in range(count)]
    try:
        for reader in readers:
            await reader.until(lambda each: bool(each.body) or each.task.done())
        yield readers
    finally:
        for reader in readers:
            reader.flowing.set()
            await reader.leave()
