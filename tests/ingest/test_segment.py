"""Calls of a Segment-shaped tracker become touchpoints that the canonical reader accepts."""

import msgspec
import pytest

from schemas.dead_letter import DeadLetterReason
from schemas.instants import milliseconds
from schemas.touchpoint import Channel, Direction, Kind, Touchpoint
from streams.ingest.canonical import read_item
from streams.ingest.clock import Clock
from streams.ingest.instants import read_rfc3339
from streams.ingest.item import Accepted, Refused
from streams.ingest.segment import Translated, translate, translate_batch

RECEIVED_MS = read_rfc3339("2026-01-31T12:00:06Z")


def call(**changes: object) -> bytes:
    fields: dict[str, object] = {
        "type": "track",
        "messageId": "m1",
        "userId": "u1",
        "event": "Order Completed",
        "timestamp": "2026-01-31T10:00:00Z",
    }
    fields.update(changes)
    return msgspec.json.encode({name: value for name, value in fields.items() if value is not None})


def accepted(translated: Translated | Refused) -> Touchpoint:
    assert isinstance(translated, Translated), translated
    item = read_item(translated.value)
    assert isinstance(item, Accepted), item
    return item.touchpoint


def touchpoint(**changes: object) -> Touchpoint:
    return accepted(translate(call(**changes), received_ms=None))


def test_a_track_call_keeps_its_name_id_time_and_properties() -> None:
    """The plainest call."""
    found = touchpoint(properties={"revenue": 12.5, "products": [{"sku": "a"}]})

    assert (found.message_id, found.customer_id, found.event) == ("m1", "u1", "Order Completed")
    assert found.kind is Kind.TRACK
    assert milliseconds(found.timestamp) == read_rfc3339("2026-01-31T10:00:00Z")
    assert found.properties == {"revenue": 12.5, "products": [{"sku": "a"}]}


@pytest.mark.parametrize(
    ("changes", "event", "properties", "traits"),
    [
        ({"type": "identify", "traits": {"plan": "pro"}}, "Identify", None, {"plan": "pro"}),
        (
            {"type": "page", "name": "Home", "category": "Site", "properties": {"path": "/"}},
            "Page Viewed",
            {"name": "Home", "category": "Site", "path": "/"},
            None,
        ),
        (
            {
                "type": "page",
                "context": {"page": {"path": "/old", "title": "T"}},
                "properties": {"path": "/new"},
            },
            "Page Viewed",
            {"path": "/new", "title": "T"},
            None,
        ),
        ({"type": "screen", "name": "Basket"}, "Screen Viewed", {"name": "Basket"}, None),
        ({"type": "group", "groupId": "g1", "traits": {"seats": 5}}, "Group", {"seats": 5}, None),
        ({"type": "alias", "previousId": "old"}, "Alias", {"previous_id": "old"}, None),
        ({"context": {"traits": {"plan": "pro"}}}, "Order Completed", None, {"plan": "pro"}),
    ],
)
def test_each_kind_of_call_becomes_its_event(
    changes: dict[str, object],
    event: str,
    properties: dict[str, object] | None,
    traits: dict[str, object] | None,
) -> None:
    """Names are fixed per kind; a group's traits describe the account, so they are not the customer's."""
    found = touchpoint(**{"event": None} | changes if "type" in changes else changes)

    assert (found.event, found.properties, found.traits) == (event, properties, traits)
    assert found.kind == changes.get("type", "track")


@pytest.mark.parametrize(
    ("user", "anonymous", "expected"),
    [
        ("u1", "a1", "u1"),
        (None, "a1", "anon:a1"),
        ("", "a1", "anon:a1"),
        ("null", "a1", "anon:a1"),
        ("-1", "a1", "anon:a1"),
        ("000-000", "a1", "anon:a1"),
        ("anonymous", "a1", "anon:a1"),
        (42, None, "42"),
        (0, "a1", "anon:a1"),
    ],
)
def test_the_customer_is_the_user_or_else_the_anonymous_visitor(
    user: object, anonymous: object, expected: str
) -> None:
    """The prefix keeps the two apart; ids that stand for nobody count as none."""
    found = touchpoint(userId=user, anonymousId=anonymous)

    assert found.customer_id == expected
    assert found.anonymous_id == anonymous


def test_a_call_about_nobody_is_refused() -> None:
    """Segment refuses it too."""
    found = translate(call(userId=None), received_ms=None)

    assert isinstance(found, Refused)
    assert found.reason is DeadLetterReason.NO_SUBJECT


