"""Records of Rapport's own, appended to a partition of its log; each shows what the broker's clock says."""

import time
from collections.abc import Callable
from typing import Final

from aiokafka import AIOKafkaProducer
from faust.types import TP

from streams.instrumentation_worker import WorkerInstrumentation

LOG_APPEND_TIME: Final = 1  # of Kafka's types of timestamps: the broker's own


def now_ms() -> int:
    """Return this machine's time (epoch milliseconds)."""
    return time.time_ns() // 1_000_000


class Appender:
    """Appends with `producer`. `clock_ms` is this worker's time (epoch milliseconds)."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        worker: WorkerInstrumentation,
        *,
        clock_ms: Callable[[], int] = now_ms,
    ) -> None:
        self._producer = producer
        self._worker = worker
        self._clock_ms = clock_ms

    async def append(self, tp: TP, value: bytes) -> int:
        """Return the offset of a record, when it is there.

        It was appended between two looks at our clock, so the broker's is off by what lies outside of them.
        """
        before_ms = self._clock_ms()
        written = await self._producer.send_and_wait(tp.topic, value, partition=tp.partition)
        if written.timestamp_type == LOG_APPEND_TIME:
            after_ms = self._clock_ms()
            outside_ms = min(0, written.timestamp - before_ms) + max(0, written.timestamp - after_ms)
            self._worker.clock_compared(seconds=outside_ms / 1_000)
        return int(written.offset)
