"""Calls of a Segment-shaped tracker (track, identify, page, screen, group, alias) as touchpoints.

Decided here, where Segment leaves it open:
- customer_id is the userId, else `anon:` and the anonymousId, so that the two can never be confused.
  A userId that stands for nobody (`null`, `-1`, `anonymous`, zeros) counts as none.
- A call with `context.active: false` gets direction `out`: it must not count as what the customer did.
- The traits of a group describe the account, not the customer: they become properties.
- A call without messageId gets the xxh3_128 of its bytes, so that sending it again changes nothing; or,
  from a log, its place there, so that two calls that happen to be equal are two.
"""

import re
from typing import Final

import msgspec
from xxhash import xxh3_128_hexdigest

from schemas.dead_letter import DeadLetterReason
from schemas.touchpoint import Channel
from streams.ingest.clock import ALLOWANCE_MS, Clock, event_time
from streams.ingest.instants import rfc3339
from streams.ingest.item import Refused

BATCH_LIMIT_BYTES: Final = 500_000  # Segment's own
KINDS: Final = ("track", "identify", "page", "screen", "group", "alias")
EVENTS: Final = {
    "identify": "Identify",
    "page": "Page Viewed",
    "screen": "Screen Viewed",
    "group": "Group",
    "alias": "Alias",
}
NOBODY: Final = re.compile(r"[0-]*|-1|null|anonymous")
CHANNELS: Final = {
    "web": Channel.WEB,
    "browser": Channel.WEB,
    "mobile": Channel.MOBILE,
    "server": Channel.API,
    "sources": Channel.API,
}
MOBILE_SYSTEMS: Final = frozenset({"ios", "ipados", "android", "watchos"})
SERVER_LIBRARIES: Final = re.compile(
    r"(analytics|rudder)[-.](python|ruby|node|go|java|php|net|c#|csharp|clojure|rust|sdk-(node|python|ruby|go|java|php))",
    re.IGNORECASE,
)

Object = dict[str, object]


class Named(msgspec.Struct, frozen=True):
    """An object of which only the name, or the type, matters."""

    name: str | None = None
    type: str | None = None


class Consent(msgspec.Struct, frozen=True, rename="camel"):
    """What a person has agreed to: an empty map is no consent at all."""

    category_preferences: dict[str, bool] | None = None


class Context(msgspec.Struct, frozen=True, rename="camel"):
    """The part of `context` that a touchpoint keeps."""

    active: bool | None = None
    campaign: Object | None = None
    consent: Consent | None = None
    device: Named | None = None
    group_id: str | None = None
    library: Named | None = None
    os: Named | None = None
    page: Object | None = None
    traits: Object | None = None


class Call(msgspec.Struct, frozen=True, rename="camel"):
    """One call as the tracker sends it. Times are read later: a bad one must not lose the call."""

    type: str
    message_id: str | None = None
    user_id: str | int | None = None
    anonymous_id: str | int | None = None
    previous_id: str | int | None = None
    group_id: str | int | None = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    channel: str | None = None
    timestamp: object = None
    original_timestamp: object = None
    sent_at: object = None
    context: Object | None = None
    properties: Object | None = None
    traits: Object | None = None


class Envelope(msgspec.Struct, frozen=True, rename="camel"):
    """A batch: what holds for all of its calls, and the calls."""

    batch: list[msgspec.Raw]
    context: Object | None = None
    sent_at: object = None


class Translated(msgspec.Struct, frozen=True):
    """A call as a touchpoint: canonical JSON, not yet checked, and where its timestamp came from."""

    value: bytes
    clock: Clock


_CALL: Final = msgspec.json.Decoder(Call)
_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_ALONE: Final = Envelope(batch=[])


def translate(
    value: bytes, *, received_ms: int | None, fallback_id: str = "", allowance_ms: int = ALLOWANCE_MS
) -> Translated | Refused:
    """Translate one call; `received_ms` is when it arrived, None for a file.

    fallback_id: the message id of a call that has none; empty, it is the hash of its bytes.
    """
    return _translate(
        value, _ALONE, received_ms=received_ms, fallback_id=fallback_id, allowance_ms=allowance_ms
    )


