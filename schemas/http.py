"""What crosses the HTTP port beside touchpoints, outputs and views: receipts, pages and problems."""

from enum import StrEnum

import msgspec

from schemas.dead_letter import DeadLetterReason
from schemas.outputs import StageChanged


class RefusedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a request that cannot be used; its original bytes are kept among the dead letters.

    `index` counts the items of the request from 0.
    """

    index: int
    reason: DeadLetterReason
    message: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a posted request: every item is durably stored, or refused and kept."""

    accepted: int
    refused: list[RefusedItem]


class TransitionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Transitions, newest first; `next` is the cursor of the page of older ones, null at the end."""

    transitions: list[StageChanged]
    next: str | None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a service that lives, or is ready."""

    status: str


class TokenScope(StrEnum):
    """What the holder of an access token may do: post touchpoints, ask everything, or everything."""

    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking, by the token or the session cookie that was sent.

    `guarded` says whether the port asks for a token at all; `name` and `scope` are those of the token,
    null for a caller without a valid one.
    """

    guarded: bool
    name: str | None
    scope: TokenScope | None


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was not served (RFC 9457, `application/problem+json`); `detail` says what to do."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
