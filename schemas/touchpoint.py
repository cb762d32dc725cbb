"""The touchpoint: one interaction of a subject with the company, as it crosses a topic or a port."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

# Reserved for Rapport itself: a touchpoint with one of these kinds is refused at every edge.
INTERNAL_KINDS = frozenset({"tick", "model", "link", "absorb"})

Identifier = Annotated[str, Meta(min_length=1, max_length=256)]
AwareDatetime = Annotated[datetime, Meta(tz=True)]


class Subject(StrEnum):
    """Whom a touchpoint is about."""

    CUSTOMER = "customer"
    ACCOUNT = "account"
    BUSINESS = "business"


class Kind(StrEnum):
    """What sort of call a tracker made."""

    TRACK = "track"
    IDENTIFY = "identify"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    ALIAS = "alias"
    DELETE = "delete"


class Direction(StrEnum):
    """Who acted: the customer (`in`) or the company (`out`)."""

    IN = "in"
    OUT = "out"


class Channel(StrEnum):
    """Through which medium the interaction went."""

    WEB = "web"
    MOBILE = "mobile"
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    SOCIAL = "social"
    CHAT = "chat"
    PHONE = "phone"
    IN_PERSON = "in_person"
    STORE = "store"
    COMMUNITY = "community"
    API = "api"
    OTHER = "other"


class Touchpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One interaction of a subject with the company, in either direction.

    `customer_id` is required for subject `customer` and `account_id` for subject
    `account`; `schemas.validate` checks what a type cannot say.
    """

    message_id: Annotated[str, Meta(min_length=1, max_length=128)]
    event: Identifier
    timestamp: AwareDatetime
    customer_id: Identifier | None = None
    subject: Subject = Subject.CUSTOMER
    kind: Kind = Kind.TRACK
    direction: Direction = Direction.IN
    channel: Channel = Channel.OTHER
    received_at: AwareDatetime | None = None
    source: str | None = None
    account_id: Identifier | None = None
    anonymous_id: str | None = None
    session_id: str | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    campaign: dict[str, Any] | None = None
    consent: dict[str, bool] | None = None


class InternalRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record that Rapport writes into its own log; refused from anybody else.

    `tick`: it is now `timestamp` in this partition. `model`: from here on the rules
    of `model` (name, version and digest) hold.
    """

    kind: str
    timestamp: AwareDatetime
    model: str | None = None
    version: int | None = None
    digest: str | None = None
