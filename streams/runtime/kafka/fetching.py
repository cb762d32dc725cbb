"""The thread that talks to the broker for the group: fetched batches become our records, a chunk at a time.

aiokafka's own way makes an object of eleven fields for each record, which costs more than decoding it.
Here whole batches are unpacked to `Record`; control batches and aborted transactions are passed over.
"""

import asyncio
from typing import Any, NamedTuple

import aiokafka
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import ConsumerStoppedError, CorruptRecordException, KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP

from streams.runtime.kafka.errors import Verdict, verdict
from streams.runtime.record import Record

FETCH_WAIT_MS = 200  # a broker with nothing new answers so late; what changes meanwhile waits for it


class Span(NamedTuple):
    """Records of one partition from `start` to `end`: between them offsets may be missing."""

    start: int
    end: int
    records: list[Record]
    size: int


class FetchThread(AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust is read without types
    """Faust's consumer thread with our consumer, our way to unpack, and commits that may fail."""

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        """Return the group's consumer; Faust's own does not read committed, and waits too long."""
        conf, group = self.app.conf, self.app.group_settings
        self._assignor = RoundRobinPartitionAssignor
        return aiokafka.AIOKafkaConsumer(
            **group.client,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            client_rack=group.rack,
            partition_assignment_strategy=[RoundRobinPartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            max_partition_fetch_bytes=group.fetch_bytes,
            request_timeout_ms=int(conf.broker_request_timeout * 1_000),
            session_timeout_ms=int(conf.broker_session_timeout * 1_000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1_000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1_000),
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1_000),
        )

    async def _fetch_records(
        self, consumer: Any, active_partitions: set[TP], timeout: float | None = None, max_records: Any = None
    ) -> dict[TP, Span]:
        """Return what was fetched of the given partitions, at most about a chunk of each.

        Raises:
            ConsumerStoppedError: the consumer is closed.
        """
        fetcher = consumer._fetcher
        if not self.consumer.flow_active:
            return {}
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError
        subscriptions = fetcher._subscriptions
        if subscriptions.reassignment_in_progress:
            await asyncio.sleep(0.05)
            return {}
        with subscriptions.fetch_context():
            for tp, offset in self.consumer.intake.take_rewinds().items():
                if subscriptions.is_assigned(TopicPartition(*tp)):
                    consumer.seek(TopicPartition(*tp), offset)
            spans = self._drain(fetcher, active_partitions)
            if spans or not timeout:
                return spans
            waiter = fetcher._create_fetch_waiter()
            done, _ = await asyncio.wait([waiter], timeout=timeout)
            if not done:
                waiter.cancel()
                return {}
            waiter.result()  # an authorization error, if there is one
            return {} if fetcher._closed else self._drain(fetcher, active_partitions)

    def _drain(self, fetcher: Any, wanted: set[TP]) -> dict[TP, Span]:
        spans: dict[TP, Span] = {}
        for tp in list(fetcher._records):
            if tp not in wanted:
                if not fetcher._subscriptions.is_assigned(tp):
                    del fetcher._records[tp]
                continue
            result = fetcher._records[tp]
            span = None
            if hasattr(result, "_partition_records"):
                span = self._unpack(tp, result)
            elif spans:
                break  # an error; told at the next call
            if span is None or not result.has_more():
                del fetcher._records[tp]
                fetcher._notify(fetcher._wait_consume_future)
            if span is not None:
                spans[TP(*tp)] = span
            elif hasattr(result, "check_raise"):
                result.check_raise()
        return spans

    def _unpack(self, tp: Any, result: Any) -> Span | None:
        """Return whole batches of a fetch, about a chunk's records; None if it no longer fits the position.

        Raises:
            CorruptRecordException: a batch is not what the producer wrote.
        """
        if not result.has_more() or not result.check_assignment(tp):
            return None
        state, chunk = result._partition_records, self.consumer.intake.chunk_records
        batches, start, records, size = state._records, state.next_fetch_offset, list[Record](), 0
        end = start
        while len(records) < chunk and batches.has_next():
            batch = batches.next_batch()
            if state._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"a batch of {tp} has a wrong checksum")
            end = batch.next_offset  # also past records that compaction removed, and past control records
            if _is_hidden(state, batch):
                continue
            for record in batch:
                if record.offset >= start:  # a fetch begins at a batch, which may be before the position
                    value = record.value or b""
                    size += len(value)
                    records.append(Record(record.offset, record.timestamp, record.key, value))
        state.next_fetch_offset = end
        result._update_position()
        if not batches.has_next():
            result._partition_records = None
        return Span(start, end, records, size)

    async def hear_group(self) -> None:
        """Hear what the group's coordination met: until somebody has, it does nothing more, not even join.

        Raises:
            KafkaError: this user is not allowed into the group, or coordination has ended.
        """
        await self.call_thread(self._hear_group)

    async def _hear_group(self) -> None:
        coordinator = self._ensure_consumer()._coordinator
        has_ended = coordinator._coordination_task.done()
        try:
            coordinator.check_errors()
        except KafkaError as error:
            if has_ended or verdict(error) is Verdict.REFUSED:
                raise
            self.app.instrumentation.group_troubled(error=error)

    async def confirms(self, generation: int) -> bool:
        """Return whether the group's coordinator answers now, and knows us as members of this generation."""
        return bool(await self.call_thread(self._heartbeat, generation))

    async def _heartbeat(self, generation: int) -> bool:
        coordinator = self._ensure_consumer()._coordinator
        try:
            known = coordinator.generation == generation and await coordinator._do_heartbeat()
        except KafkaError:
            return False  # the coordinator's own task says what it is
        return known and coordinator.generation == generation and not coordinator._rejoin_needed_fut.done()

    async def _commit(self, offsets: dict[TP, int]) -> bool:
        """Tell the group how far each partition is; it is for showing lag, so a refusal only means "not yet".

        After an eviction aiokafka would commit without a generation, and the broker would take it.

        Raises:
            KafkaError: this user is not allowed to.
        """
        consumer = self._ensure_consumer()
        generation = consumer._coordinator.generation
        if generation <= 0 or generation != self.app.consumer_generation_id:
            return False
        wanted = {TopicPartition(*tp): OffsetAndMetadata(offset, "") for tp, offset in offsets.items()}
        try:
            await consumer.commit(wanted)
        except KafkaError as error:
            if verdict(error) is Verdict.REFUSED:
                raise
            self.app.instrumentation.commit_refused(error=error)
            return False
        return True


def _is_hidden(state: Any, batch: Any) -> bool:
    """Return whether a batch holds nothing for a reader of what is committed: aborted, or a marker."""
    if batch.producer_id is not None:
        state._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch:
            if state._contains_abort_marker(batch):
                state._aborted_producers.discard(batch.producer_id)
            return True
        return bool(batch.is_transactional and batch.producer_id in state._aborted_producers)
    return bool(batch.is_control_batch)
