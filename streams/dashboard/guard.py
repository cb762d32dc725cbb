"""Who may talk to the port: names it is reached by, pages that may call it, and who holds the token.

A page on another site can make a browser post to localhost, or point its own name at 127.0.0.1 and
read answers; the Origin and Host checks refuse both before a route is looked for.
"""

import hmac
import ipaddress
from collections.abc import Callable
from typing import Final

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from streams.dashboard import problems
from streams.instrumentation import Refusal

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
OPEN_PATHS: Final = frozenset({"/healthz", "/readyz"})  # a probe holds no token
INGEST_PATHS: Final = frozenset({"/v1/touchpoints"})  # the only routes that other origins may be allowed on

_SAFE_HEADERS: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
_PREFLIGHT_HEADERS: Final = [
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"authorization, content-encoding, content-type"),
    (b"access-control-max-age", b"600"),
]


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the port lets in.

    hosts: names (lower case, no port) beside the loopback ones by which it may be reached.
    origins: `scheme://host[:port]` of pages that may post touchpoints; the port's own pages always may.
    token: what a caller must hold; None asks for none, and is right on loopback alone.
    any_address: any IP address is a name too (a page cannot rebind one); for ports open to a network.
    """

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    token: str | None = None
    any_address: bool = False


class TurnedAway(Exception):
    """A request that is not let in: why (a label), the status, and what the caller should do."""

    def __init__(self, refusal: Refusal, status: int, detail: str) -> None:
        super().__init__(detail)
        self.refusal, self.status, self.detail = refusal, status, detail


class Guard:
    """Turn away, with a problem document, whoever may not talk to `app`."""

    def __init__(self, app: ASGIApp, admission: Admission, told: Callable[[Refusal, str], None]) -> None:
        self._app = app
        self._admission = admission
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then answer or hand on."""
        if scope["type"] != ScopeType.HTTP:
            return  # there are no websockets
        try:
            origin = check(self._admission, scope)
        except TurnedAway as refused:
            self._told(refused.refusal, refused.detail)
            await _answer(send, refused.status, problems.encode(refused.status, refused.detail))
            return
        added = _SAFE_HEADERS + _cors_headers(origin, scope["path"])
        if origin is not None and scope["method"] == "OPTIONS" and scope["path"] in INGEST_PATHS:
            await send({"type": "http.response.start", "status": 204, "headers": added + _PREFLIGHT_HEADERS})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await self._app(scope, receive, send_safely)


def check(admission: Admission, scope: HTTPScope) -> str | None:
    """Let a request in; return the foreign origin it was allowed for, None if it names none.

    Raises:
        TurnedAway: Host, Origin or token is not right.
    """
    host = _check_host(admission, _only(scope, b"host"))
    origin = _check_origin(admission, scope, host)
    preflight = origin is not None and scope["method"] == "OPTIONS"
    if admission.token is not None and scope["path"] not in OPEN_PATHS and not preflight:
        _check_token(admission.token, _only(scope, b"authorization"))
    return origin


def _check_host(admission: Admission, written: bytes | None) -> str:
    if not written:
        raise TurnedAway(Refusal.HOST, 400, "send exactly one Host header")
    host = written.decode("latin-1").lower()
    name = _without_port(host)
    if name in LOOPBACK_NAMES or name in admission.hosts or (admission.any_address and _is_address(name)):
        return host
    detail = f"this server is not known as {name!r}; if it is, name it in the setting allowed_hosts"
    raise TurnedAway(Refusal.HOST, 421, detail)


def _check_origin(admission: Admission, scope: HTTPScope, host: str) -> str | None:
    written = _only(scope, b"origin")
    if written is None:
        return None
    origin = written.decode("latin-1").lower()
    if origin == f"{scope['scheme']}://{host}":
        return None
    if origin in admission.origins:
        return origin
    detail = f"pages of {origin!r} may not call this server; if they may, name them in allowed_origins"
    raise TurnedAway(Refusal.ORIGIN, 403, detail)


def _check_token(token: str, written: bytes | None) -> None:
    scheme, _, given = (written or b"").partition(b" ")
    if scheme.lower() != b"bearer" or not hmac.compare_digest(given.strip(), token.encode()):
        raise TurnedAway(Refusal.TOKEN, 401, "send the access token: Authorization: Bearer TOKEN")


def _only(scope: HTTPScope, name: bytes) -> bytes | None:
    """Return a header's value; b"" (which no check accepts) if it was sent more than once."""
    values = [value for key, value in scope["headers"] if key == name]
    if not values:
        return None
    return values[0] if len(values) == 1 else b""


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _cors_headers(origin: str | None, path: str) -> list[tuple[bytes, bytes]]:
    if origin is None or path not in INGEST_PATHS:
        return []
    return [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"origin")]


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [
        *_SAFE_HEADERS,
        (b"content-type", problems.MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
