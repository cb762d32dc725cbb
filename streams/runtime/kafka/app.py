"""The Faust application: group membership, the stream of chunks, the agent, the partitions that it feeds."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import faust
from faust.types import TP

from streams import topics
from streams.instrumentation_worker import WorkerInstrumentation
from streams.runtime.kafka.chunks import Chunk, Intake
from streams.runtime.kafka.consumer import ChunkTopic, Transport
from streams.runtime.kafka.normalise import ForeignPartition
from streams.runtime.kafka.partition import Partition

HEARTBEATS_A_SESSION = 5
ASK_AGAIN_S = 1.0


class GroupSettings(NamedTuple):
    """How the worker is a member of its group."""

    app: str
    client: dict[str, Any]  # keyword arguments of aiokafka's clients
    prefix: str = ""  # of the names of all public topics
    instance: str | None = None
    rack: str | None = None
    session_timeout_s: float = 10.0
    rebalance_timeout_s: float = 30.0
    fetch_bytes: int = 2 << 20
    read_ahead_bytes: int = 8 << 20
    chunk_records: int = 5_000
    normalise: tuple[str, ...] = ()  # other people's topics


class WorkerApp(faust.App):  # type: ignore[misc]  # Faust is read without types
    """Faust with our transport. `partitions` are those that this worker owns."""

    def __init__(
        self,
        settings: GroupSettings,
        *,
        own: "Callable[[TP, int], Awaitable[Partition]]",
        own_foreign: Callable[[TP, int], ForeignPartition],
        instrumentation: WorkerInstrumentation,
        on_crash: Callable[[BaseException], None],
    ) -> None:
        """own, own_foreign: make a partition's owner; on_crash: hears what ends an agent or Faust."""
        self.group_settings = settings
        self.instrumentation = instrumentation
        self.partitions: dict[TP, Partition] = {}
        self.foreign: dict[TP, ForeignPartition] = {}
        self.intake: Intake = Intake(
            read_ahead_bytes=settings.read_ahead_bytes, chunk_records=settings.chunk_records
        )
        self.source_name = settings.prefix + topics.TOUCHPOINTS.name
        self._on_crash = on_crash
        self.joined = False  # the group, ever
        self._own = own
        self._own_foreign = own_foreign
        servers = settings.client["bootstrap_servers"]
        super().__init__(
            settings.app,
            broker=";".join(f"kafka://{server.strip()}" for server in servers.split(",")),
            Topic=ChunkTopic,
            web_enabled=False,
            topic_disable_leader=True,
            topic_allow_declare=False,
            table_standby_replicas=0,
            consumer_auto_offset_reset="earliest",
            consumer_group_instance_id=settings.instance,
            broker_session_timeout=settings.session_timeout_s,
            broker_heartbeat_interval=settings.session_timeout_s / HEARTBEATS_A_SESSION,
            broker_rebalance_timeout=settings.rebalance_timeout_s,
            broker_commit_interval=1.0,
            stream_wait_empty=True,
            autodiscover=False,
        )
        source = self.topic(self.source_name, key_type=bytes, value_type=bytes, value_serializer="raw")

        @self.agent(source, name="engagement")  # type: ignore[untyped-decorator]  # Faust is read without types
        async def engagement(stream: Any) -> None:
            """Give each chunk to the owner of its partition. An error is a bug, and ends the process."""
            async for event in stream.noack().events():
                try:
                    await self._feed(event.value)
                except Exception as error:
                    on_crash(error)
                    raise

        if settings.normalise:
            others = self.topic(*settings.normalise, key_type=bytes, value_type=bytes, value_serializer="raw")

            @self.agent(others, name="normalise")  # type: ignore[untyped-decorator]  # Faust is read without types
            async def normalise(stream: Any) -> None:
                """Give each chunk of other people's topics to its owner. An error is a bug here too."""
                async for event in stream.noack().events():
                    try:
                        await self._feed_foreign(event.value)
                    except Exception as error:
                        on_crash(error)
                        raise

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> Transport:
        return Transport(self.conf.broker_producer, self)

    def _create_directories(self) -> None:
        """Make none: Faust keeps tables in them, and ours are in the changelog."""

    def _crash(self, reason: BaseException) -> None:
        """Tell of any part of Faust that ended: Faust itself would go on without it, and say nothing."""
        super()._crash(reason)
        self._on_crash(reason)

    def refused(self, error: BaseException) -> None:
        """Hear that the broker does not give what the group needs."""
        self._on_crash(error)

    def new_intake(self) -> Intake:
        """Return the intake that consumer and partitions share."""
        return self.intake

    async def _feed(self, chunk: Chunk) -> None:
        partition = self.partitions.get(chunk.tp)
        records = self.intake.take(chunk)
        if partition is not None and records:
            await partition.process(records)

    async def _feed_foreign(self, chunk: Chunk) -> None:
        partition = self.foreign.get(chunk.tp)
        records = self.intake.take(chunk)
        if partition is not None and records is not None:
            await partition.deliver(records, chunk.end)

    @property
    def owners(self) -> dict[TP, Partition | ForeignPartition]:
        """Return all partitions that this worker owns."""
        return {**self.partitions, **self.foreign}

    # The consumer's side

    def read_on(self, tp: TP, position: int) -> None:
        """The consumer has read `tp` up to `position`; note how far the partition reaches, as it heard."""
        partition = self.partitions.get(tp) or self.foreign.get(tp)
        if partition is not None:
            partition.end = max(position, self.stable_end(tp))

    def stable_end(self, tp: TP) -> int:
        """Return the end of what is committed in `tp`, as the consumer last heard."""
        consumer = self.consumer._thread._consumer
        return consumer.last_stable_offset(tp) or 0

    async def until_confirmed(self, generation: int) -> None:
        """Ask the group until it answers that what it assigned in a generation is still as it was.

        If it is not, the owners that ask are about to be dropped.
        """
        while True:
            if await self.consumer._thread.confirms(generation):
                return
            await asyncio.sleep(ASK_AGAIN_S)

    def flushed_positions(self) -> dict[TP, int]:
        """Return how far the flushes of each partition are."""
        return {
            tp: each.flushed_position for tp, each in self.owners.items() if each.flushed_position is not None
        }

    async def before_revoke(self) -> None:
        """Flush all partitions, and keep their state until it is known whose they are."""
        await asyncio.gather(*(each.suspend() for each in self.owners.values()))

    async def after_assign(self, assigned: set[TP], generation: int) -> None:
        """Drop what is no longer ours, keep what stayed without anybody between, take over the rest."""
        ours = {tp for tp in assigned if tp.topic == self.source_name}
        gone = [each for tp, each in self.owners.items() if not _stays(tp, each, assigned, generation)]
        self.partitions = {tp: each for tp, each in self.partitions.items() if each not in gone}
        self.foreign = {tp: each for tp, each in self.foreign.items() if each not in gone}
        kept = {*self.owners}
        self.joined = True
        await asyncio.gather(*(each.stop() for each in gone))
        self.instrumentation.assigned(
            partitions=[tp.partition for tp in ours],
            kept=[tp.partition for tp in kept & ours],
            generation=generation,
        )
        for tp in kept:
            self.owners[tp].resume(generation)
        for tp in sorted(assigned - kept):
            if tp.topic in self.group_settings.normalise:
                self.foreign[tp] = self._own_foreign(tp, generation)
                self.foreign[tp].start()
            elif tp in ours:
                self.partitions[tp] = await self._own(tp, generation)
                self.partitions[tp].start()

    async def leave(self) -> None:
        """Stop all partitions."""
        gone = list(self.owners.values())
        self.partitions, self.foreign = {}, {}
        await asyncio.gather(*(each.stop() for each in gone))


def _stays(tp: TP, owner: Partition | ForeignPartition, assigned: set[TP], generation: int) -> bool:
    """Return whether a partition stayed ours, with nobody between, and everything of it is in the log."""
    return tp in assigned and owner.is_clean and owner.generation == generation - 1
