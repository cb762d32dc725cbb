"""The embedded run behind the HTTP edge, in this process: a log, a run and a client."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient
from prometheus_client import CollectorRegistry

from bench.population import million
from streams.cli.answers import EmbeddedAnswers
from streams.cli.server import Server, local_url, take_port
from streams.cli.store import EmbeddedStore
from streams.dashboard.app import create_app
from streams.dashboard.guard import Admission
from streams.ingest.http import touchpoints_route
from streams.instrumentation import Instrumentation
from streams.instrumentation_population import Population
from streams.model.load import load_model
from streams.runtime.embedded.errors import LogError
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.readings import Readings
from streams.runtime.embedded.run import EmbeddedRun, RunSettings
from streams.runtime.processor import Processor

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON_MS = 1_772_366_400_000
MODEL = load_model("starter")
URL = "http://127.0.0.1:8080"


class Edge:
    """A log, a run that the test steps by hand or starts, and a client; the clock stands at noon."""

    def __init__(
        self, directory: Path, *, max_bytes: int | None = None, admission: Admission | None = None
    ) -> None:
        registry = CollectorRegistry()
        instrumentation = Instrumentation(MODEL, build="0", registry=registry)
        self.log = EmbeddedLog(directory, max_bytes=max_bytes)
        self.run = EmbeddedRun(
            self.log,
            MODEL,
            lambda: Processor(MODEL),
            clock=lambda: NOON_MS,
            instrumentation=instrumentation,
            settings=RunSettings(flush_interval_ms=1, retry_ms=10),
        )
        store = EmbeddedStore(self.log, clock=lambda: NOON_MS, instrumentation=instrumentation)
        service = self.service = EmbeddedAnswers(self.log, self.run, MODEL, trouble=lambda: store.trouble)
        readings = Readings(self.log, self.run, MODEL, clock=lambda: NOON_MS)
        Population(
            MODEL,
            read=readings.read,
            partitions=lambda: 1,
            hindrance=service.hindrance,
            registry=registry,
        )
        self.app = create_app(
            service,
            admission=admission or Admission(),
            instrumentation=instrumentation,
            registry=registry,
            version="0",
            now=lambda: NOON,
            unavailable=[LogError],
            routes=[touchpoints_route(store, instrumentation)],
        )
        self.client: TestClient[Litestar] = TestClient(self.app, base_url=URL)
        self.client.__enter__()

    def close(self) -> None:
        """End everything."""
        self.client.__exit__(None, None, None)
        self.run.stop()
        self.log.close()

    def settle(self) -> None:
        """Process what is stored, and flush it."""
        while self.run.step():
            pass
        self.run.flush()

    def populate(self, customers: int, touchpoints: int, *, seed: int = 7) -> None:
        """Let so many made-up customers do so much from January on, as far as it is before noon."""
        noon = f"{NOON:%Y-%m-%dT%H:%M}".encode()
        made = million(customers, seed, touchpoints=touchpoints)
        values = [value for value in made if _instant(value) < noon]
        self.log.append([(None, value) for value in values], NOON_MS)
        self.settle()

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve it on a free port, as the command does; give its URL."""
        with take_port("127.0.0.1", 0) as listener:
            server = Server(self.app)
            serving = threading.Thread(target=server.serve, args=(listener,))
            serving.start()
            try:
                yield local_url(listener)
            finally:
                server.stop()
                serving.join()


def touchpoint(number: int, **fields: Any) -> dict[str, Any]:
    """Return a page view of a second ago, or what the fields say."""
    moment = (NOON - timedelta(seconds=1)).isoformat()
    given = {"message_id": f"m{number}", "customer_id": "ada", "event": "Page Viewed", "timestamp": moment}
    return given | fields


def _instant(value: bytes) -> bytes:
    """Return the timestamp of a made-up touchpoint, as it is written."""
    return value.partition(b'"timestamp":"')[2].partition(b'"')[0]
