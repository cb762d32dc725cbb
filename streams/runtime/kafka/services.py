"""What the partitions of one worker share, and what a partition may be doing."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, NamedTuple

from faust.types import TP

from streams.instrumentation import Instrumentation
from streams.instrumentation_worker import WorkerInstrumentation
from streams.model.definition import Model
from streams.runtime.kafka.chunks import Intake
from streams.runtime.kafka.errors import Verdict
from streams.runtime.kafka.transaction import FlushProducer
from streams.runtime.processor import Processor
from streams.runtime.schedule import RunSettings


class Phase(StrEnum):
    """What a partition is doing. Also a metric label: a closed set."""

    TAKING_OVER = "taking_over"
    RUNNING = "running"
    SUSPENDED = "suspended"  # a rebalance: flushed, and kept in case it stays ours
    TROUBLED = "troubled"  # a flush or the take-over failed; it is tried again
    STOPPED = "stopped"


class Services(NamedTuple):
    """Settings, clocks and ways to the broker. Clocks are in milliseconds: the log's, and real time."""

    app: str
    prefix: str
    client: dict[str, Any]
    model: Model
    new_processor: Callable[[], Processor]
    new_producer: Callable[[TP], FlushProducer]
    intake: Intake
    instrumentation: Instrumentation
    worker: WorkerInstrumentation
    clock_ms: Callable[[], int]
    pace_ms: Callable[[], int]
    run: RunSettings
    part_bytes: int
    append: Callable[[TP, bytes], Awaitable[int]]  # to the partition's own log; gives the offset
    committed: Callable[[TP], Awaitable[int | None]]
    until_ours: Callable[[int], Awaitable[None]]  # until the group says that this generation still holds
    fatal: Callable[[TP, BaseException, Verdict], None]  # ends the worker
