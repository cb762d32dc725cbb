"""The stream of server-sent events. A reader that takes nothing for a while is cut off, and may come back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Final

from litestar import Request, get
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Receive, Scope, Send

from streams.dashboard.feed import END, LOST, Feed, Happening, Listener, Place
from streams.dashboard.limits import StreamPlaces
from streams.dashboard.parameters import PLACE, refuse_unknown
from streams.dashboard.session import Caller

PATIENCE_S: Final = 15.0
PORTION_BYTES: Final = 64 << 10
KINDS: Final = {
    "transitions": ("transition",),
    "alerts": ("alert", "acknowledgement"),
    "kpis": ("kpis",),
}
_ANY: Final = "|".join(KINDS)
_HEADERS: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy between must not gather
]


def event_routes(feed: Feed, places: StreamPlaces) -> list[HTTPRouteHandler]:
    """Build the route of the event stream."""

    @get("/v1/events", media_type="text/event-stream")
    async def get_events(
        request: Request[Any, Any, Any],
        kinds: Annotated[
            str,
            QueryParameter(
                description="Some of transitions, alerts, kpis, parted by commas.",
                schema_extra={"pattern": f"^({_ANY})(,({_ANY}))*$"},
            ),
        ] = "transitions,alerts,kpis",
        customer: Annotated[str | None, QueryParameter(max_length=256)] = None,
        since: Annotated[
            str | None,
            QueryParameter(
                description="As the header Last-Event-ID, where none can be sent.",
                schema_extra={"pattern": PLACE},
            ),
        ] = None,
    ) -> ASGIApp:
        """Stream what happens: `transition`, `alert`, `acknowledgement`, `kpis`, and a `beat` now and then.

        With the header Last-Event-ID it goes on behind that event. `lost` says that some were left out:
        read anew what is shown, then connect again, behind the id of `lost`.
        """
        refuse_unknown(request, {"kinds", "customer", "since"})
        chosen = [name.strip() for name in kinds.split(",")]
        unknown = [name for name in chosen if name not in KINDS]
        if unknown:
            raise ValidationException(f"kinds: there is no {unknown[0]!r}; there are: {', '.join(KINDS)}")
        written = request.headers.get("last-event-id", since)
        place = None if written is None else Place.read(written)
        if written is not None and place is None:
            raise ValidationException("Last-Event-ID: send the id of an event as it was")
        if not places.take():
            detail = f"{places.most} event streams are open, and no more are allowed; try again later"
            raise HTTPException(detail, status_code=503, headers={"Retry-After": "10"})
        names = frozenset(name for each in chosen for name in KINDS[each]) | {"beat", "lost"}
        listener = Listener(names, None if customer is None else customer.encode())
        return _Stream(feed, places, listener, place, request.scope.get("auth"))

    return [get_events]


class _Stream(ASGIResponse):
    """Writes to one listener until it goes, is lost, or takes nothing for too long."""

    def __init__(
        self,
        feed: Feed,
        places: StreamPlaces,
        listener: Listener,
        since: Place | None,
        caller: Caller | None,
    ) -> None:
        super().__init__()
        self._feed, self._places, self._listener, self._since = feed, places, listener, since
        self._caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer until one of the ends."""
        gone = asyncio.create_task(_until_gone(receive))
        telling = asyncio.create_task(self._tell(send))
        try:
            await asyncio.wait({gone, telling}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._feed.leave(self._listener)
            self._places.give_back()
            for task in (gone, telling):
                task.cancel()
            _, told = await asyncio.gather(gone, telling, return_exceptions=True)
        if isinstance(told, Exception) and not isinstance(told, TimeoutError):
            raise told

    async def _tell(self, send: Send) -> None:
        here = await self._feed.join(self._listener)  # first, as it may fail
        await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
        async for happenings in self._happenings(here):
            for portion in _portions(happenings):
                async with asyncio.timeout(PATIENCE_S):
                    await send({"type": "http.response.body", "body": portion, "more_body": True})
            is_over = self._caller is not None and not self._caller.holds()  # the token
            if is_over or any(each.kind == LOST or each is END for each in happenings):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return

    async def _happenings(self, here: Place) -> AsyncIterator[list[Happening]]:
        """Yield what was missed before a place, then what happens."""
        if self._since is not None:
            async for missed in self._feed.missed(self._listener, self._since, here):
                yield missed
        yield [self._feed.beat(here)]
        while True:
            yield await self._listener.next()


def _portions(happenings: list[Happening]) -> Iterator[bytes]:
    """Yield them written, in portions that do not fill the memory while a reader is slow."""
    portion: list[bytes] = []
    size = 0
    for each in happenings:
        portion.append(each.written)
        size += len(each.written)
        if size >= PORTION_BYTES:
            yield b"".join(portion)
            portion, size = [], 0
    if portion:
        yield b"".join(portion)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
