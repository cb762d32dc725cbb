"""One processor, two logs (law 5), and any number of partitions (law 1), on a real broker."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from bench.population import million
from schemas.instants import milliseconds
from schemas.outputs import StageChanged
from schemas.views import CustomerView
from streams import topics
from streams.instrumentation import Instrumentation
from streams.model.load import load_model
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.reader import LogReader
from streams.runtime.embedded.run import EmbeddedRun
from streams.runtime.kafka.changelog import Assembly
from streams.runtime.processor import Processor
from streams.runtime.record import Record
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.evidence import Read
from tests.kafka.fleet import HASTY, wait_for
from tests.kafka.load import Pair
from tests.kafka.reading import read_topics
from tests.kafka.reference import records_by_partition
from tests.kafka.trial import trial

CUSTOMERS = 150
TOUCHPOINTS = 15_000
State = tuple[dict[str, CustomerView], dict[str, int]]


class _Who(msgspec.Struct):
    customer_id: str
    timestamp: datetime


def views(processor: Processor) -> dict[str, CustomerView]:
    """Return what is known of each customer."""
    found = {name: processor.customer(name) for name in sorted(processor.customers())}
    return {name: view for name, view in found.items() if view is not None}


def canonical(processor: Processor) -> State:
    """Return the state by names and values, without when each row is looked at next.

    After a state was read back, rows are looked at at other instants; what is told of them is the same.
    """
    totals = {name: count for name, count in processor.totals.items() if name != "already_applied"}
    return {
        name: msgspec.structs.replace(view, next_due=None) for name, view in views(processor).items()
    }, totals


def embedded(directory: Path, records: list[Record], processor: Processor) -> LogReader:
    """Let the embedded log run over the records, ticks included; none of its own: its clock stands still."""
    model = processor.model
    with EmbeddedLog(directory) as log:
        run = EmbeddedRun(
            log, model, lambda: processor, clock=lambda: 0, pace=lambda: 0,
            instrumentation=Instrumentation(model, build="test", registry=CollectorRegistry()),
        )  # fmt: skip
        for appended_ms, members in groupby(records, key=lambda record: record.appended_ms):
            log.append([(each.key, each.value) for each in members], appended_ms)
        run.recover()
        while run.step():
            pass
        run.flush()
    return LogReader(directory)


def test_both_logs_give_equal_outputs_and_equal_states(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """The log of a run on Kafka, with a crash and ticks, gives the same everything on the embedded log."""
    with trial(broker, fresh, tmp_path, seed=31, partitions=2) as run:
        run.flow()
        (member,) = run.fleet.start()
        run.fleet.wait_until_ready()
        run.wait_until_flowing()
        member.kill()
        run.see_work_pending()
        run.fleet.start()
        run.fleet.wait_until_ready()
        run.wait_until_flowing(1_000)
        evidence = run.settle()
    model, changelog = load_model(str(HASTY)), topics.changelog(fresh.app)
    stored = read_topics(broker.bootstrap, changelog)[changelog]

    for partition, records in records_by_partition(evidence.touchpoints).items():
        other = Processor(model, source=evidence.source)
        reader = embedded(tmp_path / str(partition), records, other)

        assembly = Assembly("changelog")
        assembly.add((each.key or b"", each.value or None) for each in stored if each.partition == partition)
        restored = Processor(model, source=evidence.source)
        restored.restore(assembly.state().bodies)
        assert canonical(restored) == canonical(other)
        for topic, reads in ((topics.TRANSITIONS, evidence.transitions), (topics.ALERTS, evidence.alerts)):
            told = [*reversed(reader.outputs(topic.name, limit=1_000_000)[0])]
            assert told == [each.value for each in reads if each.partition == partition]
            assert told
        reader.close()


def pairs() -> Iterator[Pair]:
    """Yield the touchpoints of a population, months ago, with their keys."""
    decode = msgspec.json.Decoder(_Who).decode
    for value in million(CUSTOMERS, 32, touchpoints=TOUCHPOINTS):
        yield decode(value).customer_id.encode(), value


def moves(told: Iterable[StageChanged], until_ms: dict[str, int]) -> dict[str, list[StageChanged]]:
    """Return what happened to each customer up to its last touchpoint: later, ticks have a say."""
    found: defaultdict[str, list[StageChanged]] = defaultdict(list)
    for each in told:
        if milliseconds(each.at) <= until_ms[each.customer_id]:
            found[each.customer_id].append(each)
    return found


def decoded(reads: Iterable[Read]) -> list[StageChanged]:
    """Return transitions."""
    decode = msgspec.json.Decoder(StageChanged).decode
    return [decode(each.value) for each in reads]


@pytest.mark.parametrize("partitions", [1, 4, 12])
def test_the_number_of_partitions_changes_nothing(
    broker: Broker, fresh: Fresh, tmp_path: Path, partitions: int
) -> None:
    """Each customer moves as if there were no others: what touchpoints decide, before the first tick."""
    until_ms: defaultdict[str, int] = defaultdict(int)
    for _, value in pairs():
        who = msgspec.json.decode(value, type=_Who)
        until_ms[who.customer_id] = max(until_ms[who.customer_id], milliseconds(who.timestamp))
    alone = Processor(load_model("starter"), storing=False)
    expected: list[StageChanged] = []
    everything = [Record(offset, 2**42, *pair) for offset, pair in enumerate(pairs())]
    for start in range(0, len(everything), 1_000):
        expected += alone.process(everything[start : start + 1_000]).transitions()

    with trial(broker, fresh, tmp_path, seed=32, partitions=partitions, model="starter") as run:
        run.load.write(pairs())
        ends = run.progress.ends()
        run.fleet.start()
        run.fleet.wait_until_ready()
        wait_for(
            "all of it is in the state",
            lambda: all(at >= ends[each] for each, at in run.progress.positions().items()),
        )
        assert run.fleet.alive[0].stop().code == 0
        evidence = run.evidence()

    told = moves(decoded(evidence.transitions), until_ms)
    assert told == moves(expected, until_ms)
    assert len(told) > CUSTOMERS // 2
