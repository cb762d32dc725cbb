"""A worker that says at its end where its CPU time went: `rapport worker` with clocks around its steps.

The clocks are those of the thread's own CPU time, so what other threads and processes take does not count.
Steps nest: what is spent within an inner one is taken from the outer. What no clock sees from the first
record on is the rest: Faust, asyncio, the network.

Run: python -m bench.kafka.profiled_worker, with the settings of `rapport worker` in the environment.
"""

import asyncio
import functools
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

from streams.cli.collector import calm
from streams.cli.fleet import run
from streams.engine import advance
from streams.engine.table import Table
from streams.instrumentation import tell
from streams.runtime.kafka.fetching import FetchThread
from streams.runtime.kafka.outputs import Renderer
from streams.runtime.kafka.state import PartitionState
from streams.runtime.kafka.transaction import FlushProducer
from streams.runtime.outbox import Outbox
from streams.runtime.processor import Processor
from streams.settings import load

HAPPENING: Final = "profiled"
INFO: Final = 20


class Clock:
    """Seconds of CPU time by step. A step within a step is taken from the outer one."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.began_s: float | None = None  # CPU time of the process when the first step was reached
        self._inner = threading.local()

    def around(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does the same, and is timed."""

        @functools.wraps(function)
        def timed(*arguments: Any, **keywords: Any) -> Any:
            if self.began_s is None:
                self.began_s = time.process_time()
            outside = getattr(self._inner, "seconds", 0.0)
            self._inner.seconds = 0.0
            began = time.thread_time()
            try:
                return function(*arguments, **keywords)
            finally:
                took = time.thread_time() - began
                self.seconds[step] += took - self._inner.seconds
                self._inner.seconds = outside + took

        return timed

    def patch(self, step: str, owner: object, name: str) -> None:
        """Put the clock around a function where it stands."""
        setattr(owner, name, self.around(step, getattr(owner, name)))


def main() -> int:
    """Work until told to stop, and say where the time went."""
    calm()
    clock = Clock()
    clock.patch("fetch", FetchThread, "_unpack")
    clock.patch("decode", Processor, "_decoded_together")
    clock.patch("columns", Processor, "process")
    clock.patch("index", Table, "rows_of")
    clock.patch("engine", advance, "run_batch")
    clock.patch("outputs", Outbox, "add")
    clock.patch("outputs", Renderer, "records")
    clock.patch("flush", PartitionState, "snapshot")
    # A generator: its caller's loop would be timed with it.
    batches = FlushProducer._batches
    FlushProducer._batches = clock.around(  # type: ignore[method-assign]  # the same batches, made at once
        "produce", lambda producer, records: list(batches(producer, records))
    )
    code = asyncio.run(run(load(os.environ)))
    spent_s = time.process_time() - (clock.began_s or 0.0)
    tell(INFO, HAPPENING, steps=dict(clock.seconds), cpu=spent_s)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
