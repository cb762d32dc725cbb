"""Who may talk to the port: names it is reached by, pages that may call it, who holds a token, how often.

A page on another site can make a browser post to localhost, or point its own name at 127.0.0.1 and
read answers; the Origin and Host checks refuse both before a route is looked for.
"""

import ipaddress
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from streams.dashboard import access, problems, session
from streams.dashboard.headers import SAFE, Header, with_safe
from streams.dashboard.keyring import Keyring, TokenFile
from streams.dashboard.limits import RequestRate
from streams.dashboard.session import Caller
from streams.dashboard.tokens import Token
from streams.instrumentation import Refusal

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_PREFLIGHT_HEADERS: Final[list[Header]] = [
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"authorization, content-encoding, content-type"),
    (b"access-control-max-age", b"600"),
]


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the port lets in.

    hosts: names (lower case, no port) beside the loopback ones by which it may be reached.
    origins: `scheme://host[:port]` of pages that may post touchpoints; the port's own pages always may.
    token, tokens: what a caller must hold one of; None and None ask for none, right on loopback alone.
    any_address: any IP address is a name too (a page cannot rebind one); for ports open to a network.
    rate: how often one caller may ask; None: as often as it likes.
    most_streams: how many event streams may be open.
    clock: seconds since the epoch, for what expires.
    """

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    token: str | None = None
    tokens: TokenFile | None = None
    any_address: bool = False
    rate: RequestRate | None = None
    most_streams: int = 1000
    clock: Callable[[], float] = time.time

    @property
    def guarded(self) -> bool:
        """Return whether a token is asked for."""
        return self.token is not None or self.tokens is not None


class TurnedAway(Exception):
    """A request that is not let in: why (a label), the status, and what the caller should do."""

    def __init__(
        self, refusal: Refusal, status: int, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.refusal, self.status, self.detail, self.headers = refusal, status, detail, headers or {}


class Visit(msgspec.Struct, frozen=True):
    """A request that is let in: who asks, and the foreign origin that it was allowed for."""

    caller: Caller | None
    foreign: str | None


class Guard:
    """Turn away, with a problem document, whoever may not talk to `app`.

    The caller goes on as `scope["auth"]`; None for one without a token.
    """

    def __init__(self, app: ASGIApp, admission: Admission, told: Callable[[Refusal, str], None]) -> None:
        self._app = app
        self._admission = admission
        self._keyring = Keyring(admission.token, admission.tokens, clock=admission.clock)
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then answer or hand on."""
        if scope["type"] != ScopeType.HTTP:
            return  # there are no websockets
        try:
            visit = check(self._admission, self._keyring, scope)
        except TurnedAway as refused:
            self._told(refused.refusal, refused.detail)
            await _refuse(send, refused)
            return
        added = _cors_headers(visit.foreign)
        if visit.foreign is not None and scope["method"] == "OPTIONS":
            headers = [*SAFE, *added, *_PREFLIGHT_HEADERS]
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*with_safe(list(message["headers"])), *added]
            await send(message)

        scope["auth"] = visit.caller
        await self._app(scope, receive, send_safely)


