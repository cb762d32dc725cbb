"""A slow partition, a slow sink and a burst: what is slow waits, within bounds, and keeps nobody else."""

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median

import msgspec

from tests.kafka import load
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.evidence import Evidence
from tests.kafka.faulty_child import SLOW_CHUNK_S, SLOW_FLUSH_S
from tests.kafka.fleet import Member
from tests.kafka.load import Pair
from tests.kafka.trial import Trial, trial

SLOW = 0  # the partition that is
TIMES = 3  # as long as elsewhere; both are of one run, as machines differ
CHUNK_RECORDS = 20
READ_AHEAD_BYTES = 65_536
BATCH_BYTES = 40_000  # about the largest that is written here, beside which a fetch may go beyond its bound

USUAL_RATE = 200
BURST_S = 10.0
FILLER_BYTES = 15_000
DRAINED_S = 60.0
FETCH_BYTES = 2 << 20  # of each partition at a time
COPIES = 12


def waits_ms(evidence: Evidence) -> dict[bool, list[int]]:
    """Return for how long poison waited until it was a dead letter, in the slow partition and elsewhere."""
    written = {(read.partition, read.offset): read.timestamp_ms for read in evidence.touchpoints}
    found: dict[bool, list[int]] = {True: [], False: []}
    for read in evidence.dead_letters:
        origin = read.partition, int(read.headers["source.offset"])
        found[read.partition == SLOW].append(read.timestamp_ms - written[origin])
    return found


def poisoned(seed: int) -> Iterator[Pair]:
    """Yield what customers do, every twentieth time something unreadable."""
    for number, pair in enumerate(load.touchpoints(seed)):
        yield (pair[0], b"{") if number % 20 == 0 else pair


def test_a_partition_that_is_slow_to_process_keeps_the_others_no_longer_than_a_chunk(
    broker: Broker, fresh: Fresh, tmp_path: Path
) -> None:
    """One thread processes all: each chunk of the slow one holds all up for 50 ms, and no backlog does.

    While the slow one is seconds behind, records of the others take effect at once. Of its backlog no more
    is read ahead than the setting says and a fetch beside; nothing is lost, and the backlog drains.
    """
    chosen = {"chunk_records": str(CHUNK_RECORDS), "read_ahead_bytes": str(READ_AHEAD_BYTES)}
    with trial(broker, fresh, tmp_path, seed=41, **chosen) as run:
        (member,) = run.fleet.start(fault=("slow-processing", str(SLOW)))
        run.fleet.wait_until_ready()
        run.load.begin(poisoned(41), rate=400)
        run.wait_until_flowing(20)

        backlog = list(islice(load.touchpoints(42), 8_000))
        for start in range(0, len(backlog), 100):
            run.load.write(backlog[start : start + 100], partition=SLOW)
        behind = run.progress.pending()
        run.wait_until_flowing(100)
        still = run.progress.pending()
        evidence = run.settle()
        (waited,) = member.told("waited")

    assert behind[SLOW] > still[SLOW] > 1_000, f"it was not slow: {behind}, {still}"
    assert max(count for partition, count in still.items() if partition != SLOW) < 400, f"{still}"
    waits = waits_ms(evidence)
    assert max(waits[True]) > 20 * SLOW_CHUNK_S * 1_000, f"it was not slow: {max(waits[True])} ms"
    assert len(waits[False]) > 50
    assert median(waits[True]) > TIMES * median(waits[False]), f"others waited {median(waits[False])} ms"
    most = waited["bytes"][str(SLOW)]
    assert sum(len(value) for _, value in backlog) > 2 * (READ_AHEAD_BYTES + BATCH_BYTES)
    assert 0 < most < READ_AHEAD_BYTES + BATCH_BYTES, f"{most:,} bytes were read ahead"


def test_a_slow_flush_keeps_no_other_partition(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """Each flush of one partition takes 2 s more; records of the others take effect at once."""
    with trial(broker, fresh, tmp_path, seed=43) as run:
        run.fleet.start(fault=("slow-flush", str(SLOW)))
        run.fleet.wait_until_ready()
        run.load.begin(poisoned(43), rate=400)
        run.wait_until_flowing(800)

        evidence = run.settle()

    waits = waits_ms(evidence)
    assert max(waits[True]) > SLOW_FLUSH_S * 1_000, f"it was not slow: {max(waits[True])} ms"
    assert len(waits[False]) > 50
    assert median(waits[True]) > TIMES * median(waits[False]), f"others waited {median(waits[False])} ms"


def large(seed: int) -> Iterator[Pair]:
    """Yield what customers do, with much in it that no model reads."""
    for key, value in load.touchpoints(seed, bad=False):
        said = msgspec.json.decode(value)
        said["properties"]["filler"] = "x" * FILLER_BYTES
        yield key, msgspec.json.encode(said)


def memory_bytes(member: Member) -> int:
    """Return the memory of a worker's process."""
    return int(member.metrics("process_resident_memory_bytes")[""])


def pending(run: Trial) -> int:
    """Return how many records are in no state yet."""
    return sum(run.progress.pending().values())


def test_a_burst_of_ten_times_the_usual_rate(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """A worker that can do about four times the usual rate gets ten times for ten seconds.

    Its memory grows by a multiple of what the settings let it read ahead (the same bytes stand in sockets,
    fetches and records, and the allocator gives little back), and not by the backlog, which is larger. The
    backlog drains, and nothing is lost.
    """
    partitions, read_ahead_bytes = 2, 1 << 20
    bound = COPIES * partitions * (read_ahead_bytes + 2 * FETCH_BYTES)
    chosen = {"chunk_records": "50", "read_ahead_bytes": str(read_ahead_bytes), "remembered_ids": "100000"}
    with trial(broker, fresh, tmp_path, seed=44, partitions=partitions, **chosen) as run:
        (member,) = run.fleet.start(fault=("slow-processing",))
        run.fleet.wait_until_ready()
        run.load.begin(large(44), rate=USUAL_RATE)
        run.wait_until_flowing(200)
        run.load.end()
        usual, backlog, grown = memory_bytes(member), 0, 0

        run.load.begin(large(45), rate=10 * USUAL_RATE)
        until = time.monotonic() + BURST_S
        while time.monotonic() < until:
            backlog = max(backlog, pending(run) * FILLER_BYTES)
            grown = max(grown, memory_bytes(member) - usual)
        run.load.end()
        while pending(run):
            grown = max(grown, memory_bytes(member) - usual)
            assert time.monotonic() < until + DRAINED_S, f"it does not drain: {run.standing()}"
        run.settle()

    assert backlog > bound, f"there was no backlog: {backlog:,} bytes, and the bound is {bound:,}"
    assert grown < bound, f"memory grew by {grown:,} bytes, and may by {bound:,}"
