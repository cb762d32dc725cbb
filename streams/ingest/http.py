"""The HTTP collector: a body is answered once every item of it is stored durably, or refused and kept."""

import zlib
from collections.abc import Sequence
from typing import Any, Final, Protocol

from litestar import Request, post
from litestar.exceptions import ClientException, HTTPException
from litestar.handlers import HTTPRouteHandler

from schemas.dead_letter import KEPT_BYTES, DeadLetter, DeadLetterReason
from schemas.http import Receipt, RefusedItem
from streams.ingest.canonical import read_body
from streams.ingest.item import Accepted, Item, Refused
from streams.instrumentation import Instrumentation, Refusal, Source

BODY_LIMIT_BYTES: Final = 8 * 1024 * 1024
RETRY_AFTER_S: Final = 1

_MEDIA_TYPES: Final = frozenset(
    {
        "",
        "application/json",
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
        "application/x-www-form-urlencoded",  # what curl --data says when it is told nothing
        "text/plain",  # what navigator.sendBeacon says
    }
)


class StoreUnavailableError(Exception):
    """The log cannot be written (a full disk, a stopping process); the sender must try again later."""


class Store(Protocol):
    """Where items go."""

    async def store(self, records: Sequence[tuple[bytes, bytes]], letters: Sequence[DeadLetter]) -> None:
        """Make records (key, value) and dead letters durable, all of them or none, before returning.

        Raises:
            StoreUnavailableError: Nothing was stored.
        """


def touchpoints_route(
    store: Store, instrumentation: Instrumentation, *, body_limit_bytes: int = BODY_LIMIT_BYTES
) -> HTTPRouteHandler:
    """Build `POST /v1/touchpoints`; a body is limited to `body_limit_bytes` as sent and as decompressed."""

    @post("/v1/touchpoints", status_code=200, request_max_body_size=None)
    async def post_touchpoints(request: Request[Any, Any, Any]) -> Receipt:
        """Take one touchpoint, an array or JSON lines, plain or gzip; say what became of each item."""
        try:
            media_type = _media_type(request)
            body = await _read(request, body_limit_bytes)
        except _TurnedAway as turned:
            instrumentation.refused(turned.refusal, detail=turned.detail)
            raise HTTPException(turned.detail, status_code=turned.status) from turned

        items = read_body(body, media_type)
        refused = [(index, item) for index, item in enumerate(items) if isinstance(item, Refused)]
        letters = [_dead_letter(item) for _, item in refused if item.value]
        records = [(item.subject.encode(), item.value) for item in items if isinstance(item, Accepted)]
        try:
            await store.store(records, letters)
        except StoreUnavailableError as error:
            instrumentation.refused(Refusal.UNAVAILABLE, detail=str(error))
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            raise HTTPException(str(error), status_code=503, headers=headers) from error

        instrumentation.received(accepted=len(records), refused=[item.reason for _, item in refused])
        instrumentation.dead_lettered(letters, source=Source.EDGE)
        if _is_no_json(items):
            instrumentation.refused(Refusal.NOT_JSON, detail=refused[0][1].message)
            raise ClientException(refused[0][1].message)
        return Receipt(
            accepted=len(records),
            refused=[
                RefusedItem(index=index, reason=item.reason, message=item.message) for index, item in refused
            ],
        )

    return post_touchpoints


class _TurnedAway(Exception):
    def __init__(self, refusal: Refusal, status: int, detail: str) -> None:
        super().__init__(detail)
        self.refusal, self.status, self.detail = refusal, status, detail


def _media_type(request: Request[Any, Any, Any]) -> str:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _MEDIA_TYPES:
        detail = f"cannot read {media_type}; send application/json or application/x-ndjson"
        raise _TurnedAway(Refusal.MEDIA_TYPE, 415, detail)
    return media_type


async def _read(request: Request[Any, Any, Any], limit: int) -> bytes:
    """Read the body, decompressed, without ever holding more than the limit."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        detail = f"cannot read content encoding {encoding}; send gzip, or none"
        raise _TurnedAway(Refusal.MEDIA_TYPE, 415, detail)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body) if encoding == "identity" else _decompress(body, limit)


def _decompress(body: bytearray, limit: int) -> bytes:
    # A gzip file may have several members, one after the other.
    plain = bytearray()
    rest = bytes(body)
    while rest:
        member = zlib.decompressobj(wbits=31)
        try:
            plain += member.decompress(rest, limit + 1 - len(plain))
        except zlib.error as error:
            raise _TurnedAway(Refusal.NOT_JSON, 400, f"the body is not gzip: {error}") from error
        if len(plain) > limit:
            raise _too_large(limit)
        if not member.eof:
            raise _TurnedAway(Refusal.NOT_JSON, 400, "the gzip body ends too early; send it again whole")
        rest = member.unused_data
    return bytes(plain)


def _too_large(limit: int) -> _TurnedAway:
    return _TurnedAway(Refusal.TOO_LARGE, 413, f"the body is over {limit} bytes; send smaller batches")


def _dead_letter(item: Refused) -> DeadLetter:
    return DeadLetter(
        reason=item.reason, message=item.message, value=item.value[:KEPT_BYTES], source_topic="http"
    )


def _is_no_json(items: list[Item]) -> bool:
    match items:
        case [Refused(reason=DeadLetterReason.NOT_JSON)]:
            return True
        case _:
            return False
