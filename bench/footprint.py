"""How much is stored and held for each customer, and how long the starts take."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import msgspec
import numpy as np
from prometheus_client import CollectorRegistry

from bench import machine, reference
from bench.figures import Figure, Row
from bench.population import written
from bench.server import MAIN, Server
from schemas.touchpoint import Subject
from streams.cli.demo_company import HISTORY_DAYS, OPENING_MS, Origin
from streams.demo.life import DAY_MS
from streams.demo.population import touchpoints as demo_touchpoints
from streams.ingest.history import CHUNK
from streams.instrumentation import Instrumentation
from streams.model.load import load_model
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.run import EmbeddedRun, RunSettings
from streams.runtime.flush import Body
from streams.runtime.processor import Processor
from streams.runtime.record import Record

SIZE_ROWS = [
    Row("stored", "stored for a customer of the demo, median of the rows", "≤ 800 bytes", most=800),
    Row("stored all", "the whole state of the demo in one flush, ids for duplicates included, a customer"),
    Row("resident", "a customer's row in memory", "≤ 3 KB", most=3_072),
    Row("resident all", "memory for each of many customers: rows, names, index, ids"),
]
HELP_ROW = Row("help", "`rapport --help`, median of 10", "< 0.3 s", most=0.3)
COMPILE_ROW = Row("compile", "compiling the engine, once on a machine", "< 60 s", most=60)


def start_rows(customers: int) -> list[Row]:
    """Return the lines about starting."""
    return [
        Row(
            "start",
            f"start of `rapport up` with {customers:,} customers, to the open port",
            "< 5 s",
            most=5,
        ),
        Row("recovery", "of it, reading the state back"),
    ]


def sizes(*, customers: int, days: float, resident: int, tell: Callable[[str], None]) -> dict[str, Figure]:
    """Play the demo's history into one flush, and fill a table with `resident` customers."""
    tell(f"size: {customers:,} customers of the demo, {days:g} days")
    model = load_model("starter")
    processor = Processor(model)
    stream = demo_touchpoints(
        seed=Origin().seed, customers=customers, start_ms=OPENING_MS, end_ms=OPENING_MS + int(days * DAY_MS)
    )
    bodies = [body for _, body in stream]
    _feed(processor, bodies)
    reference.insist(
        reference.fold(bodies), reference.held(processor), processor.totals, touchpoints=len(bodies)
    )
    flush = processor.flush(1).body
    lane = next(
        lane for lane in msgspec.msgpack.decode(flush, type=Body).lanes if lane.subject == Subject.CUSTOMER
    )
    beside = np.array([len(name.encode()) + 1 + 16 for name in lane.names])  # its name, row and length
    stored = float(np.median(np.frombuffer(lane.lengths, np.int64) + beside))
    row = processor.lanes[Subject.CUSTOMER].table.row_bytes
    each = _resident_for_each(resident)
    return {
        "stored": Figure(stored, f"{stored:,.0f} bytes"),
        "stored all": Figure(len(flush) / len(lane.names), f"{len(flush) / len(lane.names):,.0f} bytes"),
        "resident": Figure(row, f"{row:,} bytes"),
        "resident all": Figure(each, f"{each:,.0f} bytes ({resident:,} customers)"),
    }


def _feed(processor: Processor, bodies: list[bytes]) -> None:
    for start in range(0, len(bodies), CHUNK):
        chunk = bodies[start : start + CHUNK]
        processor.process([Record(start + at, OPENING_MS * 2, None, body) for at, body in enumerate(chunk)])


def _resident_for_each(customers: int) -> float:
    """Return by how much a process grows with each customer that has one touchpoint."""
    ran = subprocess.run(
        [sys.executable, "-m", "bench.footprint", str(customers)],
        stdout=subprocess.PIPE,
        check=True,
        timeout=600,
    )
    return float(ran.stdout)


def _grown_bytes(customers: int) -> float:
    """Fill a table in this process, and return its growth by customer."""
    processor = Processor(load_model("starter"), check_future=False, storing=False)
    processor.process([Record(0, 0, None, _first_order(0))])
    before = machine.resident_bytes()
    for start in range(1, customers, CHUNK):
        numbers = range(start, min(start + CHUNK, customers))
        processor.process([Record(number, 0, None, _first_order(number)) for number in numbers])
    return (machine.resident_bytes() - before) / customers


