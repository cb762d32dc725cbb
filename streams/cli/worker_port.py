"""The port of a worker: /metrics, /healthz and /readyz, each answered in a thread of its own.

A scraper that hangs holds its thread and nothing else, and is let go after half a minute.
"""

import json
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, NamedTuple

from prometheus_client import CollectorRegistry

from streams.cli.refusal import Refusal
from streams.exposition import CONTENT_TYPE, Exposition

HUNG_S: Final = 30.0


class _Answer(NamedTuple):
    status: HTTPStatus
    kind: str
    body: bytes


def serve(
    host: str,
    port: int,
    *,
    registry: CollectorRegistry,
    hindrance: Callable[[], str | None],
    running: Callable[[], object] = lambda: None,
) -> ThreadingHTTPServer:
    """Answer from now on.

    hindrance: what keeps the worker from working, None while it does. running: its partitions.

    Raises:
        Refusal: the port is taken.
    """
    exposition = Exposition(registry, about=running)

    def answer(path: str) -> _Answer:
        match path.partition("?")[0]:
            case "/metrics":
                return _Answer(HTTPStatus.OK, CONTENT_TYPE, exposition.text())
            case "/healthz":
                return _status(None)
            case "/readyz":
                return _status(hindrance())
            case _:
                return _Answer(HTTPStatus.NOT_FOUND, "text/plain", b"/metrics, /healthz or /readyz\n")

    try:
        server = _Server((host, port), answer)
    except OSError as error:
        raise Refusal(
            f"cannot listen on {host} port {port}: {error.strerror}. "
            "Choose another with --metrics-port (0 takes a free one)"
        ) from error
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _status(hindrance: str | None) -> _Answer:
    status = HTTPStatus.OK if hindrance is None else HTTPStatus.SERVICE_UNAVAILABLE
    told = {"status": "ok" if hindrance is None else "unavailable", "reason": hindrance}
    return _Answer(status, "application/json", json.dumps(told).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # whoever hangs does not keep the worker from ending

    def __init__(self, address: tuple[str, int], answer: Callable[[str], _Answer]) -> None:
        super().__init__(address, _Handler)
        self.answer = answer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a scraper that hung or went away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    timeout = HUNG_S
    server: _Server

    def do_GET(self) -> None:
        """Answer one request."""
        found = self.server.answer(self.path)
        self.send_response(found.status)
        self.send_header("Content-Type", found.kind)
        self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        self.wfile.write(found.body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing of each request."""
