"""The API of `rapport up` over many customers: how long answers take, and what a page that looks costs."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

import msgspec

from bench import client, footprint, scraping, serving
from bench.figures import Figure, Row
from bench.population import written
from bench.server import Server

FULL_S = 4.0  # at full speed, to know what half of it is
PAUSE_S = 0.02  # between two questions
POLLED_S = 1.0
REFRESH_S = 10.1  # after so long the last figures will not do
# What the overview of the page reads, beside its event stream.
OVERVIEW = (
    "/v1/kpis",
    "/v1/kpis/history?step=day&limit=90",
    "/v1/frameworks/clm/flows?days=28",
    "/v1/alerts?state=open&limit=100",
    "/v1/transitions?limit=100",
    "/v1/status",
)
LISTS = (
    *OVERVIEW,
    "/v1/customers?limit=100",
    "/v1/customers?framework=clm&stage=reactivated&limit=100",  # rare: many are looked at for one page
    "/v1/customers?score=engagement&min=90&limit=100",
    "/v1/model",
)
OF_ONE = ("", "/why", "/touchpoints", "/scores")


def rows(customers: int) -> list[Row]:
    """Return the lines of the table."""
    return [
        Row("kpis", f"`GET /v1/kpis` made anew with {customers:,} customers, median", "< 100 ms", most=100),
        Row("reads", "answers of the API while it processes at half its rate, p99", "< 50 ms", most=50),
        Row("reads median", "the same, median"),
        Row("looked at", "`rapport up` with a page that looks at it: touchpoints/s kept", "≥ 90 %", least=90),
        Row("looked at cpu", "the same: CPU time more for a touchpoint"),
    ]


def measure(
    *, customers: int, touchpoints: int, seconds: float, runs: int, tell: Callable[[str], None]
) -> dict[str, Figure]:
    """Ask a server that has so many customers, and look at one under load through a page.

    Raises:
        WrongTableError: What is in a log afterwards is not what was posted.
    """
    kpis, took = _answers(customers, touchpoints, seconds=seconds, tell=tell)
    path = written(min(serving.CUSTOMERS, touchpoints), 7, touchpoints=touchpoints)
    pairs = [
        pair
        for _ in range(runs)
        for pair in scraping.loaded(path, beside=looking, seconds=max(8.0, 2 * seconds), tell=tell)
    ]
    kept, more = scraping.compared(pairs)
    p99 = quantiles(took, n=100)[-1]
    return {
        "kpis": Figure(median(kpis), f"{median(kpis):.0f} ms (most {max(kpis):.0f})"),
        "reads": Figure(p99, f"{p99:.1f} ms ({len(took):,} answers)"),
        "reads median": Figure(median(took), f"{median(took):.1f} ms"),
        "looked at": kept,
        "looked at cpu": more,
    }


def _answers(
    customers: int, touchpoints: int, *, seconds: float, tell: Callable[[str], None]
) -> tuple[list[float], list[float]]:
    """Return milliseconds of fresh figures with nothing else to do, and of all routes at half the rate."""
    path = written(customers, 7, touchpoints=touchpoints)
    names = _names(path)
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as directory:
        data = Path(directory) / "data"
        tell(f"api: storing {customers:,} customers")
        footprint.store(path, data, touchpoints=touchpoints)
        with Server(data) as server, ThreadPoolExecutor(1) as pool:
            address = urlsplit(server.url)
            connection = HTTPConnection(address.hostname or "", address.port, timeout=60)
            kpis = [_refreshed(connection) for _ in range(6)][1:]
            tell(f"  fresh figures in {median(kpis):.0f} ms, at most {max(kpis):.0f}")
            done = serving.post(server.url, path, seconds=FULL_S, stamp=client.now())
            serving.wait_until_processed(server)
            rate = sum(each.batches for each in done) * client.BATCH / FULL_S
            tell(f"  {rate:,.0f} touchpoints/s; asking at half of it")
            connection.close()  # as above
            posting = pool.submit(
                serving.post,
                server.url,
                path,
                seconds=2 * seconds,
                stamp=client.now(),
                per_second=rate / 2,
            )
            took: dict[str, list[float]] = {}
            for name, route in zip(cycle(names), cycle((*LISTS, *OF_ONE)), strict=False):
                if posting.done():
                    break
                asked = route if route.startswith("/v1") else f"/v1/customers/{name}{route}"
                took.setdefault(route or "/v1/customers/ID", []).append(_asked(connection, asked))
                time.sleep(PAUSE_S)
            posting.result()
            connection.close()
    for route, each in sorted(took.items(), key=lambda item: -max(item[1])):
        tell(f"  {median(each):6.1f} ms, most {max(each):6.1f}: {route}")
    return kpis, [ms for each in took.values() for ms in each]


def _names(path: Path) -> list[str]:
    """Return some customers of a population."""
    with path.open("rb") as lines:
        told = [msgspec.json.decode(line, type=dict[str, object]) for line in islice(lines, 5_000)]
    return sorted({str(each["customer_id"]) for each in told})


def _refreshed(connection: HTTPConnection) -> float:
    """Return the milliseconds of figures that have to be made anew."""
    connection.close()  # the server would: it is idle for too long
    time.sleep(REFRESH_S)
    return _asked(connection, "/v1/kpis")


def _asked(connection: HTTPConnection, route: str) -> float:
    """Return the milliseconds that an answer took.

    Raises:
        RuntimeError: It was none.
    """
    began = time.perf_counter()
    connection.request("GET", route)
    answer = connection.getresponse()
    answer.read()
    took_ms = (time.perf_counter() - began) * 1_000
    if answer.status != 200:
        raise RuntimeError(f"GET {route} answered {answer.status}")
    return took_ms


@contextmanager
def looking(url: str) -> Iterator[None]:
    """Listen to everything, and read what the overview reads once a second."""
    address = urlsplit(url)
    ended = threading.Event()

    def listen() -> None:
        connection = HTTPConnection(address.hostname or "", address.port, timeout=60)
        connection.request("GET", "/v1/events")
        answer = connection.getresponse()
        while not ended.is_set() and answer.read1(1 << 20):
            pass
        connection.close()

    def poll() -> None:
        connection = HTTPConnection(address.hostname or "", address.port, timeout=60)
        while not ended.wait(POLLED_S):
            for route in OVERVIEW:
                _asked(connection, route)
        connection.close()

    looks = [threading.Thread(target=each, daemon=True) for each in (listen, poll)]
    for each in looks:
        each.start()
    try:
        yield
    finally:
        ended.set()
        for each in looks:
            each.join()