def translate_batch(
    value: bytes, *, received_ms: int | None, fallback_id: str = "", allowance_ms: int = ALLOWANCE_MS
) -> list[Translated | Refused]:
    """Translate every call of a batch; the envelope's context and sentAt hold where a call says nothing.

    fallback_id: with the number of the call, from 0, the message id of one that has none.
    """
    try:
        envelope = _ENVELOPE.decode(value)
    except msgspec.DecodeError as error:
        return [_refused(value, error)]
    return [
        _translate(
            bytes(call),
            envelope,
            received_ms=received_ms,
            fallback_id=f"{fallback_id}/{number}" if fallback_id else "",
            allowance_ms=allowance_ms,
        )
        for number, call in enumerate(envelope.batch)
    ]


def _translate(
    value: bytes, envelope: Envelope, *, received_ms: int | None, fallback_id: str, allowance_ms: int
) -> Translated | Refused:
    try:
        call = _CALL.decode(value)
        context = msgspec.convert({**(envelope.context or {}), **(call.context or {})}, Context)
    except msgspec.DecodeError as error:
        return _refused(value, error)
    if call.type not in KINDS:
        message = f"type {call.type!r} is none of {', '.join(KINDS)}"
        return Refused(value, DeadLetterReason.INVALID, message)
    customer_id = _customer_id(call)
    if customer_id is None:
        return Refused(value, DeadLetterReason.NO_SUBJECT, "neither userId nor anonymousId; send one of them")
    original = call.original_timestamp if call.original_timestamp is not None else call.timestamp
    sent = call.sent_at if call.sent_at is not None else envelope.sent_at
    when = event_time(original=original, sent=sent, received_ms=received_ms, allowance_ms=allowance_ms)
    if when.ms is None:
        message = "no timestamp that can be read; send RFC 3339 with an offset, such as 2026-01-31T12:00:00Z"
        return Refused(value, DeadLetterReason.INVALID, message)
    touchpoint: Object = {
        "message_id": call.message_id or fallback_id or xxh3_128_hexdigest(value),
        "customer_id": customer_id,
        "event": EVENTS.get(call.type) or call.event or "",
        "timestamp": rfc3339(when.ms),
        "kind": call.type,
        "channel": _channel(call, context),
    }
    touchpoint.update(
        (name, part) for name, part in _optional_parts(call, context, received_ms) if part is not None
    )
    return Translated(msgspec.json.encode(touchpoint), when.clock)


def _customer_id(call: Call) -> str | None:
    user = "" if call.user_id is None else str(call.user_id)
    if not NOBODY.fullmatch(user):
        return user
    anonymous = "" if call.anonymous_id is None else str(call.anonymous_id)
    return f"anon:{anonymous}" if anonymous else None


def _channel(call: Call, context: Context) -> Channel:
    """Return the medium: what the call says, else what its library or system is known to be."""
    library = (context.library and context.library.name) or ""
    system = (context.os and context.os.name) or (context.device and context.device.type) or ""
    if call.channel in CHANNELS:
        return CHANNELS[call.channel]
    if library.lower().startswith("analytics.js"):
        return Channel.WEB
    if system.lower() in MOBILE_SYSTEMS:
        return Channel.MOBILE
    if SERVER_LIBRARIES.match(library):
        return Channel.API
    return Channel.OTHER


def _optional_parts(call: Call, context: Context, received_ms: int | None) -> list[tuple[str, object]]:
    group_id = call.group_id if call.group_id is not None else context.group_id
    is_group = call.type == "group"
    return [
        ("direction", "out" if context.active is False else None),
        ("received_at", None if received_ms is None else rfc3339(received_ms)),
        ("source", context.library and context.library.name),
        ("account_id", None if group_id is None else str(group_id)),
        ("anonymous_id", None if call.anonymous_id is None else str(call.anonymous_id)),
        ("properties", _properties(call, context)),
        ("traits", context.traits if is_group or call.traits is None else call.traits),
        ("campaign", context.campaign),
        ("consent", context.consent and context.consent.category_preferences),
    ]


def _properties(call: Call, context: Context) -> Object | None:
    parts: Object = {}
    if call.type in ("page", "screen"):
        parts |= (context.page or {}) if call.type == "page" else {}
        parts |= {
            name: part
            for name, part in (("name", call.name), ("category", call.category))
            if part is not None
        }
    if call.type == "group":
        parts |= call.traits or {}
    if call.type == "alias" and call.previous_id is not None:
        parts["previous_id"] = str(call.previous_id)
    parts |= call.properties or {}
    return parts or None


def _refused(value: bytes, error: msgspec.DecodeError) -> Refused:
    if isinstance(error, msgspec.ValidationError):
        return Refused(value, DeadLetterReason.INVALID, f"{error}; see Segment's specification of the call")
    return Refused(value, DeadLetterReason.NOT_JSON, f"{error}; send JSON")
