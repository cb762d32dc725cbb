"""The output topics followed into the dashboard's file: what is committed, of all partitions, in no group.

While the broker is away, or the file cannot be written, what is in the file goes on being served; then it is
read on from where the file ends.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition

from streams import topics
from streams.instrumentation_dashboard import DashboardInstrumentation
from streams.materialised.arrival import Arrival, Heard, Place
from streams.materialised.intake import Intake
from streams.materialised.ordering import Held, Ordering
from streams.runtime.kafka.arrivals import arrivals
from streams.runtime.kafka.ending import end
from streams.runtime.kafka.resuming import resume
from streams.runtime.kafka.sources import CannotFollow, Source, deletions_kept_ms, readable_sources
from streams.runtime.kafka.takeover import first_since, reader

AT_ONCE: Final = 5_000  # records in one transaction
WAIT_MS: Final = 200
LOOK_S: Final = 1.0
IDENTITIES_S: Final = 5.0  # how often it is looked whether the topics are still the same
PATIENCE_S: Final = 5.0  # for an answer of the broker
AWAY_S: Final = 10.0  # without an answer, and it is said
RETRY_S: Final = 2.0
STOP_LOOK_S: Final = 0.2
ORDERED: Final = frozenset({topics.TRANSITIONS.name, topics.ALERTS.name})  # by when they were written
NEAR: Final = 1_000  # outputs: whoever is no further behind is current


class _Changed(Exception):
    """The topics are not those that were there before."""


class Follower:
    """Follows the topics `names` (by their public names: as they are called here) into a file.

    since_ms: how far back touchpoints are read when there are none yet.
    """

    def __init__(
        self,
        client: Mapping[str, Any],
        names: Mapping[str, str],
        intake: Intake,
        *,
        since_ms: int,
        instrumentation: DashboardInstrumentation,
    ) -> None:
        self._client = dict(client)
        self._names = names
        self._public = {name: public for public, name in names.items()}
        self._intake = intake
        self._since_ms = since_ms
        self._instrumentation = instrumentation
        self._ends: dict[Place, int] = {}
        self._positions: dict[Place, int] = {}
        self._ordering = Ordering()
        self._moved = time.monotonic()  # when nothing had to wait, or something came through
        self._goal: dict[Place, int] | None = None  # the ends as of the start, until they are reached
        self._again: set[str] = set()  # topics that were made anew, and are read from their beginning
        self._began = time.monotonic()
        self._heard = time.monotonic()
        self._trouble: str | None = "it is looking for its topics"
        self._stopping = threading.Event()

    # Asked from other threads

    def lag(self) -> dict[str, int]:
        """Return how many outputs of each topic are not in the file, as far as is known."""
        found = dict.fromkeys(self._names, 0)
        for place, ends in dict(self._ends).items():
            found[place[0]] += max(0, ends - self._positions.get(place, 0))
        return found

    def hindrance(self) -> str | None:
        """Say what keeps the file from being current; None if nothing does."""
        away_s = time.monotonic() - self._heard
        if away_s > AWAY_S:
            return f"the broker has not answered for {away_s:.0f} s; what was known before is served"
        if self._trouble is not None:
            return self._trouble
        lag, goal = self.lag(), self._goal
        if goal is not None:
            total = sum(goal.values())
            done = sum(min(self._positions.get(place, 0), end) for place, end in goal.items())
            share = f"{done / total:.0%}" if total else "all"
            again = f" (made anew: {', '.join(sorted(self._again))})" if self._again else ""
            return f"it is catching up{again}: {share} of the topics are taken over"
        late = sum(count for topic, count in lag.items() if topic != topics.TOUCHPOINTS.name)
        return f"{late} outputs are not taken over yet" if late > NEAR else None

    # The thread's own loop

    def stop_soon(self) -> None:
        """End `run`; called from another thread."""
        self._stopping.set()

    async def run(self) -> None:
        """Follow until `stop`.

        Raises:
            DamagedFile: the file cannot be used any more.
        """
        while not self._stopping.is_set():
            following = asyncio.create_task(self._follow())
            while not following.done() and not self._stopping.is_set():
                await asyncio.wait({following}, timeout=STOP_LOOK_S)
            if not following.done():
                await end(following)
                return
            self._hinder(following)
            await asyncio.to_thread(self._stopping.wait, RETRY_S)

    def _hinder(self, ended: "asyncio.Task[None]") -> None:
        """Say why following ended, if that can pass by itself; a bug does not."""
        try:
            ended.result()
        except _Changed:
            self._trouble = "topics have changed, and are looked at anew"
        except (KafkaError, TimeoutError, OSError, CannotFollow) as error:
            self._trouble = f"the broker does not serve: {type(error).__name__}: {error}".rstrip(": ")
            if isinstance(error, CannotFollow):
                self._trouble = str(error)
            self._instrumentation.hindered(reason=self._trouble)
        except sqlite3.OperationalError as error:
            self._trouble = f"the file cannot be written: {error}"
            self._instrumentation.hindered(reason=self._trouble)

    async def _follow(self) -> None:
        found = await self.look()
        identities = {self._public[each.name]: each.identity for each in found.values()}
        self._again = self._intake.belong(identities)
        if self._intake.look_for_absence(
            kept_ms=await deletions_kept_ms(self._client, self._names[topics.SCORES.name])
        ):
            self._again.add(topics.SCORES.name)
        async with reader(self._client) as consumer:
            places = [
                TopicPartition(each.name, number)
                for each in found.values()
                for number in range(each.partitions)
            ]
            consumer.assign(places)
            await self._seek(consumer, places)
            watch = asyncio.create_task(self._watch(consumer, places, found))
            self._trouble = None
            self._instrumentation.following(partitions=len(places), behind=sum(self.lag().values()))
            try:
                while not watch.done():
                    await self._take(consumer, places, identities)
                watch.result()
            finally:
                await end(watch)

    async def look(self) -> dict[str, Source]:
        """Return the topics.

        Raises:
            CannotFollow: one is not there, or may not be read.
        """
        try:
            found = await readable_sources(self._client, self._names.values())
        except CannotFollow:
            self._heard = time.monotonic()  # it is an answer
            raise
        self._heard = time.monotonic()
        return found

    async def _seek(self, consumer: AIOKafkaConsumer, places: list[TopicPartition]) -> None:
        """Go to where the file ends in each partition."""
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        touchpoints = [each for each in places if self._public[each.topic] == topics.TOUCHPOINTS.name]
        recent = self._by_place(await first_since(consumer, touchpoints, self._since_ms))
        self._ends = self._by_place(ends)
        resumed = resume(self._by_place(begins), self._ends, self._intake.positions(), recent)
        self._again |= resumed.shorter
        for topic in resumed.shorter:
            self._intake.forget(topic, why="it ends before what was read of it, so it was made anew")
        for (topic, partition), records in resumed.missed.items():
            self._instrumentation.missed(topic, partition=partition, records=records)
        self._positions, self._ordering = resumed.positions, Ordering()
        for each in places:
            consumer.seek(each, self._positions[self._place(each)])
        self._goal = dict(self._ends)

    async def _take(
        self, consumer: AIOKafkaConsumer, places: list[TopicPartition], identities: Mapping[str, str]
    ) -> None:
        """Take over what is there, or comes within a moment."""
        found = await consumer.getmany(timeout_ms=WAIT_MS, max_records=AT_ONCE)
        read: list[Arrival] = []
        for tp, records in found.items():
            held = [Held(each.timestamp, each.offset, self._arrivals(each)) for each in records]
            if self._public[tp.topic] in ORDERED:
                self._ordering.hold(self._place(tp), held)
            else:
                read += [arrival for each in held for arrival in each.arrivals]
        reached = {each: await consumer.position(each) for each in places}
        read += self._ordering.release(self._unfinished(reached))
        moved = {}
        for each, position in reached.items():
            place = self._place(each)
            if position < self._positions[place]:
                raise _Changed
            waiting = self._ordering.first(place)
            until = position if waiting is None else waiting
            if until > self._positions[place]:
                moved[place] = until
        if moved:
            self._intake.take(read, moved, identities=identities)
            self._positions |= moved
        if moved or self._ordering.is_empty:
            self._moved = time.monotonic()
        self._hold_back(consumer, places)
        if self._goal is not None and self._has_caught_up():
            self._goal = None
            self._intake.caught_up()
            self._instrumentation.caught_up(seconds=time.monotonic() - self._began)

    def _arrivals(self, record: ConsumerRecord) -> list[Arrival]:
        topic = self._public[record.topic]
        known = self._intake.absence.known if topic == topics.SCORES.name else {}
        if record.offset < known.get(record.partition, 0):
            return [] if record.key is None or record.value is None else [Heard(record.key)]
        try:
            return arrivals(topic, record)
        except ValueError as error:  # msgspec's and Unicode's are of this kind
            self._instrumentation.unreadable(
                topic, partition=record.partition, offset=record.offset, error=error
            )
            return []

    def _unfinished(self, reached: Mapping[TopicPartition, int]) -> list[Place]:
        """Return the partitions that can still bring something earlier; one that does not come is not one."""
        if time.monotonic() - self._moved > PATIENCE_S:
            return []
        places = {self._place(each): position for each, position in reached.items()}
        return [
            place
            for place, position in places.items()
            if place[0] in ORDERED and position < self._ends.get(place, 0)
        ]

    def _hold_back(self, consumer: AIOKafkaConsumer, places: list[TopicPartition]) -> None:
        """Read no more of partitions that wait for others."""
        full = self._ordering.full()
        wanted = {each for each in places if self._place(each) in full}
        paused = consumer.paused()
        if wanted != paused:
            consumer.resume(*(paused - wanted))
            consumer.pause(*(wanted - paused))

    def _has_caught_up(self) -> bool:
        return self._goal is not None and all(
            self._positions.get(place, 0) >= end for place, end in self._goal.items()
        )

    async def _watch(
        self, consumer: AIOKafkaConsumer, places: list[TopicPartition], known: Mapping[str, Source]
    ) -> None:
        """Ask the broker again and again where the topics end, and now and then which they are.

        Raises:
            _Changed: they are others.
        """
        looked = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                ends = await asyncio.wait_for(consumer.end_offsets(places), PATIENCE_S)
                self._ends = self._by_place(ends)
                self._heard = time.monotonic()
                if time.monotonic() - looked >= IDENTITIES_S:
                    if dict(await self.look()) != dict(known):
                        raise _Changed
                    looked = time.monotonic()
            except (KafkaError, TimeoutError, OSError):
                continue  # the time since it was heard last tells

    def _by_place(self, offsets: Mapping[TopicPartition, int]) -> dict[Place, int]:
        return {self._place(each): offset for each, offset in offsets.items()}

    def _place(self, each: TopicPartition) -> Place:
        return self._public[each.topic], each.partition
