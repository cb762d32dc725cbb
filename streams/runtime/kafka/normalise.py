"""Other people's topics into touchpoints: adapted, keyed by subject, written to Rapport's own topic.

Such a topic has no changelog: where to read on is the group's committed offset, and it moves only over
records whose touchpoints are acknowledged. What a crash makes us read again is written again under the
same message ids, and dropped there as duplicates.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from faust.types import TP

from streams.instrumentation import Instrumentation, Source
from streams.instrumentation_worker import WorkerInstrumentation
from streams.runtime.kafka.chunks import Intake
from streams.runtime.kafka.ending import end
from streams.runtime.kafka.errors import EXPECTED, RecordTooLarge, StateError, Verdict, verdict
from streams.runtime.kafka.outputs import Outgoing
from streams.runtime.kafka.partition import RETRY_S, SETTLE_S
from streams.runtime.kafka.rekeying import Adapt, Rekeyer
from streams.runtime.kafka.services import Phase
from streams.runtime.kafka.transaction import FlushProducer
from streams.runtime.record import Record


class Bounds(NamedTuple):
    """The offsets that a partition has, and what the group has committed of it."""

    begin: int
    end: int
    committed: int | None


class Normalising(NamedTuple):
    """What the partitions of other people's topics share."""

    app: str
    prefix: str
    adapt: Adapt
    partitions: int  # of the touchpoints, and of the dead letters
    new_producer: Callable[[], FlushProducer]
    bounds: Callable[[TP], Awaitable[Bounds]]
    intake: Intake
    instrumentation: Instrumentation
    worker: WorkerInstrumentation
    fatal: Callable[[TP, BaseException, Verdict], None]  # ends the worker


