"""The loop around a processor on the embedded log: read, process, flush, tick.

The loop decides nothing about customers. Memory runs ahead of the log between flushes, so whatever
fails, the state is dropped and taken over again from the log, never patched.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from streams.archive.outputs import rows_of
from streams.instrumentation import Instrumentation
from streams.model.definition import Model
from streams.runtime.embedded import recovery
from streams.runtime.embedded.errors import DiskFull, Recovering
from streams.runtime.embedded.internal import InternalRecords
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.outbox import Outbox
from streams.runtime.schedule import LONGEST_WAIT_MS, NOT_AT_ALL, RunSettings, Schedule
from streams.runtime.suspects import Portion, ProcessingFailed, Suspects

if TYPE_CHECKING:
    from streams.runtime.processor import Processor

__all__ = ["EmbeddedRun", "RunSettings"]


def monotonic_ms() -> int:
    """Return real time, for intervals only."""
    return time.monotonic_ns() // 1_000_000


class EmbeddedRun:
    """A processor on `log`, kept up with it by `step`, or by a thread between `start` and `stop`.

    `clock` gives the log's time (epoch milliseconds); `pace` real time (milliseconds from any
    origin) for the intervals of flushes and ticks. `on_failure` is called in the thread when a
    bug or a broken disk stops it; `failure` then holds the error, and the process must end.
    """

    def __init__(
        self,
        log: EmbeddedLog,
        model: Model,
        factory: "Callable[[], Processor]",
        *,
        clock: Callable[[], int],
        instrumentation: Instrumentation,
        pace: Callable[[], int] = monotonic_ms,
        settings: RunSettings | None = None,
        on_failure: Callable[[BaseException], None] | None = None,
    ) -> None:
        self.failure: BaseException | None = None
        self.trouble: DiskFull | ProcessingFailed | None = None  # the thread tries again
        self.visible = 0  # the offset after the last record whose effect a reader sees
        self._log = log
        self._model = model
        self._factory = factory
        self._clock = clock
        self._instrumentation = instrumentation
        self._settings = settings or RunSettings()
        self._internal = InternalRecords(log, model, clock)
        self._schedule = Schedule(self._settings, clock=clock, pace=pace)
        self._on_failure = on_failure
        self._state = threading.Condition()  # around the processor; notified when `visible` moved
        self._processor: Processor | None = None
        self._suspects = Suspects()
        self._outbox = Outbox()
        self._unflushed, self._unflushed_since_ms = 0, 0  # records, and when the first was appended
        self.live_bytes: int | None = (
            None  # of the state, were it written once; known from the first flush on
        )
        self._stopping = False
        self._thread: threading.Thread | None = None

    # Readers

    @contextmanager
    def processor(self) -> "Iterator[Processor]":
        """Give the processor to one reader; the loop waits meanwhile, so be quick.

        Raises:
            Recovering: there is no state at the moment.
        """
        with self._state:
            if self._processor is None:
                raise Recovering
            yield self._processor

    @property
    def hindrance(self) -> str | None:
        """What keeps the run from processing what is appended; None when it is ready."""
        error = self.failure or self.trouble or (Recovering() if self._processor is None else None)
        return None if error is None else str(error) or type(error).__name__

    def wait_visible(self, offset: int, *, timeout_s: float) -> bool:
        """Wait until the record at `offset` has had its effect; False when it has not by then."""
        with self._state:
            return self._state.wait_for(
                lambda: self.visible > offset or self.failure is not None, timeout_s
            ) and (self.visible > offset)

    # One step at a time

    def recover(self) -> None:
        """Take the state over from the log, and announce a changed model in it.

        Raises:
            LogError: the log cannot be read, or not be written.
        """
        started = time.perf_counter()
        self._drop()
        processor = recovery.restored(self._log, self._factory)
        if processor.model_differs and not recovery.announced(
            self._log, processor.position, digest=self._model.digest
        ):
            self._internal.announce_model()
        with self._state:
            self._processor = processor
            self.visible = processor.position
            self._state.notify_all()
        self._instrumentation.recovered(
            customers=sum(1 for _ in processor.customers()),
            position=processor.position,
            seconds=time.perf_counter() - started,
        )

    def step(self) -> bool:
        """Process one chunk, tick and flush when it is time; return whether there is more to do at once.

        Raises:
            LogError: the log cannot be read or written. The state is dropped; the next step recovers it.
            ProcessingFailed: a bug met a record. So is it then, and the next steps get past that record.
        """
        if self._processor is None:
            self.recover()
        try:
            records = self._log.read(self.visible, self._settings.chunk_records)
            for portion in self._suspects.portions(records) if records else ():
                self._process(portion)
            if self.visible == self._log.next_offset:
                self._tick_when_due()
            if self._flush_wait_ms() <= 0:
                self.flush()
        except BaseException:
            self._drop()
            raise
        return self.visible < self._log.next_offset

    def flush(self) -> None:
        """Write what is not yet written, whole or not at all.

        Raises:
            LogError: it cannot be written. The state is dropped; the next step recovers it.
        """
        started = time.perf_counter()
        self._schedule.flushing()
        carry_before = 0 if self.live_bytes is None else self._log.plan_carry(self.live_bytes)
        try:
            with self.processor() as processor:
                flush = processor.flush(self._log.last_flush + 1, carry_before=carry_before)
                kpis = processor.kpis() if self._schedule.are_figures_due() else None
            encoded = time.perf_counter()
            self._log.write_flush(
                flush,
                rows_of(self._outbox),
                drop_before=carry_before,
                written_ms=self._clock(),
                kpis=kpis,
            )
        except BaseException:
            self._drop()
            raise
        self.live_bytes = flush.live_bytes
        self._suspects.flushed(flush.position)
        self._schedule.flushed()
        self.trouble = None
        self._instrumentation.flushed(
            number=flush.number, position=flush.position, size=len(flush.body),
            seconds=time.perf_counter() - started, encode_s=encoded - started,
            delay_ms=self._clock() - self._unflushed_since_ms if self._unflushed else None,
        )  # fmt: skip
        self._instrumentation.told(self._outbox)
        self._outbox = Outbox(after=self._outbox)
        self._unflushed = 0

    def _process(self, portion: Portion) -> None:
        """Apply a portion, and let readers see it.

        Raises:
            ProcessingFailed: a bug met it. The state may be torn.
        """
        started, records = time.perf_counter(), portion.records
        with self.processor() as processor:
            before = dict(processor.totals)
            try:
                self._suspects.apply(portion, processor, self._outbox)
            except ProcessingFailed as failed:
                self._processor = None  # readers wait from here on
                self._instrumentation.processing_failed(partition=0, failed=failed)
                raise
            after, spent = dict(processor.totals), processor.take_spent()
            self.visible = processor.position
            self._state.notify_all()
        if self._unflushed == 0:
            self._unflushed_since_ms = records[0].appended_ms
        self._unflushed += len(records)
        self._instrumentation.processed(
            records=len(records), before=before, after=after, seconds=time.perf_counter() - started,
            spent=spent, delay_ms=self._clock() - records[0].appended_ms,
        )  # fmt: skip

    def _tick_when_due(self) -> None:
        """Say in the log what time it is, if rows are due."""
        due_ms = self._due_ms()
        if self._schedule.tick_wait_ms(due_ms) <= 0:
            self._internal.tick(self._schedule.tick(due_ms, self._outbox.told))
            self.trouble = None

    def _drop(self) -> None:
        with self._state:
            self._processor = None
            self._outbox = Outbox()
            self._unflushed = 0

    def _flush_wait_ms(self) -> float:
        return self._schedule.flush_wait_ms(self._unflushed + len(self._outbox))

    def _due_ms(self) -> int:
        with self.processor() as processor:
            return processor.next_due_ms() + self._model.settings.timer_grace_ms

    # In a thread

    def start(self) -> None:
        """Recover, then keep up with the log in a thread of its own.

        Raises:
            LogError: the log cannot be read, or not be written.
        """
        if self._processor is None:
            self.recover()
        self._stopping = False
        self._thread = threading.Thread(target=self._live, name="processor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread when it has read what is in the log and flushed; do nothing before `start`."""
        self._stopping = True
        with self._log.appended:
            self._log.appended.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _live(self) -> None:
        try:
            while not self._stopping:
                self._go_on()
            end = self._log.next_offset
            while self.trouble is None and self.visible < end:
                self._go_on()
            if self._processor is not None and self._flush_wait_ms() < NOT_AT_ALL:
                self.flush()
        except BaseException as error:
            with self._state:
                self.failure = error
                self._processor = None
                self._state.notify_all()
            self._instrumentation.failed(error=error)
            if self._on_failure is not None:
                self._on_failure(error)
            raise

    def _go_on(self) -> None:
        """Take a step and, when nothing is left to do, wait for an append or the next due instant."""
        try:
            if not self.step():
                tick_wait_ms = self._schedule.tick_wait_ms(self._due_ms())
                self._wait(min(self._flush_wait_ms(), tick_wait_ms, LONGEST_WAIT_MS))
        except (DiskFull, ProcessingFailed) as error:
            self.trouble = error
            self.recover()
            self._wait(self._settings.retry_ms, for_appends=False)

    def _wait(self, wait_ms: float, *, for_appends: bool = True) -> None:
        with self._log.appended:
            self._log.appended.wait_for(
                lambda: self._stopping or (for_appends and self._log.next_offset > self.visible),
                max(wait_ms, 0) / 1_000,
            )