def _first_order(number: int) -> bytes:
    return (
        b'{"message_id":"%d","customer_id":"customer-%d","event":"Order Completed",'
        b'"timestamp":"2026-01-01T00:00:00Z","properties":{"revenue":1}}' % (number, number)
    )


def starts(*, customers: int, touchpoints: int, runs: int, tell: Callable[[str], None]) -> dict[str, Figure]:
    """Store a population in a directory, then start `rapport up` on it, as often as asked for."""
    path = written(customers, 7, touchpoints=touchpoints)
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as directory:
        data = Path(directory) / "data"
        tell(f"start: storing {customers:,} customers")
        store(path, data, touchpoints=touchpoints)
        whole, reading = [], []
        for _ in range(runs):
            with Server(data) as server:
                whole.append(server.started_s)
                reading.append(float(server.recovered["seconds"]))
                found = server.recovered["customers"]
            tell(f"  started in {whole[-1]:.2f} s, {reading[-1]:.2f} s of them reading")
            if found != customers:
                raise reference.WrongTableError(f"{found} of {customers} customers came back")
    return {
        "start": Figure(median(whole), f"{median(whole):.2f} s"),
        "recovery": Figure(median(reading), f"{median(reading):.2f} s"),
    }


def store(path: Path, data: Path, *, touchpoints: int) -> None:
    """Append a file's touchpoints, and let the run of the product process and flush them.

    Their last touchpoint is of this moment. The log's clock stands still until all are processed, so that no
    tick comes in between; then one tick brings everybody to the present, as in a process that was running.
    """
    model, now_ms = load_model("starter"), 0
    registry = CollectorRegistry()
    with EmbeddedLog(data) as log, path.open("rb") as lines:
        run = EmbeddedRun(
            log,
            model,
            lambda: Processor(model, check_future=False),
            clock=lambda: now_ms,
            instrumentation=Instrumentation(model, build="bench", registry=registry),
            settings=RunSettings(),
        )
        waiting: list[tuple[bytes, bytes]] = []
        later = datetime.now(UTC) - _last_instant(path)
        for line in lines:
            told = msgspec.json.decode(line, type=dict[str, object])
            told["timestamp"] = datetime.fromisoformat(str(told["timestamp"])) + later
            told.pop("received_at", None)
            waiting.append((str(told["customer_id"]).encode(), msgspec.json.encode(told)))
            if len(waiting) == CHUNK:
                log.append(waiting, int(time.time() * 1_000))
                waiting = []
        log.append(waiting, int(time.time() * 1_000))
        while run.step():
            pass
        now_ms = int(time.time() * 1_000)
        while run.step():
            pass
        run.flush()
        with run.processor() as processor:
            applied = processor.totals["applied"]
    if applied != touchpoints:
        raise reference.WrongTableError(f"{applied} of {touchpoints} touchpoints were applied")


def _last_instant(path: Path) -> datetime:
    """Return the timestamp of the last line."""
    with path.open("rb") as lines:
        lines.seek(-min(path.stat().st_size, 4_096), os.SEEK_END)
        told = msgspec.json.decode(lines.read().splitlines()[-1], type=dict[str, object])
    return datetime.fromisoformat(str(told["timestamp"]))


def help_time(*, runs: int) -> dict[str, Figure]:
    """Time `rapport --help` as a process."""
    took = median(_seconds_of([sys.executable, "-c", MAIN, "--help"]) for _ in range(runs))
    return {"help": Figure(took, f"{took:.2f} s")}


_COMPILE = """
import time
from streams.model.load import load_model
from streams.runtime.processor import Processor
model = load_model("starter")
began = time.perf_counter()
Processor(model)
print(time.perf_counter() - began)
"""


def compile_time(tell: Callable[[str], None]) -> dict[str, Figure]:
    """Compile the engine into an empty cache, in a process of its own."""
    tell("compile: the engine, into an empty cache")
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as cache:
        ran = subprocess.run(
            [sys.executable, "-c", _COMPILE],
            env={**os.environ, "NUMBA_CACHE_DIR": cache},
            stdout=subprocess.PIPE,
            check=True,
            timeout=900,
        )
    took = float(ran.stdout)
    return {"compile": Figure(took, f"{took:.0f} s")}


def _seconds_of(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, timeout=60)
    return time.perf_counter() - began


def history_days() -> int:
    """Return how much history the demo plays before its view opens."""
    return HISTORY_DAYS


if __name__ == "__main__":
    print(_grown_bytes(int(sys.argv[1])))