def check(admission: Admission, keyring: Keyring, scope: HTTPScope) -> Visit:
    """Let a request in.

    Raises:
        TurnedAway: Host, Origin, token or scope is not right, or it is one too many.
    """
    host = _check_host(admission, _only(scope, b"host"))
    own_page, foreign = _check_origin(admission, scope, host)
    if foreign is not None and scope["method"] == "OPTIONS":
        return Visit(caller=None, foreign=foreign)
    caller = _identify(keyring, scope, admission.clock)
    demand = access.demand(scope["method"], scope["path"])
    stranger = keyring.guarded and caller is None and bool(demand.enough)
    if admission.rate is not None and (demand.metered or stranger):  # a token is not to be guessed either
        _check_rate(admission.rate, _payer(scope, caller))
    if stranger:
        detail = "send a valid access token: Authorization: Bearer TOKEN"
        raise TurnedAway(Refusal.TOKEN, 401, detail, {"WWW-Authenticate": "Bearer"})
    if caller is not None and demand.enough and caller.token.scope not in demand.enough:
        wanted = " or ".join(sorted(demand.enough))
        detail = f"this needs a token of scope {wanted}; that of {caller.token.name} is {caller.token.scope}"
        raise TurnedAway(Refusal.SCOPE, 403, detail)
    if caller is not None and caller.secret is None and access.changes(scope["method"]) and not own_page:
        detail = "a change by session cookie comes from the page: send its Origin, or the token itself"
        raise TurnedAway(Refusal.ORIGIN, 403, detail)
    return Visit(caller=caller, foreign=foreign)


def _check_host(admission: Admission, written: bytes | None) -> str:
    if not written:
        raise TurnedAway(Refusal.HOST, 400, "send exactly one Host header")
    host = written.decode("latin-1").lower()
    name = _without_port(host)
    if name in LOOPBACK_NAMES or name in admission.hosts or (admission.any_address and _is_address(name)):
        return host
    detail = f"this server is not known as {name!r}; if it is, name it in the setting allowed_hosts"
    raise TurnedAway(Refusal.HOST, 421, detail)


def _check_origin(admission: Admission, scope: HTTPScope, host: str) -> tuple[bool, str | None]:
    """Return whether one of our own pages says it asks, and which foreign page does."""
    written = _only(scope, b"origin")
    if written is None:
        return False, None
    origin = written.decode("latin-1").lower()
    if origin == f"{scope['scheme']}://{host}":
        return True, None
    if origin in admission.origins and scope["path"] == access.INGEST_PATH:
        return False, origin
    detail = (
        f"pages of {origin!r} may not call this; if they may post touchpoints, name them in allowed_origins"
    )
    raise TurnedAway(Refusal.ORIGIN, 403, detail)


def _identify(keyring: Keyring, scope: HTTPScope, clock: Callable[[], float]) -> Caller | None:
    """Return who holds the token or the cookie that was sent; a token that was sent decides alone."""
    if not keyring.guarded:
        return None
    written = _only(scope, b"authorization")
    scheme, _, secret = (written or b"").partition(b" ")
    if written == b"" or scheme.lower() == b"bearer":
        return _caller(secret.strip(), lambda: keyring.holder(secret.strip()))
    value = session.sent([value for key, value in scope["headers"] if key == b"cookie"])
    return None if value is None else _caller(None, lambda: session.accept(value, keyring.named, clock()))


def _caller(secret: bytes | None, find: Callable[[], Token | None]) -> Caller | None:
    token = find()
    return None if token is None else Caller(token, secret, lambda: find() is not None)


def _payer(scope: HTTPScope, caller: Caller | None) -> str:
    """Return whose requests are counted together: those of a token, otherwise those from an address."""
    if caller is not None:
        return f"token {caller.token.name}"
    client = cast("Any", scope["client"])
    return f"address {client[0] if client else ''}"


def _check_rate(rate: RequestRate, payer: str) -> None:
    wait_s = rate.wait_s(payer)
    if wait_s:
        detail = "too many requests; come again when Retry-After is over, or raise requests_per_second"
        raise TurnedAway(Refusal.RATE, 429, detail, {"Retry-After": str(math.ceil(wait_s))})


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


def _cors_headers(foreign: str | None) -> list[Header]:
    if foreign is None:
        return []
    return [(b"access-control-allow-origin", foreign.encode("latin-1")), (b"vary", b"origin")]


async def _refuse(send: Send, refused: TurnedAway) -> None:
    body = problems.encode(refused.status, refused.detail)
    headers = [
        *SAFE,
        (b"content-type", problems.MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        *((name.lower().encode(), value.encode()) for name, value in refused.headers.items()),
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
