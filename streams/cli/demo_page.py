"""The page and API of the demo, served from a thread beside the view."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from schemas.instants import instant
from streams.cli import running
from streams.cli.answers import EmbeddedAnswers
from streams.cli.demo_company import Company
from streams.cli.server import PortError, Server, local_url, take_port
from streams.dashboard.app import create_app
from streams.dashboard.guard import Admission
from streams.runtime.embedded.errors import LogError

HOST = "127.0.0.1"
PORT = 8080


@contextmanager
def served(company: Company, directory: Path, *, port: int | None) -> Iterator[str]:
    """Serve a company on this machine alone, as long as the block runs; give the page's address.

    port: None takes the usual one, or any that is free where something else has it.

    Raises:
        PortError: the port that was asked for cannot be had.
    """
    try:
        listener = take_port(HOST, PORT if port is None else port)
    except PortError:
        if port is not None:
            raise
        listener = take_port(HOST, 0)
    with listener:
        app = create_app(
            EmbeddedAnswers(company.log, company.run, company.model),
            admission=Admission(),
            instrumentation=company.instrumentation,
            registry=company.registry,
            version=version("rapport"),
            now=lambda: instant(company.now_ms),
            unavailable=[LogError],
        )
        server, url = Server(app), local_url(listener)
        thread = threading.Thread(target=server.serve, args=(listener,), name="page", daemon=True)
        thread.start()
        try:
            with running.announced(directory, url):
                yield url
        finally:
            server.stop()
            thread.join()
