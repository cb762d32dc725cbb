"""What scraping costs: `rapport up` under load, with and without ten scrapes a second and one that hangs."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from http.client import HTTPConnection
from pathlib import Path
from socket import create_connection
from statistics import median
from urllib.parse import urlsplit

from bench import client, serving
from bench.figures import Figure, Row
from bench.population import written
from bench.server import Server

HERTZ = 10
ROWS = [
    Row(
        "scraped",
        f"`rapport up`, scraped {HERTZ} times a second and by one that hangs: touchpoints/s kept",
        "≥ 98 %",
        least=98,
    ),
    Row("scraped cpu", "the same: CPU time more for a touchpoint"),
]


def measure(
    *, seconds: float, touchpoints: int, pairs: int, tell: Callable[[str], None]
) -> dict[str, Figure]:
    """Load two runs one after the other, as often as asked for, and compare each pair.

    Raises:
        WrongTableError: What is in a log afterwards is not what was posted.
    """
    path = written(min(serving.CUSTOMERS, touchpoints), 7, touchpoints=touchpoints)
    kept, more = [], []
    for pair in range(pairs):
        loads = {}
        for scraped in (pair % 2 == 0, pair % 2 == 1):  # each is first as often as the other
            loads[scraped] = _loaded(path, seconds=seconds, scraped=scraped)
        (rate, cpu_s), (rate_scraped, cpu_scraped_s) = loads[False], loads[True]
        kept.append(100 * rate_scraped / rate)
        more.append(100 * (cpu_scraped_s / cpu_s - 1))
        tell(f"scrape: {rate:,.0f} touchpoints/s, scraped {rate_scraped:,.0f}; CPU {more[-1]:+.1f} %")
    spread = f"{min(kept):.1f} to {max(kept):.1f}"
    return {
        "scraped": Figure(median(kept), f"{median(kept):.1f} % ({spread})"),
        "scraped cpu": Figure(median(more), f"{median(more):+.1f} %"),
    }


def _loaded(path: Path, *, seconds: float, scraped: bool) -> tuple[float, float]:
    """Make one run; return touchpoints a second, and the server's CPU seconds for each."""
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as directory:
        data, stamp = Path(directory) / "data", client.now()
        with Server(data) as server:
            before_s = server.cpu_s()
            with scraping(server.url) if scraped else nullcontext():
                done = serving.post(server.url, path, seconds=seconds, stamp=stamp)
                sent = sum(each.batches for each in done) * client.BATCH
                serving.wait_until_processed(server, sent)
                rate = sent / (time.time() - min(each.began for each in done))
            spent_s = server.cpu_s() - before_s
        serving.insist(data, serving.posted_by(path, done, stamp=stamp), touchpoints=sent, singles=0)
    return rate, spent_s / sent


@contextmanager
def scraping(url: str) -> Iterator[None]:
    """Scrape ten times a second, and let another one ask and never read."""
    address = urlsplit(url)
    ended = threading.Event()

    def scrape() -> None:
        connection = HTTPConnection(address.hostname or "", address.port, timeout=60)
        while not ended.wait(1 / HERTZ):
            connection.request("GET", "/metrics")
            connection.getresponse().read()
        connection.close()

    asking = threading.Thread(target=scrape, daemon=True)
    with create_connection((address.hostname or "", address.port or 0)) as hung:
        request = f"GET /metrics HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n"
        hung.sendall(request.encode() * 100)
        asking.start()
        try:
            yield
        finally:
            ended.set()
            asking.join()
