"""The session cookie of a browser, whose event streams cannot send a token, and the routes that give it.

The server keeps no sessions. A cookie says `name.expires.proof.seal`: the proof can only be made from the
token, and the seal (HMAC keyed by the token's digest, over the rest) only by the server. So a copy of the
file of tokens makes no cookie, a stolen cookie lasts no longer than it says, and one ends with its token.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Any, Final

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler

from schemas.http import Session
from streams.dashboard import problems
from streams.dashboard.tokens import Token, session_proof

COOKIE: Final = "rapport_session"
LIFE_S: Final = 12 * 60 * 60

_VALUE: Final = re.compile(r"([A-Za-z0-9_-]{1,64})\.([0-9]{1,12})\.([0-9a-f]{64})\.([0-9a-f]{64})", re.ASCII)


class Caller(msgspec.Struct, frozen=True):
    """Who asks: the holder of a token.

    secret: the token itself; None where a cookie stood for it.
    holds: whether token and cookie are good still; who is answered for long has to ask now and then.
    """

    token: Token
    secret: bytes | None
    holds: Callable[[], bool]


def issue(token: Token, secret: bytes, now_s: float) -> str:
    """Return the value of a cookie that stands for a token until 12 hours from now, or until it expires."""
    expires = int(now_s) + LIFE_S
    if token.expires is not None:
        expires = min(expires, int(token.expires.timestamp()))
    said = f"{token.name}.{expires}.{session_proof(secret)}"
    return f"{said}.{_seal(token, said)}"


def accept(value: str, named: Callable[[str], Token | None], now_s: float) -> Token | None:
    """Return the token that a cookie stands for; None if it is not ours, is over, or its token is."""
    parts = _VALUE.fullmatch(value)
    if parts is None:
        return None
    name, expires, proof, seal = parts.groups()
    token = named(name)
    if token is None or now_s >= int(expires):
        return None
    sealed = hmac.compare_digest(_seal(token, value.rpartition(".")[0]), seal)
    proven = hmac.compare_digest(hashlib.sha256(proof.encode()).hexdigest(), token.session_sha256)
    return token if sealed and proven else None


def sent(headers: list[bytes]) -> str | None:
    """Return the value of our cookie from Cookie headers; None if there is not exactly one."""
    pairs = [pair.strip().partition(b"=") for header in headers for pair in header.split(b";")]
    values = [value for name, _, value in pairs if name == COOKIE.encode()]
    return values[0].decode("latin-1") if len(values) == 1 else None


def session_routes(clock: Callable[[], float], *, guarded: bool) -> list[HTTPRouteHandler]:
    """Build the routes by which a page signs in and out; `clock` gives seconds since the epoch."""

    @post("/v1/session", status_code=200, sync_to_thread=False)
    def sign_in(request: Request[Any, Any, Any]) -> Response[Session] | Response[bytes]:
        """Take a token (Authorization: Bearer), and give a cookie that stands for it for 12 hours."""
        caller: Caller | None = request.scope.get("auth")
        if not guarded:
            return Response(_session(None, guarded=False))
        if caller is None or caller.secret is None:
            detail = "sign in with the token itself: Authorization: Bearer TOKEN"
            return problems.respond(401, detail, headers={"WWW-Authenticate": "Bearer"})
        value = issue(caller.token, caller.secret, clock())
        cookie = _cookie(request, value, lasts_s=int(value.split(".")[1]) - int(clock()))
        return Response(_session(caller, guarded=True), cookies=[cookie])

    @delete("/v1/session", status_code=204, sync_to_thread=False)
    def sign_out(request: Request[Any, Any, Any]) -> Response[None]:
        """Take the cookie back."""
        return Response(None, status_code=204, cookies=[_cookie(request, "", lasts_s=0)])

    @get("/v1/session", sync_to_thread=False)
    def get_session(request: Request[Any, Any, Any]) -> Session:
        """Say whether a token is asked for, and whose was sent."""
        return _session(request.scope.get("auth"), guarded=guarded)

    return [sign_in, sign_out, get_session]


def _seal(token: Token, said: str) -> str:
    return hmac.new(bytes.fromhex(token.sha256), said.encode(), hashlib.sha256).hexdigest()


def _session(caller: Caller | None, *, guarded: bool) -> Session:
    if caller is None:
        return Session(guarded=guarded, name=None, scope=None)
    return Session(guarded=guarded, name=caller.token.name, scope=caller.token.scope)


def _cookie(request: Request[Any, Any, Any], value: str, *, lasts_s: int) -> Cookie:
    """Make a cookie that no script reads and no other site makes a browser send."""
    return Cookie(
        key=COOKIE,
        value=value,
        max_age=lasts_s,
        path="/",
        secure=request.scope["scheme"] == "https",
        httponly=True,
        samesite="strict",
    )
