"""The seams of Faust, mode and aiokafka that the worker overrides or reaches into: a new release fails here.

No broker is needed: shapes are read by inspection, and behaviour is run on aiokafka's own objects.
"""

import asyncio
import functools
import inspect
import tomllib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import aiokafka
import faust
import pytest
from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, FetchError, FetchResult, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import Assignment, SubscriptionState
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import CorruptRecordException, KafkaError
from aiokafka.partitioner import DefaultPartitioner, murmur2
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.producer.transaction_manager import TransactionManager, TransactionState
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition
from faust.topics import Topic
from faust.transport import consumer as consumers
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage
from mode.services import Service

from streams.runtime.kafka.app import WorkerApp
from streams.runtime.kafka.chunks import Chunk, Intake
from streams.runtime.kafka.consumer import ChunkConsumer, ChunkTopic, QuietProducer, Transport
from streams.runtime.kafka.fetching import FetchThread, Span
from tests.kafka.batches import ABORT, COMMIT, batch, marker

PINNED = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}
HERE = TopicPartition("input", 0)

OF_CONSUMERS = [
    "group_id", "group_instance_id", "client_rack", "partition_assignment_strategy", "enable_auto_commit",
    "auto_offset_reset", "isolation_level", "fetch_max_wait_ms", "max_partition_fetch_bytes",
    "request_timeout_ms", "session_timeout_ms", "heartbeat_interval_ms", "rebalance_timeout_ms",
    "max_poll_interval_ms",
]  # fmt: skip
OF_PRODUCERS = [
    "transactional_id", "transaction_timeout_ms", "enable_idempotence", "acks", "linger_ms",
    "request_timeout_ms", "max_batch_size", "max_request_size",
]  # fmt: skip
OF_BOTH = [
    "bootstrap_servers", "client_id", "security_protocol", "ssl_context", "sasl_mechanism",
    "sasl_plain_username", "sasl_plain_password", "sasl_oauth_token_provider",
]  # fmt: skip


def parameters(function: Callable[..., Any]) -> str:
    """Return a signature without its types, which change more often than its meaning."""
    signature = inspect.signature(function)
    return str(
        signature.replace(
            parameters=[
                each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()
            ],
            return_annotation=inspect.Signature.empty,
        )
    )


def source(function: Callable[..., Any]) -> str:
    """Return the text of what we rely on and cannot run alone."""
    return inspect.getsource(function)


