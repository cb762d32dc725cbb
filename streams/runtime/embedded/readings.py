"""What the metrics show of the embedded log's one partition, read with little cost to the loop.

The figures about everybody are a scan, during which the loop waits. They are read again at most once a
second, and so seldom that they take no more than a two-hundredth of the time; but every half a minute.
"""

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from schemas.views import PartitionKpis
from streams.engine.instants import NEVER
from streams.model.definition import Model
from streams.population_gauges import PartitionReading
from streams.runtime.embedded.errors import LogError, Recovering
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.run import EmbeddedRun
from streams.runtime.sizes import Sizes, sizes_of

PARTITION: Final = 0
LEAST_S: Final = 1.0
MOST_S: Final = 30.0
TIMES_ITS_COST: Final = 200


class _Scan(NamedTuple):
    kpis: PartitionKpis
    sizes: Sizes
    good_until_s: float


class Readings:
    """Reads `run` and its `log`. `clock` gives the log's time (epoch milliseconds), `pace` real seconds."""

    def __init__(
        self,
        log: EmbeddedLog,
        run: EmbeddedRun,
        model: Model,
        *,
        clock: Callable[[], int],
        pace: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._run = run
        self._grace_ms = model.settings.timer_grace_ms
        self._clock = clock
        self._pace = pace
        self._scan: _Scan | None = None

    def read(self) -> dict[int, PartitionReading]:
        """Return what the partition shows now; nothing while there is no state, or no readable log."""
        now_ms = self._clock()
        try:
            scan, due_ms = self._look(now_ms)
            lag, oldest_ms = self._behind(now_ms)
        except (Recovering, LogError):
            self._scan = None
            return {}
        overdue_ms = 0 if due_ms >= NEVER else max(0, now_ms - due_ms - self._grace_ms)
        reading = PartitionReading(
            kpis=scan.kpis,
            sizes=scan.sizes,
            lag_records=lag,
            lag_seconds=max(0, now_ms - oldest_ms) / 1_000,
            overdue_seconds=overdue_ms / 1_000,
            live_bytes=self._run.live_bytes or 0,
            stored_bytes=self._log.flush_bytes,
        )
        return {PARTITION: reading}

    def _look(self, now_ms: int) -> tuple[_Scan, int]:
        """Return the figures, anew if it is time for it, and when the first row is due."""
        with self._run.processor() as processor:
            due_ms = processor.next_due_ms()
            if self._scan is None or self._pace() >= self._scan.good_until_s:
                began_s = self._pace()
                kpis, sizes = processor.kpis(), sizes_of(processor, now_ms)
                ended_s = self._pace()
                wait_s = min(MOST_S, max(LEAST_S, TIMES_ITS_COST * (ended_s - began_s)))
                self._scan = _Scan(kpis, sizes, ended_s + wait_s)
            return self._scan, due_ms

    def _behind(self, now_ms: int) -> tuple[int, int]:
        """Return how many records are not processed, and when the oldest of them was appended."""
        position = self._run.visible
        waiting = self._log.next_offset - position
        oldest = self._log.queries.read(position, 1) if waiting > 0 else []
        return (waiting, oldest[0].appended_ms) if oldest else (0, now_ms)
