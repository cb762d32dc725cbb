"""What happens, handed on to whoever listens: one reader of the tables for all listeners.

A listener has a bounded queue. One that does not empty it in time loses its place rather than memory: it is
told so, and begins again from what the tables say.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
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
    """One event of the stream: what it is, whom it is about, where it stands, and its JSON."""

    kind: str
    customer: bytes | None
    place: Place | None
    data: bytes

    def written(self) -> bytes:
        """Return it as server-sent events are written; JSON has no line breaks of its own."""
        number = b"" if self.place is None else b"id: %b\n" % str(self.place).encode()
        return b"event: %b\n%bdata: %b\n\n" % (self.kind.encode(), number, self.data)


LOST: Final = Happening("lost", None, None, b"{}")


class Listener:
    """One who listens to some kinds of happenings, of one customer or of all."""

    def __init__(self, kinds: frozenset[str], customer: bytes | None) -> None:
        self.kinds = kinds
        self.customer = customer
        self.is_lost = False
        self._queue: deque[Happening] = deque()
        self._come = asyncio.Event()

    def hears(self, happening: Happening) -> bool:
        """Whether this is for the listener; figures and signs of life are about everybody."""
        if happening.kind not in self.kinds:
            return False
        return self.customer is None or happening.customer is None or happening.customer == self.customer

    def offer(self, happening: Happening) -> None:
        """Queue a happening; with a full queue the listener is lost."""
        if self.is_lost or not self.hears(happening):
            return
        if len(self._queue) >= MOST_QUEUED:
            self._queue.clear()
            self.is_lost = True
        else:
            self._queue.append(happening)
        self._come.set()

    async def next(self) -> list[Happening]:
        """Wait for what is queued and take it; nothing comes after LOST."""
        await self._come.wait()
        self._come.clear()
        taken = list(self._queue)
        self._queue.clear()
        return [*taken, LOST] if self.is_lost else taken


class Feed:
    """Looks for what is new while somebody listens; lives in the event loop of the server.

    now: the present instant as JSON shows it.
    """

    def __init__(self, service: Service, *, now: Callable[[], str]) -> None:
        self._service = service
        self._now = now
        self._listeners: set[Listener] = set()
        self._place: Place | None = None
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._last_kpis = b""

    def __len__(self) -> int:
        """Return how many listen."""
        return len(self._listeners)

    async def join(self, listener: Listener, since: Place | None) -> list[Happening]:
        """Let somebody listen from now on; return what they have missed since a place, in its order."""
        self._loop = asyncio.get_running_loop()
        if self._place is None:
            self._place = await asyncio.to_thread(self._newest)
        self._listeners.add(listener)
        here = self._place
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        if since is None:
            return [self._beat(here)]
        missed = await asyncio.to_thread(self._between, since, here)
        return [*filter(listener.hears, missed), self._beat(here)]

    def leave(self, listener: Listener) -> None:
        """Somebody listens no more."""
        self._listeners.discard(listener)

    def acknowledged(self, entry: AlertEntry) -> None:
        """Tell that somebody looks after an alert; may be called from any thread."""
        happening = Happening("acknowledgement", entry.raised.customer_id.encode(), None, _encode(entry))
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, [happening])

    async def _look(self) -> None:
        """Look at the tables again and again, as long as somebody listens."""
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
                self._tell([self._beat(None)])
                beat_at = clock() + BEAT_S
            await asyncio.sleep(LOOK_S)
        self._place = None

    def _tell(self, happenings: Iterable[Happening]) -> None:
        for happening in happenings:
            for listener in tuple(self._listeners):
                listener.offer(happening)

    # In a thread

    def _newest(self) -> Place:
        told = self._service.told
        return Place(told.newest("transitions"), told.newest("alerts"))

    def _after(self, place: Place, *, most: int = AT_ONCE) -> list[Happening]:
        """Return what was told after a place, transitions before alerts."""
        told, found = self._service.told, []
        for each in told.told_after("transitions", place.transition, limit=most):
            place = place._replace(transition=each.sequence)
            found.append(Happening("transition", each.key, place, each.value))
        for each in told.told_after("alerts", place.alert, limit=most):
            place = place._replace(alert=each.sequence)
            found.append(Happening("alert", each.key, place, each.value))
        return found

    def _between(self, since: Place, here: Place) -> list[Happening]:
        """Return what was told between two places; LOST where that is too much, or the place is not ours."""
        missed = here.transition - since.transition + here.alert - since.alert
        ahead = since.transition > here.transition or since.alert > here.alert
        if ahead or missed > MOST_MISSED:
            return [LOST]
        found = self._after(since, most=MOST_MISSED)
        return [each for each in found if each.place is not None and _is_within(each.place, here)]

    def _kpis(self) -> list[Happening]:
        try:
            data = _encode(self._service.kpis())
        except NotReadyError:
            return []
        if data == self._last_kpis:
            return []
        self._last_kpis = data
        return [Happening("kpis", None, None, data)]

    def _beat(self, place: Place | None) -> Happening:
        data = _encode({"now": self._now(), "behind": self._service.lag()})
        return Happening("beat", None, place, data)


def _is_within(place: Place, here: Place) -> bool:
    return place.transition <= here.transition and place.alert <= here.alert
