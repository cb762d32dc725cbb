"""Replay in one process: the rate, the memory, and where the time goes. Each run is a process of its own."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path
from statistics import median
from typing import Final, Literal
from unittest.mock import patch

import msgspec

from bench import machine, reference
from bench.figures import Figure, Row
from bench.population import written
from schemas.touchpoint import Subject
from streams.cli.collector import calm
from streams.engine import advance
from streams.ingest.files import read_touchpoints
from streams.ingest.history import CHUNK, Tally, play
from streams.model.load import load_model
from streams.runtime.outcome import Outcome
from streams.runtime.processor import Processor
from streams.runtime.record import Record

Mode = Literal["quiet", "told", "profile"]
STEPS: Final = ("decode", "columns", "index", "engine", "outputs", "storing")
SEED: Final = 7
_MIB: Final = 1 << 20


class Run(msgspec.Struct):
    """One run over a file; seconds, bytes, and seconds by step where it was profiled."""

    touchpoints: int
    wall_s: float
    cpu_s: float
    half_bytes: int
    end_bytes: int
    peak_bytes: int
    outputs: int = 0
    steps: dict[str, float] = {}


def rows(sizes: Sequence[int]) -> list[Row]:
    """Return the lines of the table for populations of these sizes."""
    found = []
    for size in sizes:
        over = f"{size:,} customers"
        engine_bar = 2.0 if size <= 10_000 else 3.0
        found += [
            Row(f"rate {size}", f"replay over {over}, touchpoints/s of one core", "≥ 150,000", least=150_000),
            Row(f"wall {size}", "the same by the clock on the wall, touchpoints/s"),
            Row(f"told {size}", "the same with every output rendered and encoded, touchpoints/s of one core"),
            Row(f"half {size}", "memory of the process at half and at the end"),
            Row(f"peak {size}", "most memory of the process"),
            Row(
                f"step engine {size}",
                f"engine alone over {over}, a touchpoint",
                f"< {engine_bar:g} µs",
                most=engine_bar,
            ),
            Row(f"steps {size}", "profile, µs a touchpoint: " + ", ".join(STEPS)),
        ]
    return found


def measure(
    sizes: Sequence[int], touchpoints: int, runs: int, tell: Callable[[str], None]
) -> dict[str, Figure]:
    """Run each size and mode as often as asked for, and return the medians.

    Raises:
        WrongTableError: A run left a wrong table.
    """
    figures: dict[str, Figure] = {}
    for size in sizes:
        tell(f"replay: {touchpoints:,} touchpoints of {size:,} customers")
        path = written(size, SEED, touchpoints=touchpoints)
        quiet = [_run(path, "quiet", tell) for _ in range(runs)]
        told = [_run(path, "told", tell) for _ in range(runs)]
        profiled = [_run(path, "profile", tell) for _ in range(runs)]
        rate, wall = (median(run.touchpoints / taken(run) for run in quiet) for taken in (_cpu, _wall))
        figures[f"rate {size}"] = Figure(rate, f"{rate:,.0f}")
        figures[f"wall {size}"] = Figure(wall, f"{wall:,.0f}")
        rate = median(run.touchpoints / run.cpu_s for run in told)
        figures[f"told {size}"] = Figure(rate, f"{rate:,.0f} ({told[0].outputs:,} outputs)")
        half, end, peak = (
            median(getattr(run, f"{name}_bytes") for run in quiet) / _MIB for name in ("half", "end", "peak")
        )
        figures[f"half {size}"] = Figure(end / half if half else 0, f"{half:,.0f} MiB, {end:,.0f} MiB")
        figures[f"peak {size}"] = Figure(peak, f"{peak:,.0f} MiB")
        steps = {step: median(run.steps[step] / run.touchpoints * 1e6 for run in profiled) for step in STEPS}
        figures[f"step engine {size}"] = Figure(steps["engine"], f"{steps['engine']:.2f} µs")
        figures[f"steps {size}"] = Figure(
            sum(steps.values()), ", ".join(f"{steps[step]:.2f}" for step in STEPS)
        )
    return figures


def _cpu(run: Run) -> float:
    return run.cpu_s


def _wall(run: Run) -> float:
    return run.wall_s


def _run(path: Path, mode: Mode, tell: Callable[[str], None]) -> Run:
    """Make one run in a new process."""
    command = [sys.executable, "-m", "bench.processing", str(path), mode]
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=1_800)
    if ran.returncode:
        raise reference.WrongTableError(f"{' '.join(command[1:])} ended with {ran.returncode}; see above")
    run = msgspec.json.decode(ran.stdout, type=Run)
    tell(f"  {mode}: {run.touchpoints / run.cpu_s:,.0f} touchpoints/s of CPU time")
    return run


# In the process of one run


def replayed(path: Path, mode: Mode) -> Run:
    """Feed a file through `starter`, and hold the table against the reference.

    Raises:
        WrongTableError: They differ.
    """
    calm()  # as the commands do
    model = load_model("starter")
    _warm(Processor(model, check_future=False))
    processor = Processor(model, check_future=False, check_internal=True, storing=mode == "profile")
    total = sum(1 for _ in path.open("rb"))
    wall, cpu = time.perf_counter(), time.process_time()
    run = Run(total, 0, 0, half_bytes=0, end_bytes=0, peak_bytes=0)
    if mode == "profile":
        _profile(path, processor, run)
    else:
        _feed(path, processor, run, rendered=mode == "told")
    run.wall_s, run.cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    run.end_bytes, run.peak_bytes = machine.resident_bytes(), machine.peak_bytes()
    with path.open("rb") as lines:
        expected = reference.fold(lines)
    reference.insist(expected, reference.held(processor), processor.totals, touchpoints=total)
    return run


def _warm(processor: Processor) -> None:
    """Load the compiled engine before the clock runs."""
    nobody = b'{"message_id":"0","customer_id":"0","event":"0","timestamp":"1970-01-01T00:00:00Z"}'
    outcome = processor.process([Record(0, 0, None, nobody)])
    processor.elapse(1)
    _render(outcome)
    processor.flush(1)


def _feed(path: Path, processor: Processor, run: Run, *, rendered: bool) -> None:
    """Do what `rapport replay` does."""
    fed = 0
    for step in play(read_touchpoints(path), processor, Tally()):
        fed += step.fed
        if rendered and step.outcome is not None:
            run.outputs += _render(step.outcome)
        if not run.half_bytes and fed * 2 >= run.touchpoints:
            run.half_bytes = machine.resident_bytes()


_encode = msgspec.json.Encoder().encode


def _render(outcome: Outcome) -> int:
    """Render and encode every output; return how many there were."""
    outputs = [*outcome.transitions(), *outcome.alerts(), *outcome.scores()]
    return sum(1 for each in outputs if _encode(each))


def _profile(path: Path, processor: Processor, run: Run) -> None:
    """Take the steps apart. Decode and index run once more by themselves; columns are what is left over."""
    steps = dict.fromkeys(STEPS, 0.0)
    beside = Processor(processor.model, check_future=False).lanes[Subject.CUSTOMER]
    decode, rows_of, engine = beside.matcher.decoder.decode, beside.table.rows_of, advance.run_batch

    def timed_engine(*arguments: object) -> int:
        began = time.perf_counter()
        stopped = engine(*arguments)  # type: ignore[arg-type]  # whatever the lane hands to it
        steps["engine"] += time.perf_counter() - began
        return stopped

    with patch.object(advance, "run_batch", timed_engine):
        for number, records in enumerate(_chunks(path), start=1):
            marks = [time.perf_counter()]
            for record in records:
                decode(record.value)
            marks.append(time.perf_counter())
            customers = [decode(record.value).customer_id or "" for record in records]
            marks.append(time.perf_counter())
            rows_of(customers)
            marks.append(time.perf_counter())
            outcome = processor.process(records)
            marks.append(time.perf_counter())
            run.outputs += _render(outcome)
            marks.append(time.perf_counter())
            processor.flush(number)
            marks.append(time.perf_counter())
            took = [later - earlier for earlier, later in pairwise(marks)]
            steps["decode"] += took[0]
            steps["index"] += took[2]
            steps["columns"] += took[3] - took[0] - took[2]  # less the engine, below
            steps["outputs"] += took[4]
            steps["storing"] += took[5]
    steps["columns"] -= steps["engine"]
    run.steps = steps


def _chunks(path: Path) -> Iterator[list[Record]]:
    """Yield the lines of a file as records, as many at a time as `rapport replay` takes."""
    with path.open("rb") as lines:
        offset = 0
        while chunk := list(islice(lines, CHUNK)):
            yield [Record(offset + place, 0, None, line) for place, line in enumerate(chunk)]
            offset += len(chunk)


if __name__ == "__main__":
    name, chosen = sys.argv[1:]
    modes: dict[str, Mode] = {"quiet": "quiet", "told": "told", "profile": "profile"}
    sys.stdout.buffer.write(msgspec.json.encode(replayed(Path(name), modes[chosen])))