class ForeignPartition:
    """The owner of partition `tp` of somebody else's topic, assigned to us in generation `generation`."""

    def __init__(self, tp: TP, shared: Normalising, *, generation: int) -> None:
        self.tp = tp
        self.generation = generation
        self.phase = Phase.TAKING_OVER
        self.trouble: str | None = None
        self.flushed_position: int | None = None  # everything before it is acknowledged
        self.end = 0  # of the partition, as last heard
        self.progress = 0  # anything done: a sign of life for the watchdog
        self._shared = shared
        self._rekeyer = Rekeyer(
            tp, shared.adapt, app=shared.app, prefix=shared.prefix, partitions=shared.partitions
        )
        self._ours = True
        self._producer: FlushProducer | None = None
        self._broken: asyncio.Future[None] | None = None  # set to what went wrong with a write
        self._write: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to read, from where the group has committed; go on until `stop`."""
        self._task = asyncio.create_task(self._run(), name=f"normalise {self.tp.topic} {self.tp.partition}")
        self._task.add_done_callback(self._ended)

    @property
    def is_clean(self) -> bool:
        """Return whether what was read is acknowledged, so that it can be kept through a rebalance."""
        return self.phase in {Phase.RUNNING, Phase.SUSPENDED} and self._write is None

    @property
    def lag(self) -> int:
        """Return how many offsets of the partition are not acknowledged yet, as far as is known."""
        return max(0, self.end - (self.flushed_position or 0))

    @property
    def has_work(self) -> bool:
        """Return whether something of it should be moving."""
        return self.phase is Phase.TAKING_OVER or (self.phase is Phase.RUNNING and self.lag > 0)

    # The agent's side

    async def deliver(self, records: Sequence[Record], end: int) -> None:
        """Write the touchpoints of records and wait until they are acknowledged; `end`: where they end."""
        generation = self.generation
        for part in self._rekeyer.slices(records, end):
            if self.phase is not Phase.RUNNING or self.generation != generation or self._producer is None:
                return
            self._write = asyncio.create_task(_write(self._producer, part.outgoing))
            await asyncio.wait([self._write])  # one that fails or is cancelled ends this too
            write, self._write = self._write, None
            if write.cancelled():
                return
            error = write.exception()
            if error is not None:
                self._break(error)
                return
            self.flushed_position, self.trouble = part.end, None
            self.progress += 1
            self._shared.worker.normalised(topic=self.tp.topic, touchpoints=part.touchpoints)
            self._shared.instrumentation.dead_lettered(part.letters, source=Source.EDGE)
            await asyncio.sleep(0)  # heartbeats, flushes and metrics want their turn
        self._shared.worker.normalise_lagging(
            topic=self.tp.topic, partition=self.tp.partition, records=self.lag
        )

    def _break(self, error: BaseException) -> None:
        self.phase = Phase.TROUBLED
        if self._broken is not None and not self._broken.done():
            self._broken.set_exception(error)

    # Rebalances

    async def suspend(self) -> None:
        """Let what is under way arrive, within a few seconds; do nothing more until `resume` or `stop`."""
        self._shared.intake.close(self.tp)
        self._ours = False
        if self.phase is Phase.RUNNING:
            self.phase = Phase.SUSPENDED
            if self._write is not None:
                done, _ = await asyncio.wait([self._write], timeout=SETTLE_S)
                if not done:
                    self.phase = Phase.TROUBLED

    def resume(self, generation: int) -> None:
        """Go on: the partition stayed ours."""
        assert self.flushed_position is not None
        self.generation = generation
        self._ours = True
        self.phase = Phase.RUNNING
        self._shared.intake.open(self.tp, self.flushed_position)

    async def stop(self) -> None:
        """Leave the broker; what was not acknowledged is read again by the next owner."""
        self._ours = False
        self.phase = Phase.STOPPED
        if self._task is not None:
            await end(self._task)
        await self._drop()
        self._shared.worker.normalise_dropped(topic=self.tp.topic, partition=self.tp.partition)

    # The task

    async def _run(self) -> None:
        attempts = 0
        while True:
            self._broken = asyncio.get_running_loop().create_future()
            try:
                await self._open()
                await self._broken
            except EXPECTED as error:
                attempts += 1
                if self._is_over(error, attempts):
                    return
            await self._drop()
            await asyncio.sleep(RETRY_S[min(attempts, len(RETRY_S)) - 1])

    async def _open(self) -> None:
        self.phase = Phase.TAKING_OVER
        self._producer = self._shared.new_producer()
        await self._producer.start()
        position = self.flushed_position
        if position is None:
            bounds = await self._shared.bounds(self.tp)
            position, self.end = self._begin(bounds), bounds.end
        self.flushed_position = position
        if self._ours:
            self.phase = Phase.RUNNING
            self._shared.intake.open(self.tp, position)

    def _begin(self, bounds: Bounds) -> int:
        """Return where to begin.

        Raises:
            StateError: the group has read further than the topic reaches.
        """
        if bounds.committed is None:
            return bounds.begin
        if bounds.committed > bounds.end:
            raise StateError(
                f"{self.tp.topic}, partition {self.tp.partition}: it ends at offset {bounds.end}, and the "
                f"group has read up to {bounds.committed}: the topic was deleted and made anew. Either "
                "restore it, or set the group's offsets of it to its beginning "
                "(kafka-consumer-groups.sh --reset-offsets --to-earliest)"
            )
        if bounds.committed < bounds.begin:
            self._shared.worker.normalise_missed(
                topic=self.tp.topic, partition=self.tp.partition, records=bounds.begin - bounds.committed
            )
        return max(bounds.begin, bounds.committed)

    def _is_over(self, error: BaseException, attempt: int) -> bool:
        """Tell what failed; return whether nothing is to be tried again."""
        judged = verdict(error)
        self.trouble = f"{type(error).__name__}: {error}"
        self.progress += 1
        self.phase = Phase.TROUBLED
        self._shared.worker.normalise_failed(
            topic=self.tp.topic, partition=self.tp.partition, verdict=judged, error=error, attempt=attempt
        )
        if not self._ours:
            return True  # whoever has it now begins where the group has committed
        if judged is Verdict.AGAIN and not isinstance(error, (StateError, RecordTooLarge)):
            return False
        self._shared.fatal(self.tp, error, judged)
        return True

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Let a bug end the process."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._shared.fatal(self.tp, error, Verdict.DEFECT)

    async def _drop(self) -> None:
        self._shared.intake.close(self.tp)
        if self._write is not None:
            self._write.cancel()
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()


async def _write(producer: FlushProducer, outgoing: dict[int, list[Outgoing]]) -> None:
    """Write to all partitions at once, and wait for all, also when one fails."""
    writes = [producer.write(records, [], partition=partition) for partition, records in outgoing.items()]
    results = await asyncio.gather(*writes, return_exceptions=True)
    for each in results:
        if isinstance(each, BaseException):
            raise each
