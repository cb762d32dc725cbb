"""Scrapers that hang: whatever they do, records are processed, and others are answered."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from prometheus_client import CollectorRegistry, Gauge

from streams.cli import worker_port
from streams.cli.refusal import Refusal
from tests.cli.process import StartUp, touchpoint, until

HUNG = 20
ASKS = 500  # of each: many times what the buffers of a connection hold


def hang(stack: ExitStack, address: tuple[str, int], *, asks: int) -> None:
    """Connect, ask so often at once, and never read a byte."""
    wire = stack.enter_context(socket.socket())
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    wire.connect(address)
    wire.setblocking(False)
    request = f"GET /metrics HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\n\r\n".encode()
    try:
        wire.sendall(request * asks)
    except BlockingIOError:
        return  # it takes no more, which is what hanging means


@pytest.mark.slow
def test_scrapers_that_hang_hold_up_neither_records_nor_others(start_up: StartUp) -> None:
    """Twenty that never read, five that never ask: what is posted is processed and scraped."""
    up = start_up()
    host, port = str(up.client.base_url.host), int(up.client.base_url.port or 0)

    with ExitStack() as stack:
        for number in range(HUNG):
            hang(stack, (host, port), asks=ASKS if number % 4 else 0)
        for number in range(100):
            assert up.post(touchpoint(f"m{number}", f"c{number}")).status_code == 200
        seen = up.client.get("/v1/kpis").json()["customers"]
        until(lambda: 'outcome="applied"} 100.0' in up.client.get("/metrics").text)

    assert seen == 100


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    """The port of a worker's metrics, of which there are many bytes."""
    registry = CollectorRegistry()
    gauge = Gauge("many", "Many series.", ["number"], registry=registry)
    for number in range(50_000):
        gauge.labels(number)
    server = worker_port.serve("127.0.0.1", 0, registry=registry, hindrance=lambda: None)
    yield "127.0.0.1", server.server_port
    server.shutdown()
    server.server_close()


def test_a_worker_answers_others_while_scrapers_hang(address: tuple[str, int]) -> None:
    """Nothing is held while the text is sent: neither what makes it, nor other connections."""
    with (
        ExitStack() as stack,
        httpx.Client(base_url=f"http://{address[0]}:{address[1]}", timeout=20) as client,
    ):
        for number in range(HUNG):
            hang(stack, address, asks=number % 2)

        answers = [client.get(path) for path in ("/metrics", "/healthz", "/metrics", "/readyz")]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert answers[0].headers["content-type"].startswith("text/plain; version=")
    assert len(answers[0].content) > 1_000_000


@pytest.mark.parametrize("asks", [0, 1])
def test_a_worker_lets_go_of_a_scraper_that_hangs(
    address: tuple[str, int], asks: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that asks nothing, and one that takes no answer: without a word, and no thread stays for ever."""
    monkeypatch.setattr(worker_port._Handler, "timeout", 0.2)
    before = threading.active_count()

    with ExitStack() as stack:
        hang(stack, address, asks=asks)
        until(lambda: threading.active_count() > before)
        until(lambda: threading.active_count() <= before)

    assert capsys.readouterr().err == ""


def test_a_workers_port_is_asked_by_its_path() -> None:
    """Nothing else is there; why it is not ready is said."""
    server = worker_port.serve("127.0.0.1", 0, registry=CollectorRegistry(), hindrance=lambda: "starting")
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}", trust_env=False) as client:
            answers = [client.get(path) for path in ("/readyz", "/healthz", "/nothing")]
            posted = client.post("/metrics")
    finally:
        server.shutdown()
        server.server_close()

    assert [answer.status_code for answer in (*answers, posted)] == [503, 200, 404, 501]
    assert answers[0].json() == {"status": "unavailable", "reason": "starting"}


def test_a_port_that_is_taken_is_refused_with_what_to_do() -> None:
    """The setting's name is in it."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Refusal, match="--metrics-port"):
        worker_port.serve(
            "127.0.0.1", taken.getsockname()[1], registry=CollectorRegistry(), hindrance=lambda: None
        )
