"""The HTTP server around an application: a port taken before anything else, and a tidy end."""

import asyncio
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import h11
import uvicorn
from litestar import Litestar
from uvicorn.protocols.http.h11_impl import H11Protocol

_GRACE_S: Final = 10
_HEAD_S: Final = 15  # for the first byte of a connection to the end of a request's head
_UNREAD_MS: Final = 30_000  # so long the other side may leave unread what was sent to it
_BACKLOG: Final = 2048
_LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # bound to every address, so to this one too


class PortError(Exception):
    """The port cannot be had: stop what holds it, or choose another with --port."""


def take_port(host: str, port: int) -> socket.socket:
    """Bind the port and listen: a client that comes during the start waits for its answer.

    Raises:
        PortError: It is taken, not allowed, or the address is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortError(f"Cannot listen on {host}: {error.strerror}. Correct --host.") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # connections take it over
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise PortError(
            f"Cannot listen on {host} port {port}: {error.strerror}. "
            "Choose another port with --port (0 takes a free one)."
        ) from error
    return listener


def local_url(listener: socket.socket) -> str:
    """Return the URL by which this machine reaches the port."""
    host, port = listener.getsockname()[:2]
    host = _LOOPBACK.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server:
    """Serves an application in the main thread until a signal comes or `stop` is called."""

    def __init__(self, app: Litestar) -> None:
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        config = uvicorn.Config(
            app,
            http=_Wire,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=_BACKLOG,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = _Uvicorn(config, app)

    def serve(self, listener: socket.socket) -> None:
        """Answer requests; those under way are finished before this returns."""
        asyncio.run(self._server.serve(sockets=[listener]))

    def stop(self) -> None:
        """End `serve` soon; may be called from any thread."""
        self._server.should_exit = True


class _Uvicorn(uvicorn.Server):
    """Ends the event streams before it waits for what is under way."""

    def __init__(self, config: uvicorn.Config, app: Litestar) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, and finish those that there are."""
        self._app.state["end_streams"]()
        await super().shutdown(sockets)


class _Wire(H11Protocol):
    """A connection; who takes too long to say what is wanted is cut off."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._mind_the_head()

    def data_received(self, data: bytes) -> None:
        """Read; a head that has begun has to end."""
        super().data_received(data)
        self._mind_the_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _mind_the_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._patience is None and not self.transport.is_closing():
            self._patience = self.loop.call_later(_HEAD_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class Ending:
    """What a block that signals end was ended by; None if it came to its own end."""

    by: signal.Signals | None = None


@contextmanager
def ended_by_signals() -> Iterator[Ending]:
    """Make SIGTERM and SIGINT end the block as if it were done.

    The server takes the signals over while it serves and raises them again afterwards. A second
    signal changes nothing: the tidying up that the first one began is short.
    """
    ending = Ending()

    def end(number: int, _: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        ending.by = signal.Signals(number)
        raise _Ended

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, end)
    try:
        yield ending
    except _Ended:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Ended(BaseException):
    """A signal came. Not an Exception: nothing on the way may take it for an error."""
