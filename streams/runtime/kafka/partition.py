"""One input partition that this worker owns: taken over from the changelog, processed, flushed, given back.

Memory runs ahead of the log between flushes. Whatever fails, the state is dropped and taken over again
from the log, never patched.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from faust.types import TP

from streams.population_gauges import PartitionReading
from streams.runtime.kafka.applying import apply
from streams.runtime.kafka.ending import end
from streams.runtime.kafka.errors import EXPECTED, LASTING, Verdict, verdict
from streams.runtime.kafka.figures import Figures
from streams.runtime.kafka.internal import InternalRecords
from streams.runtime.kafka.restoring import restored
from streams.runtime.kafka.services import Phase, Services
from streams.runtime.kafka.state import PartitionState
from streams.runtime.kafka.takeover import Place
from streams.runtime.kafka.transaction import FlushProducer
from streams.runtime.record import Record
from streams.runtime.schedule import Schedule
from streams.runtime.suspects import ProcessingFailed, Suspects

RETRY_S: Final = (0.5, 1.0, 2.0, 5.0)
LONGEST_WAIT_S: Final = 1.0
SETTLE_S: Final = 5.0
FAR_BEHIND: Final = 50_000  # records: about as many as are flushed at a time
MOST_FENCED: Final = 5  # in a row, though the group says that the partition is ours
MOST_UNFLUSHED: Final = 200_000  # records: more is not read until a flush has come through


class Partition:
    """The owner of partition `place`, assigned to us in the group's generation `generation`."""

    def __init__(self, place: Place, services: Services, *, generation: int) -> None:
        self.place = place
        self.tp = TP(place.topic, place.partition)
        self.generation = generation
        self.phase = Phase.TAKING_OVER
        self.trouble: str | None = None
        self.flushed_position: int | None = None
        self.end = 0  # of the partition, as last heard
        self.progress = 0  # anything done: a sign of life for the watchdog
        self._failures = 0  # since something came through
        self._services = services
        self._internal = InternalRecords(self.tp, services)
        self._schedule = Schedule(services.run, clock=services.clock_ms, pace=services.pace_ms)
        self._state: PartitionState | None = None
        self._suspects = Suspects()
        self._failed: ProcessingFailed | None = None
        self._producer: FlushProducer | None = None
        self._figures = Figures(pace_ms=services.pace_ms, clock_ms=services.clock_ms)
        self._wake, self._ours = asyncio.Event(), True
        self._flushing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take the partition over; go on until `stop`."""
        self._task = asyncio.create_task(self._run(), name=f"partition {self.place.partition}")
        self._task.add_done_callback(self._ended)

    @property
    def is_clean(self) -> bool:
        """Return whether memory and log agree, so that it can be kept through a rebalance."""
        return self.phase is Phase.SUSPENDED and self._state is not None and self._state.unflushed == 0

    @property
    def lag(self) -> int:
        """Return how many offsets of the partition are not processed yet, as far as is known."""
        position = self.flushed_position or 0
        if self._state is not None:
            position = self._state.processor.position
        return max(0, self.end - position)

    @property
    def reading(self) -> PartitionReading | None:
        """Return what metrics show of it, None unless it is running; asked for from another thread."""
        state = self._state if self.phase is Phase.RUNNING else None
        return None if state is None else self._figures.reading(state, lag=self.lag)

    @property
    def waiting_s(self) -> float:
        """Return for how long a flush has been under way."""
        return 0.0 if self._producer is None else self._producer.writing_s

    @property
    def has_work(self) -> bool:
        """Return whether something of it should be moving."""
        if self.phase is Phase.RUNNING and self._state is not None:
            return self.lag > 0 or self._state.unflushed > 0
        return self.phase in {Phase.TAKING_OVER, Phase.SUSPENDED}

    # The agent's side

    async def process(self, records: Sequence[Record]) -> None:
        """Apply records, if it is the time for it; what comes too late was dropped before."""
        state, services = self._state, self._services
        for portion in self._suspects.portions(records):
            if state is None or self._state is not state or self.phase is not Phase.RUNNING:
                return  # what is left is read again
            self._failed = apply(state, portion, self._suspects, services, partition=self.place.partition)
            if self._failed is not None:
                self._state = None  # it may be torn; the task takes it over again
                services.intake.close(self.tp)
                self._wake.set()
                return
            self.progress += 1
            self._figures.fresh_ms = portion.records[-1].appended_ms
            if state.unflushed >= MOST_UNFLUSHED:
                services.intake.hold(self.tp, on=True)
            if state.changes >= services.run.flush_changes or self._schedule.is_catching_up:
                self._wake.set()
            await asyncio.sleep(0)  # heartbeats, flushes and metrics want their turn

    # Rebalances

    async def suspend(self) -> None:
        """Flush what was processed, within a few seconds, and do nothing more until `resume` or `stop`."""
        self._services.intake.close(self.tp)
        self._ours = False
        if self.phase is Phase.RUNNING:
            self._enter(Phase.SUSPENDED)
            settled = asyncio.ensure_future(self._settle())
            done, _ = await asyncio.wait([settled], timeout=SETTLE_S)
            settled.cancel()  # or it would flush when `stop` ends the flush that it waits for
            if not done or settled.exception() is not None:
                self._enter(Phase.TROUBLED)

    async def _settle(self) -> None:
        """Wait for a flush that is under way, and flush what came after it."""
        async with self._flushing:
            pass
        if self._state is not None and (self._state.unflushed or self._figures.has_new(self._state)):
            await self._flush(self._state)

    def resume(self, generation: int) -> None:
        """Go on: the partition stayed ours."""
        assert self._state is not None
        self.generation = generation
        self._ours = True
        self._enter(Phase.RUNNING)
        self._services.intake.open(self.tp, self._state.processor.position)
        self._wake.set()

    async def stop(self) -> None:
        """Drop the state and leave the broker; what was not flushed is somebody else's to process."""
        self._ours = False
        self._enter(Phase.STOPPED)
        if self._task is not None:
            await end(self._task)
        await self._drop()
        self._services.worker.partition_dropped(partition=self.place.partition)

    # The task

    async def _run(self) -> None:
        while True:
            try:
                await self._live(await self._take_over())
            except (*EXPECTED, ProcessingFailed) as error:
                self._failures += 1
                if self._is_over(error):
                    return
            await self._drop()
            await asyncio.sleep(RETRY_S[min(self._failures, len(RETRY_S)) - 1])
            # To take over fences whoever owns the partition: only if the group says now that it is ours.
            await self._services.until_ours(self.generation)

    def _is_over(self, error: BaseException) -> bool:
        """Tell what failed; return whether nothing is to be tried again."""
        self.trouble = f"{type(error).__name__}: {error}"
        self.progress += 1
        self._enter(Phase.TROUBLED)
        if isinstance(error, ProcessingFailed):
            return not self._ours
        failed = self._producer is not None and self._producer.failed
        judged = verdict(error, producer_failed=failed)
        tell = self._services.worker.flush_failed
        tell(partition=self.place.partition, verdict=judged, error=error, attempt=self._failures)
        if not self._ours:
            return True  # whoever has it now takes it over
        if judged is Verdict.FENCED and self._failures < MOST_FENCED:
            return False
        if judged is Verdict.AGAIN and not isinstance(error, LASTING):
            return False
        self._services.fatal(self.tp, error, judged)
        return True

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Let a bug end the process."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._services.fatal(self.tp, error, Verdict.DEFECT)

    async def _take_over(self) -> PartitionState:
        """Fence, restore the state, and open the intake.

        Raises:
            StateError: it does not belong, or is not whole.
        """
        services, place = self._services, self.place
        began = services.pace_ms()
        self._enter(Phase.TAKING_OVER)
        self._producer = services.new_producer(self.tp)
        await self._producer.start()
        state, flushes, self.end = await restored(place, services, progress=self._progressed)
        self._state, processor = state, state.processor
        self.flushed_position = position = processor.position
        if processor.model_differs:
            await self._internal.announce_model()
        services.worker.taken_over(
            partition=place.partition, flushes=flushes, position=position,
            customers=processor.customer_lane.table.rows - 1, seconds=(services.pace_ms() - began) / 1_000,
        )  # fmt: skip
        self._figures.take(state)
        if self._ours:
            services.intake.open(self.tp, position)
            self._enter(Phase.RUNNING)
        return state

    def _progressed(self, offset: int, end: int) -> None:
        self.progress += 1
        self._services.worker.recovering(partition=self.place.partition, remaining=max(0, end - offset))

    async def _live(self, state: PartitionState) -> None:
        """Flush and tick whenever it is time."""
        while True:
            wait_s = LONGEST_WAIT_S
            if self._state is not state and self._failed is not None:
                raise self._failed
            if self._services.intake.is_stuck(self.tp):
                raise TimeoutError("the input does not go on where it was read last")
            if self.phase is Phase.RUNNING:
                if self.lag == 0:
                    self._figures.fresh_ms = self._services.clock_ms()
                if self._flush_wait_ms(state) <= 0 or self._figures.are_due(state):
                    await self._flush(state)
                    continue
                await self._tick_when_due(state)
                wait_s = min(wait_s, self._flush_wait_ms(state) / 1_000)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait_s)
            self._wake.clear()

    def _flush_wait_ms(self, state: PartitionState) -> float:
        return self._schedule.flush_wait_ms(state.changes, behind=self.lag > FAR_BEHIND)

    async def _flush(self, state: PartitionState) -> None:
        """Write what was processed since the last flush, whole or not at all."""
        async with self._flushing:
            producer, services = self._producer, self._services
            if self._state is not state:
                return  # while it waited here
            assert producer is not None
            began = services.pace_ms()
            self._schedule.flushing()
            is_told = self.phase is Phase.SUSPENDED or self._figures.are_due(state)
            snapshot = state.snapshot(kpis=self._figures.take_to_tell(state) if is_told else None)
            encoded = services.pace_ms()
            write = producer.write(snapshot.outputs, snapshot.changelog, partition=self.place.partition)
            await asyncio.shield(write)
            state.written(snapshot)
            self._schedule.flushed()
            self.flushed_position, self.trouble, self._failures = snapshot.flush.position, None, 0
            self.progress += 1
            self._suspects.flushed(snapshot.flush.position)
            services.intake.hold(self.tp, on=False)
            services.instrumentation.flushed(
                number=snapshot.flush.number, position=snapshot.flush.position,
                size=len(snapshot.flush.body), seconds=(services.pace_ms() - began) / 1_000,
                encode_s=(encoded - began) / 1_000, delay_ms=snapshot.age_ms(services.clock_ms()),
            )  # fmt: skip
            services.instrumentation.told(snapshot.outbox)

    async def _tick_when_due(self, state: PartitionState) -> None:
        """Say in the log what time it is, if rows are due and everything in it has been read."""
        if self._schedule.tick_wait_ms(0) > 0:
            return
        due_ms = state.processor.next_due_ms() + self._services.model.settings.timer_grace_ms
        self._figures.due_ms = due_ms
        if state.processor.position >= self.end and self._schedule.tick_wait_ms(due_ms) <= 0:
            offset = await self._internal.tick(self._schedule.tick(due_ms, state.told))
            self.end = max(self.end, offset + 1)

    async def _drop(self) -> None:
        self._services.intake.close(self.tp)
        self._state = None
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self._services.worker.entered(partition=self.place.partition, phase=phase)
