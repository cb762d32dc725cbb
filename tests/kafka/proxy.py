"""A TCP proxy on loopback that makes the network worse: slow, narrow, silent, cut.

Kafka tells its clients where it is, so a proxy must stand where the broker says that it is: `Broker.proxied`
is such an address. What a proxy does may be changed at any time, and holds for all connections.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

CHUNK: Final = 16 << 10
MOST_WAITING: Final = 256  # chunks of one direction: beyond, the sender has to wait


class Route(NamedTuple):
    """Where a proxy listens, and the port that it leads to."""

    listen: int
    to: int


class Proxy:
    """A proxy for as long as its context lasts; port 0 takes a free one, which `port` says.

    latency_s: each way. bytes_per_s: of each connection and direction, None is unlimited. black_hole: nothing
    arrives, connections stay open, and what was sent meanwhile arrives when it ends. refusing: new
    connections are closed at once.
    """

    def __init__(self, route: Route) -> None:
        self.route = route
        self.port = route.listen
        self.latency_s = 0.0
        self.bytes_per_s: float | None = None
        self.refusing = False
        self.accepted = 0
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.route.listen)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def black_hole(self) -> bool:
        """Whether nothing arrives."""
        return not self._open.is_set()

    @black_hole.setter
    def black_hole(self, on: bool) -> None:
        (self._open.clear if on else self._open.set)()

    def reset(self) -> None:
        """Cut every connection with a reset (RST), on both sides."""
        for writer in self._writers:
            connection: socket.socket = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):  # it is closed already
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        self._writers.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.close()
            return
        self.accepted += 1
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.route.to)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, back}
        ways = [self._start(self._carry(reader, back)), self._start(self._carry(there, writer))]
        await asyncio.wait(ways)
        self._writers -= {writer, back}
        for each in (writer, back):
            each.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one direction to its end: a part that takes in, and one that gives out when it is due."""
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(MOST_WAITING)
        giving = self._start(self._give(waiting, writer))
        now = asyncio.get_running_loop().time
        data = b"-"
        while data and not giving.done():
            try:
                data = await reader.read(CHUNK)
            except OSError:
                data = b""
            put = self._start(waiting.put((now() + self.latency_s, data)))
            await asyncio.wait([put, giving], return_when=asyncio.FIRST_COMPLETED)
            put.cancel()  # unless it is done: nobody takes it any more
        await giving

    async def _give(
        self, waiting: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter
    ) -> None:
        now = asyncio.get_running_loop().time
        with contextlib.suppress(OSError):  # the other side is gone
            while True:
                due, data = await waiting.get()
                await asyncio.sleep(due - now())
                if self.bytes_per_s:
                    await asyncio.sleep(len(data) / self.bytes_per_s)
                await self._open.wait()
                if not data:
                    break
                writer.write(data)
                await writer.drain()
        writer.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
