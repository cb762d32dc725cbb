"""What happens, handed on to whoever listens: one reader of the tables for all listeners.

A listener has a bounded queue. One that does not empty it in time loses its place rather than memory: it is
told so, with the place from which to go on once it has read what the tables say.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final, NamedTuple

import msgspec

from schemas.pages import AlertEntry
from streams.dashboard.service import NotReadyError, Service

LOOK_S: Final = 0.25
KPIS_S: Final = 1.0
BEAT_S: Final = 2.0
AT_ONCE: Final = 1_000
MOST_QUEUED: Final = 2_000
MOST_MISSED: Final = 20_000  # happenings that a listener who comes back is told; of more it has to read

_encode: Final = msgspec.json.Encoder().encode


class Place(NamedTuple):
    """How far a listener has heard: the numbers of the last transition and the last alert."""

    transition: int
    alert: int

    def __str__(self) -> str:
        return f"{self.transition}-{self.alert}"

    @staticmethod
    def read(text: str) -> "Place | None":
        """Return the place that was written so; None for any other text."""
        first, _, second = text.partition("-")
        if not all(part.isascii() and part.isdecimal() and len(part) <= 18 for part in (first, second)):
            return None
        return Place(int(first), int(second))


class Happening(NamedTuple):
    """One event of the stream: what it is, whom it is about, where it stands, and how it is written."""

    kind: str
    customer: bytes | None
    place: Place | None
    written: bytes


def happening(kind: str, customer: bytes | None, place: Place | None, data: bytes) -> Happening:
    """Write a happening, once for all who listen; `data` is JSON, which has no line breaks of its own."""
    number = b"" if place is None else b"id: %b\n" % str(place).encode()
    written = b"event: %b\n%bdata: %b\n\n" % (kind.encode(), number, data)
    return Happening(kind, customer, place, written)


def lost(here: Place | None) -> Happening:
    """Return what a listener hears last that lost its place; `here`: what happens later is behind it."""
    return happening(LOST, None, here, b"{}")


LOST: Final = "lost"
END: Final = Happening("end", None, None, b"")  # of the server: whoever listens comes back to the next one


class Listener:
    """One who listens to some kinds of happenings, of one customer or of all."""

    def __init__(self, kinds: frozenset[str], customer: bytes | None) -> None:
        self.kinds = kinds
        self.customer = customer
        self.is_lost = False
        self._here: Place | None = None  # where it was lost
        self._is_over = False
        self._queue: deque[Happening] = deque()
        self._come = asyncio.Event()

    def hears(self, happening: Happening) -> bool:
        """Whether this is for the listener; figures and signs of life are about everybody."""
        if happening.kind not in self.kinds:
            return False
        return self.customer is None or happening.customer is None or happening.customer == self.customer

    def offer(self, happening: Happening) -> None:
        """Queue a happening; with a full queue the listener is lost, at the last place in it."""
        if self.is_lost or not self.hears(happening):
            return
        if len(self._queue) >= MOST_QUEUED:
            self.lose(next((each.place for each in reversed(self._queue) if each.place is not None), None))
        else:
            self._queue.append(happening)
            self._come.set()

    def lose(self, here: Place | None) -> None:
        """Give up the listener's place: it is told so and where to go on, and nothing else."""
        self._queue.clear()
        self.is_lost = True
        self._here = here
        self._come.set()

    def end(self) -> None:
        """Let the listener hear what is queued, and no more."""
        self._is_over = True
        self._come.set()

    async def next(self) -> list[Happening]:
        """Wait for what is queued and take it; nothing comes after `lost` or END."""
        await self._come.wait()
        self._come.clear()
        taken = list(self._queue)
        self._queue.clear()
        if self.is_lost:
            return [lost(self._here)]
        return [*taken, END] if self._is_over else taken


