"""Faust's consumer, transport and topic, where they lose records or time: with our chunks and positions.

What is overridden is held by tests/kafka/test_seams.py, so that another Faust fails loudly.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any

from aiokafka.errors import ConsumerStoppedError, KafkaError
from faust.events import Event
from faust.topics import Topic
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage
from mode import Service

from streams.runtime.kafka.chunks import Chunk, Intake
from streams.runtime.kafka.fetching import FetchThread

LONGEST_FETCH_S = 0.2  # the partitions wanted are fixed for so long
NO_ROOM_S = 0.02
HEAR_S = 1.0

Revoked = Callable[[], Awaitable[None]]
Assigned = Callable[[set[TP], int], Awaitable[None]]


class ChunkTopic(Topic):  # type: ignore[misc]  # Faust is read without types
    """Hands chunks through undecoded. Faust replaces `decode` on each instance, so this is the hook."""

    def _compile_decode(self) -> None:
        app = self.app

        async def decode(message: Any, *, propagate: bool = False) -> Event:
            return Event(app, None, message.value, [], message)

        self.decode = decode


class ChunkConsumer(driver.Consumer):  # type: ignore[misc]  # Faust is read without types
    """Delivers one event for each chunk, and leaves it to the partitions' owners what is done with it."""

    intake: Intake

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.intake = self.app.new_intake()
        self._numbers = count(1)  # Faust drops events whose number is not above the last one

    def _new_consumer_thread(self) -> FetchThread:
        return FetchThread(self, loop=self.loop, beacon=self.beacon)

    @Service.task  # type: ignore[untyped-decorator]  # mode is read without types
    async def _hear_group(self) -> None:
        """Look after the group, also while nothing is fetched: that is when it rebalances."""
        while not self.should_stop:
            await self.sleep(HEAR_S)
            try:
                await self._thread.hear_group()
            except KafkaError as error:
                self.app.refused(error)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Yield chunks of partitions that have room; `timeout` is Faust's, ours is shorter."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        wanted = self.intake.wanted(self._get_active_partitions())
        if not wanted:
            await asyncio.sleep(NO_ROOM_S)
            return
        generation = self.app.consumer_generation_id
        try:
            spans = await self._getmany(wanted, min(timeout, LONGEST_FETCH_S))
        except ConsumerStoppedError:
            raise
        except KafkaError as error:  # Faust would end its fetcher, and the rest of it go on for ever
            self.app.refused(error)
            await asyncio.sleep(LONGEST_FETCH_S)
            return
        for tp, (start, end, records, size) in spans.items():
            if self.should_stop or not self.flow_active or self.app.consumer_generation_id != generation:
                return  # a rebalance opens every partition anew
            self.app.read_on(tp, end)
            chunk = self.intake.accept(tp, start, end, records, size)
            if chunk is not None:
                yield tp, self._message(chunk)

    def _message(self, chunk: Chunk) -> ConsumerMessage:
        topic, partition = chunk.tp
        return ConsumerMessage(
            topic, partition, next(self._numbers), None, None, [], None, chunk, None, 0, 0, chunk.tp,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip

    # Positions: they come from the changelog, never from the group

    async def perform_seek(self) -> None:
        """Seek nothing: owners open their partitions when they know from where."""

    def resume_flow(self) -> None:
        """Go on; Faust has just emptied its queues, so what was in them is read again."""
        self.intake.take_back()
        super().resume_flow()

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Chunks know where they begin and end."""

    # Commits: how far the flushes are, for showing lag

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> list[TP]:
        positions = self.app.flushed_positions()
        return [tp for tp in positions if topics is None or tp in topics or tp.topic in topics]

    def _new_offset(self, tp: TP) -> int | None:
        position: int | None = self.app.flushed_positions().get(tp)
        return position

    async def _commit_offsets(self, offsets: dict[TP, int], start_new_transaction: bool = True) -> bool:
        """Commit; what was refused stays to be committed. Who may not commit may not be in the group."""
        assignment = self.assignment()
        mine = {tp: offset for tp, offset in offsets.items() if tp in assignment}
        try:
            if not mine or not await self._commit(mine):
                return False
        except KafkaError as error:
            self.app.refused(error)
            return False
        self._committed_offset.update(mine)
        return True

    # Rebalances

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Flush and commit before Faust forgets; it would wait for events, for ever if need be."""
        self.stop_flow()
        self.app.flow_control.suspend()
        self.app.flow_control.clear()
        self.intake.take_back()
        await self.app.before_revoke()
        await self.commit()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Let owners be made, kept or dropped."""
        await super().on_partitions_assigned(assigned, generation_id)
        await self.app.after_assign(assigned, generation_id)

    async def wait_empty(self) -> None:
        """Before the consumer stops: the same as before a rebalance, and bounded like it."""
        await self.app.before_revoke()
        await self.commit()

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust would report slow partitions by its own bookkeeping, which is not kept; the watchdog does."""


class QuietProducer(driver.Producer):  # type: ignore[misc]  # Faust is read without types
    """Faust's producer, which is never connected: owners of partitions have producers of their own."""

    async def on_start(self) -> None:
        """Connect to nothing."""

    async def on_stop(self) -> None:
        """There is nothing to end."""

    async def flush(self) -> None:
        """Do nothing: owners wait for their own deliveries."""


class Transport(driver.Transport):  # type: ignore[misc]  # Faust is read without types
    """Where Faust finds its consumer and producer."""

    Consumer = ChunkConsumer
    Producer = QuietProducer
