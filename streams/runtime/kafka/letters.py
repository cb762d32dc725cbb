"""Sending dead letters again: the original bytes under the original key, to where they came from.

What is sent and how far one is go into one transaction, so a letter is sent again once, whatever is killed;
and of two that do this at a time, the broker fences the first. A letter that is still wrong becomes a new
dead letter, which is for the next time.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from schemas.dead_letter import KEPT_BYTES, DeadLetter
from streams import topics
from streams.runtime.kafka.administration import administration
from streams.runtime.kafka.marks import Marks
from streams.runtime.kafka.subscriber import Told, dead_letter_of, partitions_of, some
from streams.runtime.kafka.takeover import reader
from streams.settings import Settings

AT_ONCE: Final = 500
TRANSACTION_MS: Final = 30_000


Chosen = tuple[Told, DeadLetter]


class Wish(NamedTuple):
    """Which letters to send again: of one reason or of all, at most so many, or none but only counted."""

    reason: str | None = None
    limit: int | None = None
    dry: bool = False


class Account(msgspec.Struct):
    """What became of the letters that were looked at."""

    sent: Counter[str] = msgspec.field(default_factory=Counter)  # by reason
    cut: int = 0  # longer than what is kept of a letter
    homeless: Counter[str] = msgspec.field(default_factory=Counter)  # by topic: not there, or not an input
    unread: int = 0  # none of Rapport's


def group_of(app: str) -> str:
    """Return the group, and the transactional id, by which it is remembered how far one is."""
    return f"{app}-dead-letters-replay"


async def replay(client: dict[str, Any], settings: Settings, wish: Wish) -> Account:
    """Send letters again, as wished, of those that are there at the beginning.

    Raises:
        NoSuchTopic: there are no dead letters.
        KafkaError: the broker refuses, or another replay has begun (ProducerFenced).
    """
    partitions = await partitions_of(client, settings.topic_prefix + topics.DEAD_LETTERS.name)
    async with _sender(client, settings, dry=wish.dry) as sender, reader(client) as consumer:
        # The sender has started, so nobody else moves the marks from here on.
        async with administration(client) as cluster:
            committed = await cluster.committed(group_of(settings.app))
            homes = await cluster.partition_counts()
        ours = {settings.topic_prefix + each.name for each in topics.OUTPUTS} | {
            topics.changelog(settings.app)
        }
        homes = {name: count for name, count in homes.items() if name not in ours}  # none of them is an input
        work = _Work(consumer, sender, homes, wish)
        # Once: aiokafka's stop() never returns when it comes right after a second assignment.
        consumer.assign(partitions)
        marks = {tp: Marks.of(committed.get((tp.topic, tp.partition))) for tp in partitions}
        begin = await consumer.beginning_offsets(partitions)
        for tp in partitions:
            consumer.seek(tp, max(marks[tp].start(wish.reason), begin[tp]))
        for tp in partitions:
            await work.partition(tp, marks[tp])
    return work.account


class _Sender:
    """Sends letters and keeps the marks, both or neither where there are transactions; dry: neither."""

    def __init__(
        self, producer: AIOKafkaProducer | None, committer: AIOKafkaConsumer | None, group: str
    ) -> None:
        self._producer = producer
        self._committer = committer  # where there are no transactions
        self._group = group

    async def write(self, letters: Sequence[Chosen], tp: TopicPartition, marks: Marks) -> None:
        """Send letters of a partition, and keep how far they are."""
        if self._producer is None:
            return
        kept = marks.kept()
        offsets = {tp: OffsetAndMetadata(kept.offset, kept.metadata)}
        if self._committer is None:
            async with self._producer.transaction():
                await self._send(self._producer, letters)
                await self._producer.send_offsets_to_transaction(offsets, self._group)
        else:
            await self._send(self._producer, letters)
            self._committer.assign([tp])
            await self._committer.commit(offsets)

    async def _send(self, producer: AIOKafkaProducer, letters: Sequence[Chosen]) -> None:
        sent = []
        for told, letter in letters:
            origin = f"{told.topic}/{told.partition}/{told.offset}".encode()
            sent.append(
                await producer.send(
                    letter.source_topic,
                    letter.value,
                    key=letter.key,
                    partition=letter.source_partition,
                    headers=[("replayed.from", origin)],
                )
            )
        for future in sent:  # aiokafka's commit does not look at whether they arrived
            await future


class _Work:
    """One run over the partitions of the dead letters."""

    def __init__(
        self, consumer: AIOKafkaConsumer, sender: _Sender, homes: Mapping[str, int], wish: Wish
    ) -> None:
        self.account = Account()
        self._consumer = consumer
        self._sender = sender
        self._homes = homes
        self._wish = wish

    @property
    def _left(self) -> int:
        """How many more letters may be sent."""
        limit = self._wish.limit
        return AT_ONCE if limit is None else limit - self.account.sent.total()

    async def partition(self, tp: TopicPartition, marks: Marks) -> None:
        """Send the letters of one partition that are wished for and were not sent before."""
        consumer, reason = self._consumer, self._wish.reason
        end = (await consumer.end_offsets([tp]))[tp]
        position = await consumer.position(tp)
        while position < end and self._left > 0:
            found = [told for told in await some(consumer, tp, most=AT_ONCE) if told.offset < end]
            after = min(end, await consumer.position(tp))  # past what is no record
            chosen, position = self._choose(found, marks, after)
            if chosen or position >= end:
                marks.move(reason, position)
                await self._sender.write(chosen, tp, marks)
            self.account.sent.update(letter.reason.value for _, letter in chosen)

    def _choose(self, found: Sequence[Told], marks: Marks, after: int) -> tuple[list[Chosen], int]:
        """Return what to send of what was read, and up to where that is all there is to send."""
        chosen: list[Chosen] = []
        for told in found:
            if len(chosen) == self._left:
                return chosen, told.offset
            letter = self._wished(told, marks)
            if letter is not None and self._can_be_sent(letter):
                chosen.append((told, letter))
        return chosen, after

    def _wished(self, told: Told, marks: Marks) -> DeadLetter | None:
        try:
            letter = dead_letter_of(told)
        except ValueError:
            self.account.unread += 1
            return None
        if self._wish.reason not in {None, letter.reason.value}:
            return None
        return None if marks.done(letter.reason.value, told.offset) else letter

    def _can_be_sent(self, letter: DeadLetter) -> bool:
        if len(letter.value) >= KEPT_BYTES:
            self.account.cut += 1
            return False
        if letter.source_partition >= self._homes.get(letter.source_topic, 0):
            self.account.homeless[letter.source_topic] += 1
            return False
        return True


@asynccontextmanager
async def _sender(client: dict[str, Any], settings: Settings, *, dry: bool) -> AsyncIterator[_Sender]:
    """Give what sends; with transactions its start ends a replay that was begun before."""
    group = group_of(settings.app)
    if dry:
        yield _Sender(None, None, group)
        return
    producer = AIOKafkaProducer(
        **client,
        acks="all",
        enable_idempotence=True,
        transactional_id=group if settings.transactions else None,
        transaction_timeout_ms=TRANSACTION_MS,
    )
    committer = None
    if not settings.transactions:
        committer = AIOKafkaConsumer(**client, group_id=group, enable_auto_commit=False)
    await producer.start()
    try:
        if committer is not None:
            await committer.start()
        yield _Sender(producer, committer, group)
    finally:
        if committer is not None:
            await committer.stop()
        await producer.stop()
