"""Requests as they come off the wire, which a well-behaved client would not send; and tokens to send."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
from prometheus_client import CollectorRegistry

from schemas.http import TokenScope
from streams.dashboard.guard import Admission
from streams.dashboard.keyring import TokenFile
from streams.dashboard.tokens import Token, change, describe
from streams.instrumentation import Instrumentation
from streams.model.definition import Model

NOW_S = 1_775_000_000.0
SECRETS = {scope: f"the {scope} token of this test".encode() for scope in TokenScope}
HOST = (b"host", b"127.0.0.1:8400")
OWN_PAGE = (b"origin", b"http://127.0.0.1:8400")


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        """Return the value of a header; it comes at most once."""
        values = [value for key, value in self.headers if key.lower() == name]
        assert len(values) <= 1
        return values[0] if values else None

    def json(self) -> Any:
        """Return the body, read as JSON."""
        return json.loads(self.body)


def ask(
    app: Any,
    method: str,
    raw_path: str,
    headers: Sequence[tuple[bytes, bytes]] = (),
    *,
    client: tuple[str, int] | None = ("192.0.2.7", 40_000),
    scheme: str = "http",
) -> Answer:
    """Send one request with just these headers and a Host, the path as it is written."""
    sent: list[Any] = []
    written, _, query = raw_path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": scheme,
        "path": unquote(written), "raw_path": written.encode(), "query_string": query.encode(),
        "root_path": "", "headers": [HOST, *headers], "client": client, "server": ("127.0.0.1", 8400),
        "state": {}, "extensions": {},
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start = next(message for message in sent if message["type"] == "http.response.start")
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return Answer(start["status"], list(start["headers"]), body)


def bearer(scope: TokenScope) -> tuple[bytes, bytes]:
    """Return the header by which the holder of the test's token of a scope asks."""
    return b"authorization", b"Bearer " + SECRETS[scope]


def tokens(*, expires: datetime | None = None) -> list[Token]:
    """Return one token of each scope, by the scope's name."""
    made = datetime(2026, 3, 1, tzinfo=UTC)
    return [
        describe(SECRETS[scope], name=scope, scope=scope, created=made, expires=expires)
        for scope in TokenScope
    ]


def instrumentation(registry: CollectorRegistry) -> Instrumentation:
    """Return one for a model without anything in it."""
    model = Model(name="m", version=1, digest="d", frameworks=(), alerts=())
    return Instrumentation(model, build="0", registry=registry)


class Clock:
    """Seconds that go on when the test says so."""

    def __init__(self, now: float = NOW_S) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the present."""
        return self.now


def admission(directory: Path, clock: Clock, *, kept: Sequence[Token] | None = None) -> Admission:
    """Return an admission by a file of tokens in this directory, one of each scope by default."""
    path = directory / "tokens.json"
    change(path, lambda _: tokens() if kept is None else kept)
    file = TokenFile(path, instrumentation(CollectorRegistry()), clock=clock)
    return Admission(tokens=file, clock=clock)
