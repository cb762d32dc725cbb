"""What scraping costs: `rapport up` under load, with and without ten scrapes a second and one that hangs."""

import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from http.client import HTTPConnection
from pathlib import Path
from socket import create_connection
from statistics import median, quantiles
from typing import NamedTuple
from urllib.parse import urlsplit

from bench import client, serving
from bench.figures import Figure, Row
from bench.population import written
from bench.server import Server

HERTZ = 10
WINDOW_S = 1.5
WARM_S = 1.0
ROWS = [
    Row(
        "scraped",
        f"`rapport up`, scraped {HERTZ} times a second and by one that hangs: touchpoints/s kept",
        "≥ 98 %",
        least=98,
    ),
    Row("scraped cpu", "the same: CPU time more for a touchpoint"),
]


class _Window(NamedTuple):
    """A stretch of a run (epoch seconds), and the CPU time that the server took in it."""

    began: float
    ended: float
    cpu_s: float


class Pair(NamedTuple):
    """Touchpoints a second, and CPU seconds of each, under load alone and with something beside it."""

    alone: tuple[float, float]
    beside: tuple[float, float]


Beside = Callable[[str], AbstractContextManager[None]]  # of a server's URL


def measure(*, seconds: float, touchpoints: int, runs: int, tell: Callable[[str], None]) -> dict[str, Figure]:
    """Load a server for so long, scraped in every other window, and compare each with its neighbour.

    Raises:
        WrongTableError: What is in a log afterwards is not what was posted.
    """
    path = written(min(serving.CUSTOMERS, touchpoints), 7, touchpoints=touchpoints)
    pairs = [pair for _ in range(runs) for pair in loaded(path, beside=scraping, seconds=seconds, tell=tell)]
    kept, more = compared(pairs)
    return {"scraped": kept, "scraped cpu": more}


def compared(pairs: Sequence[Pair]) -> tuple[Figure, Figure]:
    """Return the share of touchpoints that is kept, and how much more CPU time each takes."""
    kept = [100 * pair.beside[0] / pair.alone[0] for pair in pairs]
    more = median(100 * (pair.beside[1] / pair.alone[1] - 1) for pair in pairs)
    low, _, high = quantiles(kept, n=4) if len(kept) > 1 else kept * 3
    shown = f"{median(kept):.1f} % (half of {len(kept)} pairs: {low:.0f} to {high:.0f})"
    return Figure(median(kept), shown), Figure(more, f"{more:+.1f} %")


def loaded(path: Path, *, beside: Beside, seconds: float, tell: Callable[[str], None]) -> list[Pair]:
    """Make one run, in windows without and with something beside the load, each as often first."""
    windows: dict[bool, list[_Window]] = {False: [], True: []}
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as directory:
        data, stamp = Path(directory) / "data", client.now()
        with Server(data) as server, ThreadPoolExecutor(1) as pool:
            posting = pool.submit(serving.post, server.url, path, seconds=seconds, stamp=stamp)
            ends = time.monotonic() + seconds - 2 * WINDOW_S
            time.sleep(WARM_S)
            while time.monotonic() < ends:
                first = len(windows[True]) % 2 == 1
                for is_beside in (first, not first):
                    windows[is_beside].append(_window(server, beside if is_beside else None))
            done = posting.result()
            serving.wait_until_processed(server)
        sent = sum(each.batches for each in done) * client.BATCH
        serving.insist(data, serving.posted_by(path, done, stamp=stamp), touchpoints=sent, singles=0)
    answered = sorted(moment for each in done for moment in each.answered)
    pairs = [
        Pair(_measured(alone, answered), _measured(both, answered))
        for alone, both in zip(windows[False], windows[True], strict=True)
    ]
    for pair in pairs:
        tell(f"  {pair.alone[0]:,.0f} touchpoints/s, with {beside.__name__} {pair.beside[0]:,.0f}")
    return pairs


def _window(server: Server, beside: Beside | None) -> _Window:
    """Let a server under load be for a while."""
    with beside(server.url) if beside is not None else nullcontext():
        cpu_s, began = server.cpu_s(), time.time()
        time.sleep(WINDOW_S)
        return _Window(began, time.time(), server.cpu_s() - cpu_s)


def _measured(window: _Window, answered: Sequence[float]) -> tuple[float, float]:
    """Return touchpoints a second that were answered within a window, and the CPU seconds of each."""
    batches = bisect_left(answered, window.ended) - bisect_left(answered, window.began)
    touchpoints = max(1, batches) * client.BATCH
    return touchpoints / (window.ended - window.began), window.cpu_s / touchpoints


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
        hung.sendall(request.encode())
        asking.start()
        try:
            yield
        finally:
            ended.set()
            asking.join()