def in_a_loop(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test inside an event loop, which objects of aiokafka ask for as they are made."""

    @functools.wraps(test)
    def run(**fixtures: Any) -> None:
        async def body() -> None:
            test(**fixtures)

        asyncio.run(body())

    return run


# Versions


def test_the_seams_were_read_in_these_versions() -> None:
    """What is installed, and what pyproject.toml asks for, are the releases that these tests are about."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))

    assert {name: version(name) for name in PINNED} == PINNED
    assert {f"{name}=={number}" for name, number in PINNED.items()} <= set(project["project"]["dependencies"])


# What is overridden


@pytest.mark.parametrize(
    ("ours", "theirs", "name"),
    [
        (ChunkTopic, Topic, "_compile_decode"),
        (ChunkConsumer, driver.Consumer, "_new_consumer_thread"),
        (ChunkConsumer, consumers.Consumer, "getmany"),
        (ChunkConsumer, consumers.Consumer, "perform_seek"),
        (ChunkConsumer, consumers.Consumer, "resume_flow"),
        (ChunkConsumer, consumers.Consumer, "_add_gap"),
        (ChunkConsumer, consumers.Consumer, "_filter_tps_with_pending_acks"),
        (ChunkConsumer, consumers.Consumer, "_new_offset"),
        (ChunkConsumer, consumers.Consumer, "_commit_offsets"),
        (ChunkConsumer, consumers.Consumer, "on_partitions_revoked"),
        (ChunkConsumer, consumers.Consumer, "on_partitions_assigned"),
        (ChunkConsumer, consumers.Consumer, "wait_empty"),
        (ChunkConsumer, driver.Consumer, "verify_event_path"),
        (QuietProducer, driver.Producer, "on_start"),
        (QuietProducer, driver.Producer, "on_stop"),
        (QuietProducer, driver.Producer, "flush"),
        (WorkerApp, faust.App, "_create_directories"),
        (WorkerApp, faust.App, "_crash"),
        (FetchThread, driver.AIOKafkaConsumerThread, "_create_worker_consumer"),
        (FetchThread, driver.AIOKafkaConsumerThread, "_fetch_records"),
        (FetchThread, driver.AIOKafkaConsumerThread, "_commit"),
    ],
)
def test_what_is_overridden_is_still_there_and_called_alike(ours: type, theirs: type, name: str) -> None:
    """The same names of parameters and the same kind of function, so that Faust's calls reach ours."""
    our_own, original = vars(ours)[name], getattr(theirs, name)

    assert list(inspect.signature(our_own).parameters) == list(inspect.signature(original).parameters)
    for kind in (inspect.iscoroutinefunction, inspect.isasyncgenfunction):
        assert kind(inspect.unwrap(our_own)) == kind(inspect.unwrap(original))


def test_the_app_makes_its_transports_where_ours_are_given() -> None:
    """Faust asks these two for the consumer's and the producer's transport, with settings that it has."""
    for name, setting in (
        ("_new_transport", "broker_consumer"),
        ("_new_producer_transport", "broker_producer"),
    ):
        assert parameters(getattr(faust.App, name)) == "(self)"
        assert f"self.conf.{setting}" in source(getattr(faust.App, name))
    assert parameters(driver.Transport.__init__) == "(self, *args, **kwargs)"
    assert (Transport.Consumer, Transport.Producer) == (ChunkConsumer, QuietProducer)


def test_a_part_that_crashes_tells_the_app() -> None:
    """Whatever ends a fetcher or a thread of Faust comes to its parents' `_crash`, and goes no further."""
    assert "child._crash(reason)" in source(Service.crash)


def test_a_message_is_made_of_these_fields() -> None:
    """We make Faust's messages ourselves, by position."""
    assert list(inspect.signature(ConsumerMessage.__init__).parameters)[1:14] == [
        "topic", "partition", "offset", "timestamp", "timestamp_type", "headers", "key", "value",
        "checksum", "serialized_key_size", "serialized_value_size", "tp", "time_in",
    ]  # fmt: skip
    assert "generation_id" in inspect.signature(ConsumerMessage.__init__).parameters


# Faust's behaviour


def new_app() -> faust.App:
    return faust.App("seams", broker="kafka://127.0.0.1:1", web_enabled=False, autodiscover=False)


def test_a_topic_decodes_by_what_its_constructor_compiled() -> None:
    """Faust sets `decode` on each topic when it is made; ours gives the chunk out as it is."""
    app = new_app()
    chunk = Chunk(TP("input", 0), 0, 0, [], 0)
    topic = ChunkTopic(app, topics=["input"], value_type=bytes)
    message = ConsumerMessage("input", 0, 1, None, None, [], None, chunk, None, 0, 0, chunk.tp)

    event = asyncio.run(topic.decode(message))

    assert event.value is chunk
    assert "decode" in vars(Topic(app, topics=["input"]))  # theirs is set on the instance as well
    assert "self._compile_decode()" in source(Topic.__init__)


def test_faust_commits_what_is_ahead_of_the_last_commit() -> None:
    """Our positions go through its filter: nothing twice, and a first one always."""
    faust_consumer = SimpleNamespace(_committed_offset={TP("input", 0): 5, TP("input", 1): None})
    should = consumers.Consumer._should_commit

    assert [should(faust_consumer, TP("input", 0), offset) for offset in (5, 6)] == [False, True]
    assert should(faust_consumer, TP("input", 1), 0)
    for called in ("_filter_tps_with_pending_acks(topics)", "_commit_tps("):
        assert called in source(consumers.Consumer.force_commit)
    for called in ("self._new_offset(tp)", "self._should_commit(tp, offset)"):
        assert called in source(consumers.Consumer._filter_committable_offsets)
    assert "self._commit_offsets(" in source(consumers.Consumer._commit_tps)


def test_resuming_the_flow_is_setting_two_events() -> None:
    """What we take back before it; nothing of Faust's own delivers in between."""
    text = source(consumers.Consumer.resume_flow)

    assert "self.flow_active = True" in text
    assert "self.can_resume_flow.set()" in text


def test_a_revoke_forgets_acks_before_its_callback() -> None:
    """Why ours flushes and commits before Faust's is called."""
    text = source(consumers.Consumer.on_partitions_revoked)

    assert text.index("self._acked.pop(tp, None)") < text.index("self._on_partitions_revoked")
    assert "self._committed_offset.pop(tp, None)" in text


def test_a_consumer_that_stops_waits_until_it_is_empty() -> None:
    """`wait_empty` is the place of the last flush and commit: the setting that we give leads to it."""
    text = source(consumers.Consumer.on_stop)

    assert text.index("conf.stream_wait_empty") < text.index("self.wait_empty()")


def test_faust_says_which_generation_and_whether_it_rebalances() -> None:
    """The app has both; commits and chunks of another generation are refused by the first."""
    app = new_app()

    assert (app.consumer_generation_id, app.rebalancing) == (0, False)
    assigned = source(driver.ConsumerRebalanceListener.on_partitions_assigned)
    assert "app.consumer_generation_id = generation" in assigned
    assert "app.on_rebalance_start()" in source(driver.ConsumerRebalanceListener.on_partitions_revoked)
    assert callable(app.flow_control.suspend)
    assert callable(app.flow_control.clear)


def test_what_is_asked_of_the_consumers_thread() -> None:
    """Calls are handed to its loop, the consumer is made there, and its assignment is read from outside."""
    thread = driver.AIOKafkaConsumerThread

    assert parameters(thread.call_thread) == "(self, fun, *args, **kwargs)"
    assert parameters(thread._ensure_consumer) == "(self)"
    assert "self._thread = self._new_consumer_thread()" in source(consumers.ThreadDelegateConsumer.__init__)
    assert "self._fetch_records" in source(thread.getmany)
    assert "self._create_worker_consumer(transport)" in source(thread._create_consumer)
    assert "self._commit" in source(thread.commit)
    assert parameters(Service.wait) == "(self, *coros, timeout=None)"


# aiokafka's shapes


def test_a_heartbeat_says_whether_the_group_knows_us() -> None:
    """Its answer, and whether a rebalance is wanted, decide whether a partition may be taken over again."""
    source = inspect.getsource(GroupCoordinator._do_heartbeat)

    assert list(inspect.signature(GroupCoordinator._do_heartbeat).parameters) == ["self"]
    assert "self.request_rejoin()" in source  # the group rebalances: it is a member, but for how long
    assert source.count("self.reset_generation()") == 2  # an old generation, an unknown member
    assert "self._rejoin_needed_fut.set_result" in inspect.getsource(GroupCoordinator.request_rejoin)


def test_coordination_waits_until_its_error_was_heard() -> None:
    """The `getmany` of aiokafka, which is not used here, hears it; nobody else would."""

    async def run() -> tuple[bool, str, bool]:
        coordinator = GroupCoordinator.__new__(GroupCoordinator)
        coordinator._subscription = Mock()
        coordinator._closing = asyncio.get_running_loop().create_future()
        coordinator._coordination_task = asyncio.get_running_loop().create_future()
        waiting = asyncio.ensure_future(coordinator._push_error_to_user(KafkaError("no coordinator")))
        await asyncio.sleep(0)
        waited = not waiting.done()
        try:
            coordinator.check_errors()
        except KafkaError as error:
            told = str(error)
        await asyncio.wait([waiting], timeout=10)
        return waited, told, waiting.done()

    waited, told, is_over = asyncio.run(run())
    assert waited
    assert "no coordinator" in told
    assert is_over


def test_what_is_asked_of_aiokafkas_consumer() -> None:
    """The group's generation, and positions of what is committed, past and present."""
    consumer = aiokafka.AIOKafkaConsumer

    assert parameters(consumer.commit) == "(self, offsets=None)"
    assert parameters(consumer.committed) == "(self, partition)"
    assert parameters(consumer.seek) == "(self, partition, offset)"
    assert parameters(consumer.last_stable_offset) == "(self, partition)"
    assert parameters(consumer.beginning_offsets) == "(self, partitions)"
    assert parameters(consumer.end_offsets) == "(self, partitions)"
    assert "self._fetcher = " in source(consumer.start)
    assert "self._coordinator = " in source(consumer.start)
    assert "self.generation = " in source(GroupCoordinator.__init__)
    assert RoundRobinPartitionAssignor.name == "roundrobin"


def test_the_consumer_takes_the_settings_that_the_worker_gives() -> None:
    """Releases of aiokafka drop and rename settings, and one that is gone would stop every worker."""
    for client, names in (
        (aiokafka.AIOKafkaConsumer, OF_CONSUMERS),
        (aiokafka.AIOKafkaProducer, OF_PRODUCERS),
    ):
        assert {*names, *OF_BOTH} <= set(inspect.signature(client.__init__).parameters)


@in_a_loop
def test_the_producer_says_in_what_state_its_transactions_are() -> None:
    """By the name FATAL_ERROR a fenced producer is told from one that was only used wrongly."""
    assert [state.name for state in TransactionState] == [
        "UNINITIALIZED", "READY", "IN_TRANSACTION", "COMMITTING_TRANSACTION", "ABORTING_TRANSACTION",
        "ABORTABLE_ERROR", "FATAL_ERROR",
    ]  # fmt: skip
    assert "_txn_manager" in source(aiokafka.AIOKafkaProducer.__init__)
    manager = TransactionManager("id", 1_000)
    manager.set_pid_and_epoch(1, 0)
    manager.begin_transaction()
    manager.fatal_error(RuntimeError())
    assert manager.state.name == "FATAL_ERROR"


def test_the_producer_takes_batches() -> None:
    """Made empty, filled by us, sent to one partition; the future is of the whole batch."""
    producer = aiokafka.AIOKafkaProducer

    assert parameters(producer.create_batch) == "(self)"
    assert parameters(producer.send_batch) == "(self, batch, topic, *, partition)"
    assert parameters(BatchBuilder.append) == "(self, *, timestamp, key, value, headers=[])"


def test_a_full_batch_takes_nothing_more_and_a_first_record_always() -> None:
    """`append` answers None and closes the batch; a record alone is the caller's to measure."""
    builder = BatchBuilder(200, 0)

    first = builder.append(timestamp=None, key=b"k", value=bytes(300))
    second = builder.append(timestamp=None, key=b"k", value=b"")

    assert first is not None
    assert second is None
    assert builder.record_count() == 1


def test_a_committing_producer_does_not_look_at_its_batches() -> None:
    """Why every future is awaited first: the commit never asks for their errors."""
    text = source(aiokafka.AIOKafkaProducer.commit_transaction)

    assert "committing_transaction()" in text
    assert "wait_for_transaction_end()" in text


def test_the_default_partitioner_is_javas() -> None:
    """Key to partition by murmur2, as every other client of Kafka does it."""
    javas = {b"21": -973932308, b"foobar": -790332482, b"abc": 479470107}  # of org.apache.kafka's own tests
    assert {key: murmur2(key) & 0xFFFFFFFF for key in javas} == {
        key: number & 0xFFFFFFFF for key, number in javas.items()
    }
    for key in (b"c1", b"c2", b"business"):
        found = DefaultPartitioner()(key, list(range(12)), list(range(12)))
        assert found == (murmur2(key) & 0x7FFFFFFF) % 12


# aiokafka's fetcher


def test_the_fetcher_has_what_is_taken_from_it() -> None:
    """Fetched results by partition, whoever waits for them, and a way to say that there is room again."""
    text = source(Fetcher.__init__)

    for name in ("_records", "_wait_consume_future", "_subscriptions", "_closed"):
        assert f"self.{name} = " in text
    assert parameters(Fetcher._create_fetch_waiter) == "(self)"
    assert parameters(Fetcher._notify) == "(self, future)"
    assert parameters(FetchResult.__init__) == "(self, tp, *, assignment, partition_records, backoff)"
    assert parameters(FetchError.__init__) == "(self, *, error, backoff)"
    for name in ("reassignment_in_progress", "is_assigned", "fetch_context"):
        assert hasattr(SubscriptionState, name)


def test_notify_wakes_a_waiter_once() -> None:
    """It sets the future, leaves one that is done alone, and takes None."""

    async def wake() -> bool:
        future = asyncio.get_running_loop().create_future()
        for each in (future, future, None):
            Fetcher._notify(None, each)
        return future.done()

    assert asyncio.run(wake())


def test_an_error_of_a_fetch_is_raised_when_it_is_looked_at() -> None:
    """It has no records, by which we tell it from a result."""
    failed = FetchError(error=RuntimeError("no"), backoff=0)

    assert not hasattr(failed, "_partition_records")
    with pytest.raises(RuntimeError, match="no"):
        failed.check_raise()


class Fetched:
    """What a fetch of some batches brought, from offset `at`: aiokafka's own objects."""

    def __init__(
        self, batches: Sequence[bytes], *, at: int = 0, aborted: Sequence[tuple[int, int]] = ()
    ) -> None:
        self.assignment = Assignment([HERE])
        self.position = self.assignment.state_value(HERE)
        self.position.reset_to(at)
        self.records = PartitionRecords(
            HERE, MemoryRecords(b"".join(batches)), list(aborted), at, None, None, True, READ_COMMITTED
        )
        self.result = FetchResult(HERE, assignment=self.assignment, partition_records=self.records, backoff=0)

    def unpack(self, *, chunk: int = 1_000) -> Span | None:
        """Return what our thread makes of it."""
        intake = Intake(read_ahead_bytes=1, chunk_records=chunk)
        thread = SimpleNamespace(consumer=SimpleNamespace(intake=intake))
        return FetchThread._unpack(thread, HERE, self.result)  # type: ignore[arg-type]


PLAIN = [batch(0, [b"a", b"b"]), batch(2, [b"c"])]
MIXED = [
    batch(0, [b"a"]),
    batch(1, [b"aborted", b"aborted"], producer=7, transactional=True),
    batch(3, [b"b"], producer=8, transactional=True),
    marker(4, ABORT, producer=7),
    batch(5, [b"c"], producer=7, transactional=True),  # the same producer's next one
    marker(6, COMMIT, producer=8),
    batch(7, [b"d"], producer=9),  # idempotent, without a transaction
    marker(8, COMMIT, producer=7),
]


@pytest.mark.parametrize(
    ("batches", "at", "aborted"),
    [
        (PLAIN, 0, []),
        (PLAIN, 1, []),  # a fetch begins with the batch that holds the position
        (MIXED, 0, [(7, 1)]),
        (MIXED[1:], 2, [(7, 1)]),
        (MIXED[3:], 4, []),
        ([batch(3, [b"a"])], 0, []),  # what was before is compacted away
        ([marker(0, ABORT, producer=1)], 0, []),
        *(([batch(0, [b"a" * 500], codec=codec)], 0, []) for codec in range(5)),  # none, gzip … zstd
    ],
)
@in_a_loop
def test_a_fetch_is_unpacked_as_aiokafka_would(
    batches: list[bytes], at: int, aborted: list[tuple[int, int]]
) -> None:
    """The same offsets, timestamps, keys and values, and the same next position; only cheaper."""
    ours, theirs = Fetched(batches, at=at, aborted=aborted), Fetched(batches, at=at, aborted=aborted)

    span = ours.unpack()
    expected = theirs.result.getall()

    assert span is not None
    assert [(r.offset, r.appended_ms, r.key, r.value) for r in span.records] == [
        (r.offset, r.timestamp, r.key, r.value) for r in expected
    ]
    assert (span.start, span.end) == (at, theirs.position.position)
    assert ours.position.position == theirs.position.position
    assert not ours.result.has_more()


@in_a_loop
def test_what_is_aborted_is_known_by_producer_and_first_offset() -> None:
    """From its first offset on to its marker a producer's batches are hidden, and no others."""
    records = Fetched(MIXED, aborted=[(7, 1)]).records

    records._consume_aborted_up_to(0)
    before = set(records._aborted_producers)
    records._consume_aborted_up_to(1)

    assert (before, records._aborted_producers) == (set(), {7})
    for kind, ends in ((ABORT, True), (COMMIT, False)):
        control = MemoryRecords(marker(4, kind, producer=7)).next_batch()
        assert control.is_control_batch
        assert control.is_transactional
        assert records._contains_abort_marker(control) == ends


@in_a_loop
def test_a_fetch_is_unpacked_batch_by_batch_up_to_a_chunk() -> None:
    """The rest stays where it is, and the position says so."""
    fetched = Fetched(PLAIN)

    first, second = fetched.unpack(chunk=2), fetched.unpack(chunk=2)

    assert first is not None
    assert second is not None
    assert (first.start, first.end, second.start, second.end) == (0, 2, 2, 3)
    assert fetched.unpack(chunk=2) is None


@pytest.mark.parametrize("moved", [lambda fetched: fetched.position.seek(1), lambda f: f.position.pause()])
@in_a_loop
def test_a_fetch_that_does_not_fit_the_position_is_dropped(moved: Callable[[Fetched], None]) -> None:
    """A seek between request and answer: the result is refused, and nothing moves."""
    fetched = Fetched(PLAIN)
    moved(fetched)

    span = fetched.unpack()

    assert span is None
    assert not fetched.result.has_more()


@in_a_loop
def test_a_damaged_batch_is_not_taken_for_records() -> None:
    """Checksums are looked at, as aiokafka does."""
    damaged = bytearray(batch(0, [b"abcdef"]))
    damaged[-1] ^= 0xFF

    with pytest.raises(CorruptRecordException):
        Fetched([bytes(damaged)]).unpack()
