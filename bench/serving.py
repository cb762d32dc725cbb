"""`rapport up` under load: durable touchpoints a second, and the time from a post to its effect."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import msgspec

from bench import client, reference
from bench.figures import Figure, Row
from bench.population import written
from bench.server import Server
from streams.model.load import load_model
from streams.runtime.embedded import recovery
from streams.runtime.embedded.reader import LogReader
from streams.runtime.processor import Processor

CLIENTS = 2
CUSTOMERS = 10_000
ROWS = [
    Row(
        "posted",
        "`rapport up`, durable and processed, posts of 100, touchpoints/s",
        "≥ 20,000",
        least=20_000,
    ),
    Row("behind", "the same: behind when the posts ended"),
    Row("visible", "one post to its effect in `GET /v1/customers/{id}`, median", "< 50 ms", most=50),
    Row("up bytes", "memory of the process after it"),
]
_DRAIN_S = 300.0


def measure(
    *, seconds: float, touchpoints: int, samples: int, runs: int, tell: Callable[[str], None]
) -> dict[str, Figure]:
    """Put `rapport up` under load as often as asked for, and return the medians.

    Raises:
        WrongTableError: What is in the log afterwards is not what was posted.
    """
    path = written(min(CUSTOMERS, touchpoints), 7, touchpoints=touchpoints)
    measured = [_loaded(path, seconds=seconds, samples=samples, tell=tell) for _ in range(runs)]
    rate, behind, visible, memory = (median(column) for column in zip(*measured, strict=True))
    return {
        "posted": Figure(rate, f"{rate:,.0f}"),
        "behind": Figure(behind, f"{behind:,.0f} touchpoints"),
        "visible": Figure(visible, f"{visible:.1f} ms"),
        "up bytes": Figure(memory, f"{memory / (1 << 20):,.0f} MiB"),
    }


def _loaded(
    path: Path, *, seconds: float, samples: int, tell: Callable[[str], None]
) -> tuple[float, float, float, float]:
    """Make one run in a directory that is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as directory:
        data, stamp = Path(directory) / "data", client.now()
        with Server(data) as server:
            tell(f"up: {CLIENTS} clients post for {seconds:g} s")
            done = post(server.url, path, seconds=seconds, stamp=stamp)
            sent = sum(each.batches for each in done) * client.BATCH
            behind = server.behind()
            wait_until_processed(server)
            began = min(each.began for each in done)
            rate, memory = sent / (time.time() - began), server.resident_bytes()
            tell(f"  {rate:,.0f} touchpoints/s; {behind:,.0f} behind at the end of the posts")
            visible = median(_seen_after_ms(server.url, number) for number in range(samples))
            tell(f"  visible after {visible:.1f} ms")
        insist(data, posted_by(path, done, stamp=stamp), touchpoints=sent, singles=samples)
    return rate, behind, visible, memory


def wait_until_processed(server: Server) -> None:
    """Wait until everything stored is processed, but not for ever."""
    deadline = time.monotonic() + _DRAIN_S
    while server.behind() and time.monotonic() < deadline:
        time.sleep(0.1)


def post(url: str, path: Path, *, seconds: float, stamp: str, per_second: float = 0) -> list[client.Posted]:
    """Run the clients to their end, at most so many touchpoints a second together (0: as fast as it goes)."""
    pace = str(per_second / client.BATCH / CLIENTS)
    command = [sys.executable, "-m", "bench.client", url, str(path)]
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, str(part), str(CLIENTS), str(seconds), stamp, pace], stdout=subprocess.PIPE
                )
            )
            for part in range(CLIENTS)
        ]
        said = [each.communicate(timeout=seconds + _DRAIN_S)[0] for each in running]
    if any(each.returncode for each in running):
        raise RuntimeError("a client could not post; see above")
    return [msgspec.json.decode(each, type=client.Posted) for each in said]


def _seen_after_ms(url: str, number: int) -> float:
    """Post one touchpoint of a new customer, and ask until the customer is there; return milliseconds."""
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=60)
    body = (
        f'{{"message_id":"single-{number}","customer_id":"single-{number}","event":"Order Completed",'
        f'"timestamp":"{client.now()}","properties":{{"revenue":1.5}}}}'
    )
    began, status = time.perf_counter(), 404
    connection.request("POST", "/v1/touchpoints", body, {"content-type": "application/json"})
    connection.getresponse().read()
    while status == 404:
        connection.request("GET", f"/v1/customers/single-{number}")
        answer = connection.getresponse()
        answer.read()
        status = answer.status
    took_ms = (time.perf_counter() - began) * 1_000
    connection.close()
    if status != 200:
        raise RuntimeError(f"GET /v1/customers answered {status}")
    return took_ms


def posted_by(path: Path, done: list[client.Posted], *, stamp: str) -> Iterator[bytes]:
    """Yield what the clients posted, made again."""
    for part, each in enumerate(done):
        made = client.batches(path, part=part, parts=CLIENTS, stamp=stamp)
        yield from (body for batch in islice(made, each.batches) for body in batch)


def insist(data: Path, posted: Iterator[bytes], *, touchpoints: int, singles: int) -> None:
    """Hold what the log gives back against what was posted.

    Raises:
        WrongTableError: They differ.
    """
    reader = LogReader(data)
    try:
        processor = recovery.caught_up(reader, lambda: Processor(load_model("starter")))
    finally:
        reader.close()
    expected = reference.fold(posted) | {
        f"single-{number}": {"activity": 1.0, "purchase": 1.0, "items": 1.0, "sum of purchase": 1.5}
        for number in range(singles)
    }
    reference.insist(expected, reference.held(processor), processor.totals, touchpoints=touchpoints + singles)
