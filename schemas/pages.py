"""What the query side lists: customers, touchpoints and alerts, a page at a time."""

from typing import Any

import msgspec

from schemas.outputs import AlertRaised, AlertResolved
from schemas.touchpoint import AwareDatetime


class CustomerLine(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as lists show it, as of `as_of`."""

    customer_id: str
    as_of: AwareDatetime
    scores: dict[str, float | None]
    levels: dict[str, str | None]
    stages: dict[str, str | list[str] | None]


class CustomerPage(msgspec.Struct, frozen=True, kw_only=True):
    """Customers in the order of their ids (by code point); `next` is the cursor of the page after this.

    A page may have few customers, or none, and a `next`: so many were looked at for it.
    """

    customers: list[CustomerLine]
    next: str | None


class TouchpointLine(msgspec.Struct, frozen=True, kw_only=True):
    """A stored touchpoint, as it was sent; what the model made of it is not told here."""

    message_id: str
    event: str
    at: AwareDatetime
    kind: str = "track"
    direction: str = "in"
    channel: str = "other"
    source: str | None = None
    properties: dict[str, Any] = {}


class TouchpointPage(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's touchpoints, the last stored first.

    `next` is the cursor of older ones. It may come with few touchpoints, or none: so much of the log was
    looked through for this page. `kept` is false where touchpoints are not kept for this question at all.
    """

    touchpoints: list[TouchpointLine]
    next: str | None
    kept: bool = True


class ScorePoint(msgspec.Struct, frozen=True, kw_only=True):
    """The scores that were sent at an instant."""

    at: AwareDatetime
    scores: dict[str, float | None]


class ScoreHistory(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's scores as they were sent, the newest first; `next` is the cursor of older ones."""

    points: list[ScorePoint]
    next: str | None


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody looks after an alert: who, when, and what they say."""

    by: str
    at: AwareDatetime
    note: str = ""


class AlertEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An alert from its raising on.

    `state`: `open` until it is resolved; `resolved`; `event` for one that tells of something that happened,
    and is never resolved.
    """

    state: str
    raised: AlertRaised
    resolved: AlertResolved | None = None
    acknowledged: Acknowledgement | None = None


class AlertBook(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts, the last raised first; `next` is the cursor of older ones."""

    alerts: list[AlertEntry]
    next: str | None


class Acknowledge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent to acknowledge an alert; `by` is the name of the caller's token where it has one."""

    note: str
    by: str = ""
