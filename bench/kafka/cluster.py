"""The broker of a benchmark, the cores that it and the systems run on, and names of a run's own on it.

The broker has a heap as it would have one (the tests' broker starts quickly instead) and is pinned to the
first core; what is measured is pinned to the second. A process inherits the cores of whoever starts it.
"""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from streams import topics
from tests.kafka.broker import Broker
from tests.kafka.commands import environment, rapport
from tests.kafka.conftest import Fresh

HEAP: Final = ("-Xmx1g", "-Xms1g")  # and the whole of the compiler, as by default
PARTITIONS: Final = 4
# The settings of the tests are for quick restarts: a broker that is short of CPU time would fence itself.
SETTINGS: Final = {
    "broker.heartbeat.interval.ms": "2000",
    "broker.session.timeout.ms": "120000",  # and nobody kills it
    "log.cleaner.backoff.ms": "15000",
    "log.retention.check.interval.ms": "300000",
}


class Cores(NamedTuple):
    """Which cores are whose. On a machine with one core they share it."""

    broker: frozenset[int]
    system: frozenset[int]
    all: frozenset[int]


class Cluster(NamedTuple):
    """A broker that runs, where its runs keep their logs, and the cores."""

    broker: Broker
    directory: Path
    cores: Cores


def cores() -> Cores:
    """Return how the cores that this process may use are dealt out."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores(frozenset(), frozenset(), frozenset())
    mine = sorted(os.sched_getaffinity(0))
    return Cores(frozenset(mine[:1]), frozenset(mine[1:2] or mine), frozenset(mine))


@contextmanager
def pinned(wanted: frozenset[int]) -> Iterator[None]:
    """Keep this process, and what it starts meanwhile, on some cores; nowhere in particular for none."""
    if not wanted:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, wanted)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def cluster(*, shared: bool = False) -> Iterator[Cluster]:
    """Give a broker, pinned to its core unless the cores are to be shared; its data go with it."""
    dealt = cores()
    with tempfile.TemporaryDirectory(prefix="rapport-bench-kafka-") as name:
        directory = Path(name)
        broker = Broker(directory, settings=SETTINGS, java=HEAP)
        try:
            with pinned(dealt.all if shared else dealt.broker):
                broker.start()
            yield Cluster(broker, directory, dealt)
        finally:
            if broker.running:
                broker.kill()


@contextmanager
def fresh(broker: Broker, *, partitions: int = PARTITIONS) -> Iterator[Fresh]:
    """Give names that no other run has, with their topics as `rapport topics apply` makes them."""
    name = f"b{uuid.uuid4().hex[:8]}"
    found = Fresh(app=name, prefix=f"{name}.")
    variables = environment(broker, found, partitions=partitions, replication=1)
    made = rapport(variables, "topics", "apply")
    if made.returncode:
        raise RuntimeError(f"no topics: {made.stdout}{made.stderr}")
    try:
        yield found
    finally:
        known = broker.admin().list_topics(timeout=30).topics
        broker.delete_topics(*(topic for topic in known if topic.startswith(name)))


def source(names: Fresh) -> str:
    """Return the name of a run's input."""
    return names.topic(topics.TOUCHPOINTS.name)
