"""A process to be killed: appends batches that come in on standard input, and runs the processor on them.

Each line is a JSON list of [customer, message id] pairs; the offset of a batch is written to standard
output when it is durable. Faults can be planted, so that the audit of the log can be seen to fail.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry

from schemas.views import PartitionKpis
from streams import topics
from streams.archive import outputs
from streams.archive.outputs import OutputRow
from streams.instrumentation import Instrumentation
from streams.runtime.embedded import database, flushes
from streams.runtime.embedded.log import EmbeddedLog, Retention
from streams.runtime.embedded.run import EmbeddedRun, RunSettings
from streams.runtime.record import Flush
from tests.runtime.counting import MODEL, CountingProcessor, touchpoint

BASE_MS = 1_700_000_000_000
SETTINGS = RunSettings(chunk_records=7, flush_interval_ms=3, tick_interval_ms=5, clock_speed=100_000.0)


class TornLog(EmbeddedLog):
    """A log whose flush is two transactions, and whose process dies between them, after some flushes."""

    def write_flush(
        self,
        flush: Flush,
        told: Sequence[OutputRow],
        *,
        drop_before: int,
        written_ms: int,
        kpis: PartitionKpis | None = None,
    ) -> None:
        """Write the outputs, then the flush."""
        with self._writing, database.transaction(self._writer, self.path):
            outputs.insert(self._writer, told, written_ms=written_ms)
        if flush.number >= 5 and any(row.topic == topics.TRANSITIONS.name for row in told):
            os.kill(os.getpid(), signal.SIGKILL)
        with self._writing, database.transaction(self._writer, self.path):
            flushes.insert(self._writer, flush, written_ms=written_ms)
        self._chain.append(flushes.Stored(flush.number, len(flush.body)))


def main(directory: Path, *, started_ns: int, fault: str) -> None:
    """Serve until standard input ends; then stop tidily."""

    def clock() -> int:
        """A hundred thousand times as fast as real time: customers fall silent between two batches."""
        return BASE_MS + (time.time_ns() - started_ns) // 10

    instrumentation = Instrumentation(MODEL, build="test", registry=CollectorRegistry())
    forever = Retention(input_ms=None, outputs_ms={})  # on a busy machine a month passes by this clock
    with (TornLog if fault == "torn" else EmbeddedLog)(directory, retention=forever) as log:
        run = EmbeddedRun(
            log, MODEL, CountingProcessor, clock=clock, instrumentation=instrumentation, settings=SETTINGS
        )
        run.start()
        for number, line in enumerate(sys.stdin.buffer):
            now_ms = clock()
            items = [touchpoint(customer, name, at_ms=now_ms) for customer, name in msgspec.json.decode(line)]
            if fault == "early" and number == 5:
                print(log.next_offset, flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
            print(log.append(items, now_ms), flush=True)
        run.stop()
        if run.failure is not None:
            raise run.failure


if __name__ == "__main__":
    main(Path(sys.argv[1]), started_ns=int(sys.argv[2]), fault=sys.argv[3])
