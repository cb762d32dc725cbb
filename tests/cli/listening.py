"""Readers of the event stream of a running process, over sockets of their own."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.cli.process import Up

DEADLINE_S = 120.0


class Ear:
    """An open stream; `heard` has the ids and the customers of the transitions that came."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.kinds: set[str] = set()
        self.heard: list[tuple[str, str]] = []

    async def next(self) -> dict[str, Any]:
        """Read one event."""
        block = (await self._reader.readuntil(b"\n\n")).decode()
        fields = dict(line.split(": ", 1) for line in block.strip().splitlines())
        data = json.loads(fields["data"])
        self.kinds.add(fields["event"])
        if fields["event"] == "transition":
            self.heard.append((fields["id"], data["customer_id"]))
        return {"event": fields["event"], "id": fields.get("id"), "data": data}

    async def until(self, count: int) -> None:
        """Read until so many transitions were heard."""
        async with asyncio.timeout(DEADLINE_S):
            while len(self.heard) < count:
                await self.next()

    async def end(self) -> bytes:
        """Read to the end of the stream; return what is left."""
        async with asyncio.timeout(DEADLINE_S):
            return await self._reader.read()

    def close(self) -> None:
        """Leave."""
        self._writer.transport.abort()


@asynccontextmanager
async def listening(
    up: Up, *, count: int, query: str = "kinds=transitions", last: str | None = None
) -> AsyncIterator[list[Ear]]:
    """Open so many streams, each past its head; in HTTP/1.0, so that the events come as they are."""
    ears = [await _ear(up, query, last) for _ in range(count)]
    try:
        yield ears
    finally:
        for ear in ears:
            ear.close()


async def _ear(up: Up, query: str, last: str | None) -> Ear:
    reader, writer = await asyncio.open_connection(*address(up), limit=1 << 20)
    writer.write(request(query, last))
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    return Ear(reader, writer)


def request(query: str, last: str | None = None) -> bytes:
    """Return the request for a stream."""
    resumed = f"Last-Event-ID: {last}\r\n" if last else ""
    return f"GET /v1/events?{query} HTTP/1.0\r\nHost: 127.0.0.1\r\n{resumed}\r\n".encode()


def address(up: Up) -> tuple[str, int]:
    """Return where the process listens."""
    url = up.client.base_url
    return url.host, url.port or 80


def deaf(up: Up) -> socket.socket:
    """Open a stream and never read from it; there is room for little on the way."""
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    wire.connect(address(up))
    wire.sendall(request("kinds=transitions"))
    return wire
