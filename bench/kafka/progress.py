"""How fast a system reads, seen from outside: what its group has committed, over time, and its CPU time.

Never a counter of its own. The start (joining, taking over, loading the engine) ends with the first commit.
Commits come about once a second, so the last one may be late by as much, and is left out where others remain.
Partitions do not end together; what comes after the first has ended is left out, of every system.
"""

import os
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from bench.kafka.cluster import PARTITIONS
from tests.kafka.broker import Broker

LOOK_S: Final = 0.05
ENOUGH: Final = 5  # points of progress, of which the last can be left out
ASK_S: Final = 30.0


class Point(NamedTuple):
    """What was committed at an instant, and how much CPU time the system had used until then."""

    at_s: float
    committed: int
    cpu_s: float
    is_full: bool  # no partition was at its end: nothing waits for others, and no tick lets time pass


class Rate(NamedTuple):
    """Touchpoints for each second of the clock on the wall, and of CPU time."""

    wall: float
    cpu: float


class TooShortError(Exception):
    """There were too few commits to say how fast it was: use more touchpoints."""


def rate(points: Sequence[Point]) -> Rate:
    """Return the rate from the first to the last progress while every partition had more to read.

    Raises:
        TooShortError: there are not two of them.
    """
    steps = [
        later for earlier, later in pairwise(points) if later.committed > earlier.committed and later.is_full
    ]
    if len(steps) >= ENOUGH:
        steps = steps[:-1]
    if len(steps) < 2 or steps[-1].at_s <= steps[0].at_s or steps[-1].cpu_s <= steps[0].cpu_s:
        raise TooShortError(f"progress was seen {len(steps)} times")
    first, last = steps[0], steps[-1]
    done = last.committed - first.committed
    return Rate(done / (last.at_s - first.at_s), done / (last.cpu_s - first.cpu_s))


class Group:
    """A consumer group that others belong to; asking makes nobody a member."""

    def __init__(self, broker: Broker, group: str, topic: str, *, partitions: int = PARTITIONS) -> None:
        self._places = [TopicPartition(topic, number) for number in range(partitions)]
        self._consumer = Consumer(
            {
                "bootstrap.servers": broker.bootstrap,
                "group.id": group,
                "enable.auto.commit": False,
                "log_level": 0,
            }
        )

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()

    def ends(self) -> list[int]:
        """Return the end of each partition."""
        return [self._consumer.get_watermark_offsets(place, timeout=ASK_S)[1] for place in self._places]

    def committed(self) -> list[int]:
        """Return what is committed of each partition; a broker that has just started knows no groups yet."""
        deadline = time.monotonic() + ASK_S
        while True:
            try:
                found = self._consumer.committed(self._places, timeout=ASK_S)
                return [max(0, each.offset) for each in found]
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK_S)


def watch(
    group: Group, ends: Sequence[int], pids: Sequence[int], *, see: Callable[[], None], timeout_s: float
) -> list[Point]:
    """Look until everything is committed; `see` is called in between, and raises if the system has failed.

    Raises:
        TimeoutError: not everything was committed in time.
    """
    points, total, deadline = list[Point](), sum(ends), time.monotonic() + timeout_s
    while not points or points[-1].committed < total:
        see()
        # What comes behind the loaded touchpoints (ticks) is not counted.
        reached = [min(at, end) for at, end in zip(group.committed(), ends, strict=True)]
        is_full = all(at < end for at, end in zip(reached, ends, strict=True))
        points.append(Point(time.monotonic(), sum(reached), sum(map(cpu_s, pids)), is_full))
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {timeout_s:g} s, {sum(reached):,} of {total:,} are committed")
        time.sleep(LOOK_S)
    return points


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
