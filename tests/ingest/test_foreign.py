"""Records of other people's topics: which shape they have is seen, and each has an id that stays."""

import msgspec
import pytest

from schemas.dead_letter import DeadLetterReason
from schemas.instants import milliseconds
from streams.ingest.canonical import DEPTH_LIMIT, EVENT_LIMIT_BYTES
from streams.ingest.foreign import read_record
from streams.ingest.item import Accepted, Item, Refused
from streams.ingest.segment import BATCH_LIMIT_BYTES

PLACE = "web/2/41"
OWN = {"message_id": "m1", "customer_id": "c1", "event": "Page Viewed", "timestamp": "2026-01-31T12:00:00Z"}
CALL = {
    "type": "track",
    "messageId": "m1",
    "userId": "c1",
    "event": "Signed Up",
    "timestamp": OWN["timestamp"],
}


def json_of(fields: object) -> bytes:
    return msgspec.json.encode(fields)


def without(fields: dict[str, str], *names: str) -> dict[str, str]:
    return {name: each for name, each in fields.items() if name not in names}


def read(value: bytes, *, received_ms: int | None = None) -> list[Item]:
    return read_record(value, received_ms=received_ms, fallback_id=PLACE)


def accepted(item: Item) -> Accepted:
    assert isinstance(item, Accepted), item
    return item


def refused(item: Item) -> Refused:
    assert isinstance(item, Refused), item
    return item


def test_a_touchpoint_of_rapports_own_shape_keeps_its_bytes() -> None:
    """Nothing is encoded again, and the key is its subject, whatever the record's key was."""
    value = json_of(OWN | {"unknown": 1})

    [item] = map(accepted, read(value))

    assert (item.value, item.subject) == (value, "c1")


def test_a_touchpoint_without_id_gets_one_from_its_place() -> None:
    """The same whenever it is read, and all else as it was."""
    value = json_of(without(OWN, "message_id"))

    [item], again = map(accepted, read(value)), read(value)

    assert again == [item]
    assert msgspec.json.decode(item.value) == OWN | {"message_id": PLACE}


@pytest.mark.parametrize("wrong", [{"message_id": ""}, {"message_id": None}, {"message_id": 5}])
def test_an_id_that_is_no_id_is_refused(wrong: dict[str, object]) -> None:
    """Whoever sends one means something by it; it is not guessed."""
    [item] = map(refused, read(json_of(OWN | wrong)))

    assert item.reason is DeadLetterReason.INVALID


def test_a_call_of_a_tracker_becomes_a_touchpoint() -> None:
    """With the record's time as the time of its arrival, where there is one."""
    [at_once], [dated] = read(json_of(CALL)), read(json_of(CALL), received_ms=1_769_860_801_000)

    assert accepted(at_once).touchpoint.received_at is None
    found = accepted(dated)
    assert (found.subject, found.touchpoint.message_id, found.touchpoint.event) == ("c1", "m1", "Signed Up")
    assert found.touchpoint.received_at is not None
    assert milliseconds(found.touchpoint.received_at) == 1_769_860_801_000


def test_calls_without_id_are_told_apart_by_their_places() -> None:
    """Two equal clicks are two clicks; in a batch each call has a number of its own."""
    call = without(CALL, "messageId")

    [alone] = read(json_of(call))
    batch = read(json_of({"batch": [call, call, CALL]}))

    assert accepted(alone).touchpoint.message_id == PLACE
    assert [accepted(item).touchpoint.message_id for item in batch] == [f"{PLACE}/0", f"{PLACE}/1", "m1"]


def test_a_broken_call_does_not_take_its_batch_along() -> None:
    """Each becomes an item of its own, in order."""
    good, bad = read(json_of({"batch": [CALL, without(CALL, "userId")]}))

    assert accepted(good).subject == "c1"
    assert refused(bad).reason is DeadLetterReason.NO_SUBJECT


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", DeadLetterReason.NOT_JSON),
        (b"\xff", DeadLetterReason.NOT_JSON),
        (b"[]", DeadLetterReason.INVALID),
        (b"{}", DeadLetterReason.INVALID),
        (json_of(without(OWN, "event")), DeadLetterReason.INVALID),
        (json_of(without(OWN, "message_id", "event")), DeadLetterReason.INVALID),
        (json_of(OWN | {"kind": "tick"}), DeadLetterReason.INTERNAL_KIND),
        (json_of(without(CALL, "userId")), DeadLetterReason.NO_SUBJECT),
        (json_of(CALL | {"userId": "-1"}), DeadLetterReason.NO_SUBJECT),
        (json_of(CALL | {"event": ""}), DeadLetterReason.INVALID),
        (json_of({"batch": 5}), DeadLetterReason.INVALID),
        (b'{"a":' * (DEPTH_LIMIT + 1) + b"1" + b"}" * (DEPTH_LIMIT + 1), DeadLetterReason.INVALID),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_bytes_that_came(
    value: bytes, reason: DeadLetterReason
) -> None:
    """Also where a call was translated first: the original is what somebody can look at and send again."""
    [item] = map(refused, read(value))

    assert (item.value, item.reason) == (value, reason)


def padded(fields: dict[str, object], size: int) -> bytes:
    short = json_of(fields | {"pad": ""})
    return json_of(fields | {"pad": "x" * (size - len(short))})


@pytest.mark.parametrize(
    ("fields", "limit"),
    [(OWN, EVENT_LIMIT_BYTES), (CALL, EVENT_LIMIT_BYTES), ({"batch": [CALL]}, BATCH_LIMIT_BYTES)],
)
def test_a_record_is_limited_in_size(fields: dict[str, object], limit: int) -> None:
    """One touchpoint or call as at the collector, a batch as at Segment; at the limit and one byte above."""
    [fits], [over] = read(padded(fields, limit)), read(padded(fields, limit + 1))

    assert isinstance(fits, Accepted)
    assert refused(over).reason is DeadLetterReason.TOO_LARGE
