"""How long chunks, flushes and appends take, and how old a record is when it has had its effect."""

from collections.abc import Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

# What a chunk takes its time for, and then a flush.
STEPS: Final = ("decode", "apply", "render", "encode", "write")

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_DELAYS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0)


class Durations:
    """Histograms and a counter by step; each is moved once a chunk or a flush, never for a record."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def seconds(name: str, what: str, buckets: Sequence[float] = _SECONDS) -> Histogram:
            return Histogram(f"engagement_{name}_seconds", what, registry=registry, buckets=buckets)

        self._chunk = seconds("chunk_processing", "Time to process one chunk of records.")
        self._flush = seconds("flush", "Time to write one flush.")
        self._append = seconds("log_append", "Time until appended records are durable.")
        self._effect = seconds(
            "processing_delay", "From the append of a chunk's first record to its effect.", _DELAYS
        )
        self._output = seconds(
            "output_delay", "From the append of a flush's first record to its outputs.", _DELAYS
        )
        self._steps = Counter(
            "engagement_step_seconds",
            "Time spent on chunks and flushes, by step.",
            ["step"],
            registry=registry,
        )
        for step in STEPS:
            self._steps.labels(step)

    def chunk(self, seconds: float, *, spent: Mapping[str, float], delay_ms: int | None) -> None:
        """Note a chunk: what it took in all and by step, and how old its first record was."""
        self._chunk.observe(seconds)
        for step, step_s in spent.items():
            self._steps.labels(step).inc(max(0.0, step_s))
        if delay_ms is not None:
            self._effect.observe(max(0, delay_ms) / 1_000)

    def flush(self, seconds: float, *, encode_s: float, delay_ms: int | None) -> None:
        """Note a flush: what it took in all and to make its bytes, and how old its first record was."""
        self._flush.observe(seconds)
        self._steps.labels("encode").inc(max(0.0, encode_s))
        self._steps.labels("write").inc(max(0.0, seconds - encode_s))
        if delay_ms is not None:
            self._output.observe(max(0, delay_ms) / 1_000)

    def append(self, seconds: float) -> None:
        """Note how long it took until records were durable."""
        self._append.observe(seconds)