@pytest.mark.parametrize(
    ("changes", "channel"),
    [
        ({"context": {"library": {"name": "analytics.js"}}}, Channel.WEB),
        ({"context": {"library": {"name": "analytics.js"}, "os": {"name": "iOS"}}}, Channel.WEB),
        ({"context": {"os": {"name": "Android"}}}, Channel.MOBILE),
        ({"context": {"device": {"type": "ios"}}}, Channel.MOBILE),
        ({"context": {"library": {"name": "analytics-python"}}}, Channel.API),
        ({"channel": "server", "context": {"os": {"name": "iOS"}}}, Channel.API),
        ({"channel": "mobile"}, Channel.MOBILE),
        ({"context": {"library": {"name": "homemade"}}}, Channel.OTHER),
        ({}, Channel.OTHER),
    ],
)
def test_the_channel_is_told_by_the_call_its_library_or_its_system(
    changes: dict[str, object], channel: Channel
) -> None:
    """A browser on a telephone is still the web."""
    assert touchpoint(**changes).channel is channel


def test_context_fills_account_campaign_consent_and_source() -> None:
    """The rest of the context is left behind."""
    context = {
        "groupId": "g1",
        "campaign": {"source": "news"},
        "consent": {"categoryPreferences": {"ads": False}},
        "library": {"name": "analytics.js"},
        "userAgent": "x",
    }

    found = touchpoint(context=context)

    assert (found.account_id, found.source) == ("g1", "analytics.js")
    assert (found.campaign, found.consent) == ({"source": "news"}, {"ads": False})


@pytest.mark.parametrize(
    ("active", "direction"), [(False, Direction.OUT), (True, Direction.IN), (None, Direction.IN)]
)
def test_an_inactive_call_does_not_count_as_what_the_customer_did(
    active: bool | None, direction: Direction
) -> None:
    """`context.active: false` must not be activity, so its direction is out."""
    assert touchpoint(context={"active": active}).direction is direction


def test_without_a_message_id_the_bytes_make_one() -> None:
    """The same call sent twice has one id; another call has another."""
    first, again = (touchpoint(messageId=None).message_id for _ in range(2))
    other = touchpoint(messageId=None, event="Other").message_id

    assert first == again != other


def test_live_calls_get_the_corrected_clock_and_the_time_of_receipt() -> None:
    """The field originalTimestamp goes before timestamp."""
    value = call(
        timestamp="2020-01-01T00:00:00Z",
        originalTimestamp="2026-01-31T10:00:00Z",
        sentAt="2026-01-31T10:00:05Z",
    )

    found = translate(value, received_ms=RECEIVED_MS)

    assert isinstance(found, Translated)
    assert found.clock is Clock.CORRECTED
    assert milliseconds(accepted(found).timestamp) == read_rfc3339("2026-01-31T12:00:01Z")
    assert accepted(found).received_at is not None


def test_a_batch_gives_its_context_and_sending_time_to_every_call() -> None:
    """Where a call says something itself, that holds."""
    own = call(messageId="m2", context={"groupId": "own"}, sentAt="2026-01-31T10:00:06Z")
    body = b'{"batch":[%s,%s,{"type":"track"}],"sentAt":"2026-01-31T10:00:05Z","context":%s}' % (
        call(),
        own,
        b'{"groupId":"shared","campaign":{"source":"news"}}',
    )

    plain, special, bad = translate_batch(body, received_ms=RECEIVED_MS)

    assert [accepted(plain).account_id, accepted(special).account_id] == ["shared", "own"]
    assert accepted(special).campaign == {"source": "news"}
    assert milliseconds(accepted(plain).timestamp) - milliseconds(accepted(special).timestamp) == 1000
    assert isinstance(bad, Refused)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", DeadLetterReason.NOT_JSON),
        (call(type="dance"), DeadLetterReason.INVALID),
        (call(type=None), DeadLetterReason.INVALID),
        (call(properties=[1]), DeadLetterReason.INVALID),
        (call(context={"consent": {"categoryPreferences": {"ads": "yes"}}}), DeadLetterReason.INVALID),
        (call(timestamp="yesterday"), DeadLetterReason.INVALID),
        (call(timestamp=None), DeadLetterReason.INVALID),
    ],
)
def test_a_call_that_cannot_be_used_is_refused_with_its_bytes(value: bytes, reason: DeadLetterReason) -> None:
    """In a file there is no time of receipt to fall back on."""
    found = translate(value, received_ms=None)

    assert isinstance(found, Refused)
    assert (found.value, found.reason) == (value, reason)


@pytest.mark.parametrize("value", [b"{", b'{"batch":3}', b"[]"])
def test_a_batch_that_is_none_is_refused_whole(value: bytes) -> None:
    """One refusal with all its bytes."""
    (found,) = translate_batch(value, received_ms=None)

    assert isinstance(found, Refused)
    assert found.value == value
