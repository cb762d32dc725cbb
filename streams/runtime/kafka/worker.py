"""One worker process on Kafka: builds the application, runs it until told to stop, ends with a reason."""

import asyncio
import signal
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition
from faust.types import TP
from prometheus_client import CollectorRegistry

from streams import topics
from streams.instrumentation import Instrumentation
from streams.instrumentation_worker import WorkerInstrumentation
from streams.model.definition import Model
from streams.population_gauges import PartitionReading
from streams.runtime.kafka.app import GroupSettings, WorkerApp
from streams.runtime.kafka.appending import Appender, now_ms
from streams.runtime.kafka.errors import StateError, Verdict, verdict
from streams.runtime.kafka.normalise import Bounds, ForeignPartition, Normalising
from streams.runtime.kafka.partition import Partition
from streams.runtime.kafka.rekeying import Adapt
from streams.runtime.kafka.services import Phase, Services
from streams.runtime.kafka.takeover import Place
from streams.runtime.kafka.transaction import FlushProducer
from streams.runtime.kafka.watchdog import Watchdog
from streams.runtime.processor import Processor
from streams.runtime.schedule import RunSettings

EXIT_FENCED: Final = 75  # "temporary failure": start it again
EXIT_REFUSED: Final = 1
EXIT_DEFECT: Final = 70
SLOW_FLUSH_S: Final = 5.0
STOP_S: Final = 20.0  # supervisors lose patience after half a minute
PART_BYTES_LESS: Final = 4_096  # what a batch needs beside a part of a flush


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker goes about it."""

    group: GroupSettings
    transactions: bool = True
    transaction_timeout_ms: int = 30_000
    max_batch_bytes: int = 900_000
    remembered_ids: int = 4_000_000
    watchdog_s: float = 90.0
    run: RunSettings = RunSettings(flush_changes=50_000)


class Worker:
    """Owns the application and how it ends.

    adapt: reads records of other people's topics. on_step: hears of each step of a flush; tests crash there.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        model: Model,
        *,
        registry: CollectorRegistry,
        build: str,
        adapt: Adapt = lambda _value, _received_ms, _fallback_id: (),
        on_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.settings = settings
        self.model = model
        self.instrumentation = Instrumentation(model, build=build, registry=registry)
        self.happenings = WorkerInstrumentation(
            phases=Phase, verdicts=Verdict, transactions=settings.transactions, registry=registry,
            foreign=settings.group.normalise,
        )  # fmt: skip
        self.app: WorkerApp | None = None
        self.failure: BaseException | None = None
        self.exit_code = 0
        self._adapt, self._on_step = adapt, on_step
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watchdog: Watchdog | None = None
        self._partitions: dict[str, int] = {}

    @property
    def hindrance(self) -> str | None:
        """What keeps the worker from processing what it owns; None when it is ready."""
        app = self.app
        if self.failure is not None:
            return f"{type(self.failure).__name__}: {self.failure}"
        if app is None or not app.started:
            return "starting"
        if not app.joined:
            return "not in the group yet"
        if app.rebalancing:
            return "the group is rebalancing"
        waiting = [
            (f"{tp.topic} " if tp in app.foreign else "")
            + f"partition {tp.partition} is {each.phase.value.replace('_', ' ')}"
            + (f" ({each.trouble})" if each.trouble else "")
            for tp, each in sorted(app.owners.items(), key=lambda item: item[0])
            if each.phase is not Phase.RUNNING
        ]
        waiting += [
            f"partition {tp.partition} has waited {each.waiting_s:.0f} s for a flush to come through"
            for tp, each in sorted(app.partitions.items())
            if each.waiting_s > SLOW_FLUSH_S
        ]
        return "; ".join(waiting) or None

    def readings(self) -> dict[int, PartitionReading]:
        """Return what metrics show of the partitions that run here; asked for from another thread."""
        owned = [] if self.app is None else list(self.app.partitions.items())
        shown = ((tp.partition, each.reading) for tp, each in owned)
        return {number: reading for number, reading in shown if reading is not None}

    @property
    def partitions(self) -> int:
        """Return how many partitions the touchpoints have, whoever owns them; 0 while that is not known."""
        return max(self._partitions.values(), default=0)

    @property
    def was_refused(self) -> bool:
        """Whether it ended because the broker does not allow something."""
        return self.failure is not None and verdict(self.failure) is Verdict.REFUSED

    def stop(self) -> None:
        """End tidily: flush, commit, leave the group; but end, even if the broker does not answer."""
        self._stop.set()
        if self._watchdog is not None:
            self._watchdog.leave_within(STOP_S)

    async def run(self) -> int:
        """Work until `stop`, a signal or a failure; return the exit code.

        Raises:
            StateError: topics do not fit each other.
            KafkaConnectionError: no broker answers.
        """
        loop = self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        client = self.settings.group.client
        self._new_processor()  # the engine is loaded, or compiled, before the group waits for this worker
        self._plain = AIOKafkaProducer(**client, enable_idempotence=True, acks="all", linger_ms=5)
        try:
            await self._plain.start()
            await self._check_topics()
            self.app = app = WorkerApp(
                self.settings.group, own=self._own, own_foreign=self._own_foreign,
                instrumentation=self.happenings, on_crash=self._crashed,
            )  # fmt: skip
            self._watchdog = Watchdog(app, self.happenings, limit_s=self.settings.watchdog_s, loop=loop)
            self._watchdog.start()
            await app.start()
            await self._stop.wait()
            await app.stop()
            await app.leave()
        finally:
            await self._plain.stop()
            if self._watchdog is not None and self.failure is None:
                self._watchdog.stop()  # after a failure it sees to it that the process ends
        if self.failure is None:
            self.instrumentation.stopped(reason="signal")
        else:
            self.instrumentation.failed(error=self.failure)
        return self.exit_code

    # What partitions need

    async def _own(self, tp: TP, generation: int) -> Partition:
        place = Place(tp.topic, tp.partition, self._partitions[tp.topic], self.changelog)
        return Partition(place, self._services(), generation=generation)

    def _own_foreign(self, tp: TP, generation: int) -> ForeignPartition:
        assert self.app is not None
        settings, prefix = self.settings, self.settings.group.prefix
        shared = Normalising(
            app=settings.group.app,
            prefix=prefix,
            adapt=self._adapt,
            partitions=self._partitions[prefix + topics.TOUCHPOINTS.name],
            new_producer=lambda: FlushProducer(
                settings.group.client, transactional_id=None,
                transaction_timeout_ms=settings.transaction_timeout_ms,
                max_batch_bytes=settings.max_batch_bytes,
            ),
            bounds=self._bounds,
            intake=self.app.intake,
            instrumentation=self.instrumentation,
            worker=self.happenings,
            fatal=self._fatal,
        )  # fmt: skip
        return ForeignPartition(tp, shared, generation=generation)

    @property
    def changelog(self) -> str:
        """Return the name of the changelog."""
        return topics.changelog(self.settings.group.app)

    def _services(self) -> Services:
        assert self.app is not None
        settings = self.settings
        return Services(
            app=settings.group.app,
            prefix=settings.group.prefix,
            client=settings.group.client,
            model=self.model,
            new_processor=self._new_processor,
            new_producer=self._producer,
            intake=self.app.intake,
            instrumentation=self.instrumentation,
            worker=self.happenings,
            clock_ms=now_ms,
            pace_ms=lambda: time.monotonic_ns() // 1_000_000,
            run=settings.run,
            part_bytes=settings.max_batch_bytes - PART_BYTES_LESS,
            append=Appender(self._plain, self.happenings).append,
            committed=self._committed,
            until_ours=self.app.until_confirmed,
            fatal=self._fatal,
        )

    def _new_processor(self) -> Processor:
        source, remembered = (
            self.settings.group.prefix + topics.TOUCHPOINTS.name,
            self.settings.remembered_ids,
        )
        return Processor(self.model, remembered_ids=remembered, source=source, pace=time.perf_counter)

    def _producer(self, tp: TP) -> FlushProducer:
        settings = self.settings
        identity = f"{topics.transactional_ids(settings.group.app, tp.topic)}{tp.partition}"
        return FlushProducer(
            settings.group.client, transactional_id=identity if settings.transactions else None,
            transaction_timeout_ms=settings.transaction_timeout_ms,
            max_batch_bytes=settings.max_batch_bytes, on_step=self._on_step,
        )  # fmt: skip

    async def _committed(self, tp: TP) -> int | None:
        assert self.app is not None
        thread: Any = self.app.consumer._thread
        found = await thread.call_thread(thread._consumer.committed, TopicPartition(*tp))
        return None if found is None else int(found)

    async def _bounds(self, tp: TP) -> Bounds:
        assert self.app is not None
        thread: Any = self.app.consumer._thread
        consumer, place = thread._consumer, TopicPartition(*tp)
        begin = await thread.call_thread(consumer.beginning_offsets, [place])
        end = await thread.call_thread(consumer.end_offsets, [place])
        return Bounds(begin[place], end[place], await self._committed(tp))

    async def _check_topics(self) -> None:
        """Refuse to start where topics are missing or not partitioned alike.

        Raises:
            StateError: which, and what to do.
        """
        prefix, foreign = self.settings.group.prefix, self.settings.group.normalise
        public = [prefix + each.name for each in (topics.TOUCHPOINTS, *topics.OUTPUTS)]
        names = [*public, self.changelog]
        known = await self._plain.client.fetch_all_metadata()
        self._partitions = {name: len(known.partitions_for_topic(name) or ()) for name in names}
        missing = [name for name, count in self._partitions.items() if count == 0]
        if missing:
            raise StateError(f"there is no topic {', '.join(missing)}: run `rapport topics apply`")
        unknown = [name for name in foreign if not known.partitions_for_topic(name)]
        if unknown:
            raise StateError(
                f"there is no topic {', '.join(unknown)}: make it, or take it out of `normalise`"
            )
        own = [name for name in foreign if name in names]
        if own:
            raise StateError(f"{', '.join(own)} is Rapport's own topic: take it out of `normalise`")
        if len(set(self._partitions.values())) > 1:
            counts = ", ".join(f"{name} {count}" for name, count in self._partitions.items())
            raise StateError(
                "topics must have equally many partitions, since a customer is in the same one of each: "
                f"{counts}. Make those anew that differ, or use another `app` and new topics"
            )

    # How it ends

    def _crashed(self, error: BaseException) -> None:
        """End, unless that is under way; parts of Faust tell it from threads of their own."""
        code = EXIT_REFUSED if verdict(error) is Verdict.REFUSED else EXIT_DEFECT
        if self._loop is not None and not self._stop.is_set():
            self._loop.call_soon_threadsafe(self._end, error, code)

    def _fatal(self, tp: TP, error: BaseException, judged: Verdict) -> None:
        if self._stop.is_set() and str(error) == "Event loop is closed":
            return  # the consumer's thread has ended, and a partition was still on its way to this worker
        codes = {Verdict.FENCED: EXIT_FENCED, Verdict.DEFECT: EXIT_DEFECT}
        self._end(error, EXIT_REFUSED if isinstance(error, StateError) else codes.get(judged, EXIT_REFUSED))

    def _end(self, error: BaseException, code: int) -> None:
        if self.failure is None:
            self.failure, self.exit_code = error, code
        self.stop()