class Feed:
    """Looks for what is new while somebody listens; lives in the event loop of the server.

    now: the present instant as JSON shows it. failed: hears what kept it from looking.
    """

    def __init__(
        self, service: Service, *, now: Callable[[], str], failed: Callable[[Exception], None]
    ) -> None:
        self._service = service
        self._now = now
        self._failed = failed
        self._listeners: set[Listener] = set()
        self._place: Place | None = None
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._last_kpis = b""

    def __len__(self) -> int:
        """Return how many listen."""
        return len(self._listeners)

    async def join(self, listener: Listener) -> Place:
        """Let somebody listen from now on; return the place behind which everything is told."""
        self._loop = asyncio.get_running_loop()
        if self._place is None:
            newest = await asyncio.to_thread(self._newest)
            if self._place is None:  # others may have joined meanwhile, and theirs is told from
                self._place = newest
        self._listeners.add(listener)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        return self._place

    async def missed(self, listener: Listener, since: Place, here: Place) -> AsyncIterator[list[Happening]]:
        """Yield, in portions, what a listener missed between two places, each kind in its order.

        `lost`, where that is too much, has expired, or the place is none of ours.
        """
        ahead = since.transition > here.transition or since.alert > here.alert
        if ahead or _distance(since, here) > MOST_MISSED:
            yield [lost(here)]
            return
        while since != here:
            found = await asyncio.to_thread(self._after, since, here)
            reached = found[-1].place if found else None
            if reached is None or _distance(since, reached) != len(found):
                yield [lost(here)]
                return
            since = reached
            yield [*filter(listener.hears, found)]

    def beat(self, place: Place | None) -> Happening:
        """Return a sign of life, with the place from which to go on."""
        data = _encode({"now": self._now(), "behind": self._service.lag()})
        return happening("beat", None, place, data)

    def leave(self, listener: Listener) -> None:
        """Somebody listens no more."""
        self._listeners.discard(listener)

    def end(self) -> None:
        """End the streams of all who listen, since the server does."""
        for listener in self._listeners:
            listener.end()

    def acknowledged(self, entry: AlertEntry) -> None:
        """Tell that somebody looks after an alert; may be called from any thread."""
        told = happening("acknowledgement", entry.raised.customer_id.encode(), None, _encode(entry))
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, [told])

    async def _look(self) -> None:
        """Look at the tables as long as somebody listens; whoever still does when that fails is lost."""
        try:
            await self._look_on()
        except Exception as error:  # noqa: BLE001  # nobody waits for this task, who could hear of it
            self._failed(error)
        finally:
            here, self._place = self._place, None
            for listener in self._listeners:
                listener.lose(here)

    async def _look_on(self) -> None:
        clock = asyncio.get_running_loop().time
        kpis_at = beat_at = clock()
        while self._listeners:
            if self._place is not None:
                found = await asyncio.to_thread(self._after, self._place)
                if found:
                    self._place = found[-1].place
                self._tell(found)
                if len(found) >= AT_ONCE:
                    await asyncio.sleep(0)
                    continue
            wants_kpis = any("kpis" in each.kinds for each in self._listeners)
            if wants_kpis and clock() >= kpis_at:
                began = clock()
                self._tell(await asyncio.to_thread(self._kpis))
                # Figures about many customers take their time; no more than a twentieth of it goes there.
                kpis_at = clock() + max(KPIS_S, 20 * (clock() - began))
            if clock() >= beat_at:
                self._tell([self.beat(self._place)])  # behind all that was told up to there
                beat_at = clock() + BEAT_S
            await asyncio.sleep(LOOK_S)

    def _tell(self, happenings: Iterable[Happening]) -> None:
        for each in happenings:
            for listener in self._listeners:
                listener.offer(each)

    # In a thread

    def _newest(self) -> Place:
        told = self._service.told
        return Place(told.newest("transitions"), told.newest("alerts"))

    def _after(self, place: Place, until: Place | None = None) -> list[Happening]:
        """Return what was told after a place, at most so much at once: transitions before alerts."""
        told, found = self._service.told, []
        for each in told.told_after("transitions", place.transition, limit=AT_ONCE):
            if until is not None and each.sequence > until.transition:
                break
            place = place._replace(transition=each.sequence)
            found.append(happening("transition", each.key, place, each.value))
        for each in told.told_after("alerts", place.alert, limit=AT_ONCE):
            if until is not None and each.sequence > until.alert:
                break
            place = place._replace(alert=each.sequence)
            found.append(happening("alert", each.key, place, each.value))
        return found

    def _kpis(self) -> list[Happening]:
        try:
            data = _encode(self._service.kpis())
        except NotReadyError:
            return []
        if data == self._last_kpis:
            return []
        self._last_kpis = data
        return [happening("kpis", None, None, data)]


def _distance(since: Place, here: Place) -> int:
    """Return how many happenings are between two places: their numbers have no gaps."""
    return here.transition - since.transition + here.alert - since.alert
