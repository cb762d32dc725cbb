"""The producer of one partition: a flush is one transaction, seen whole or not at all.

Its transactional id belongs to the input partition, so a new owner's start fences the old one at the broker.
aiokafka's commit does not look at whether the batches arrived, so every future is awaited before it.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from streams.runtime.kafka.errors import FlushFailed, RecordTooLarge
from streams.runtime.kafka.outputs import Outgoing

START_TIMEOUT_S: Final = 60.0
STOP_TIMEOUT_S: Final = 5.0
BATCH_OVERHEAD: Final = 1_024


class FlushProducer:
    """Writes flushes of one partition. Without a `transactional_id`, no transactions: at least once."""

    def __init__(
        self,
        client: dict[str, Any],
        *,
        transactional_id: str | None,
        transaction_timeout_ms: int,
        max_batch_bytes: int,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        """on_step: hears {begin, outputs, changelog, acknowledged, committed}; tests crash there."""
        self.transactional_id = transactional_id
        self._writing_since: float | None = None
        self.max_batch_bytes = max_batch_bytes
        self._on_step = on_step
        chosen: dict[str, Any] = {"enable_idempotence": True}
        if transactional_id is not None:
            chosen = {"transactional_id": transactional_id, "transaction_timeout_ms": transaction_timeout_ms}
        self._producer = AIOKafkaProducer(
            **client, **chosen, acks="all", linger_ms=0, request_timeout_ms=40_000,
            max_batch_size=max_batch_bytes, max_request_size=max_batch_bytes + BATCH_OVERHEAD,
        )  # fmt: skip

    @property
    def failed(self) -> bool:
        """Return whether the producer has ended by an error that cannot be undone."""
        manager = self._producer._txn_manager
        return manager is not None and manager.state.name == "FATAL_ERROR"

    @property
    def writing_s(self) -> float:
        """Return for how long a flush has been under way: aiokafka tries for ever, and says nothing."""
        since = self._writing_since
        return 0.0 if since is None else time.monotonic() - since

    async def start(self) -> None:
        """Connect, and fence whoever had the id before.

        Raises:
            TimeoutError: it took longer than a minute.
        """
        await asyncio.wait_for(self._producer.start(), START_TIMEOUT_S)

    async def stop(self) -> None:
        """Disconnect in five seconds; the next owner's start ends an unfinished transaction."""
        stopping = asyncio.gather(self._producer.stop(), return_exceptions=True)
        _, waiting = await asyncio.wait([stopping], timeout=STOP_TIMEOUT_S)
        if waiting:  # with the broker away it would wait for the answers to what it has sent
            stopping.cancel()

    async def write(
        self, outputs: Iterable[Outgoing], changelog: Iterable[Outgoing], *, partition: int
    ) -> None:
        """Write outputs and changelog to partition `partition` of their topics, as one.

        Raises:
            RecordTooLarge: before anything is written.
            FlushFailed: nothing of it can be seen, and the producer is not to be used again.
        """
        first, second = list(outputs), list(changelog)
        for each in (*first, *second):
            if len(each.value or b"") > self.max_batch_bytes // 2 and each.size > self.max_batch_bytes:
                raise RecordTooLarge(
                    f"a record for {each.topic} has {each.size:,} bytes, and a batch may have "
                    f"{self.max_batch_bytes:,}: raise max_batch_bytes, and max.message.bytes of the topic"
                )
        self._writing_since = time.monotonic()
        try:
            await self._write(first, second, partition)
        except (FlushFailed, asyncio.CancelledError):
            raise
        except Exception as error:
            raise FlushFailed(error) from error
        finally:
            self._writing_since = None

    async def _write(self, outputs: list[Outgoing], changelog: list[Outgoing], partition: int) -> None:
        producer, transactional = self._producer, self.transactional_id is not None
        if transactional:
            await producer.begin_transaction()
        self._on_step("begin")
        futures = await self._send(outputs, partition)
        self._on_step("outputs")
        if not transactional:
            await _all(futures)  # a state may never be ahead of what it told
            futures = []
        futures += await self._send(changelog, partition)
        self._on_step("changelog")
        await _all(futures)
        self._on_step("acknowledged")
        if transactional:
            await producer.commit_transaction()
        self._on_step("committed")

    async def _send(self, records: list[Outgoing], partition: int) -> "list[asyncio.Future[Any]]":
        """Hand records to the producer in batches, in their order within each topic."""
        producer, futures = self._producer, []
        by_topic: defaultdict[str, list[Outgoing]] = defaultdict(list)
        for each in records:
            by_topic[each.topic].append(each)
        try:
            for topic, members in by_topic.items():
                for batch in self._batches(members):
                    futures.append(await producer.send_batch(batch, topic, partition=partition))
        except Exception as error:
            # What earlier batches met is the cause: after it, aiokafka only says that the call was wrong.
            raise FlushFailed(*await _errors(futures), error) from error
        return futures

    def _batches(self, records: list[Outgoing]) -> Iterator[Any]:
        """Yield full batches and the last one; a record alone fits, as its size was looked at before."""
        batch = self._producer.create_batch()
        for each in records:
            content = {"timestamp": None, "key": each.key, "value": each.value, "headers": list(each.headers)}
            if batch.append(**content) is None:
                yield batch
                batch = self._producer.create_batch()
                batch.append(**content)
        yield batch


async def _all(futures: "list[asyncio.Future[Any]]") -> None:
    found = await _errors(futures)
    if found:
        raise FlushFailed(*found)


async def _errors(futures: "list[asyncio.Future[Any]]") -> list[BaseException]:
    results = await asyncio.gather(*futures, return_exceptions=True)
    return [each for each in results if isinstance(each, BaseException)]
