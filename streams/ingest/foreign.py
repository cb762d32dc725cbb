"""A record of somebody else's topic: a touchpoint, a call of a Segment-shaped tracker, or a batch of them."""

import msgspec

from streams.ingest.canonical import find_damage, read_item
from streams.ingest.item import Item, Refused
from streams.ingest.segment import BATCH_LIMIT_BYTES, translate, translate_batch
from streams.ingest.shape import Shape, shape_of

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_record(value: bytes, *, received_ms: int | None, fallback_id: str) -> list[Item]:
    """Return what is in a record, in order.

    received_ms: when it arrived, None if nobody knows. fallback_id: the message id of what has none; it
    must be the same when the record is read again.
    """
    damage = find_damage(value, event_limit_bytes=BATCH_LIMIT_BYTES)
    if damage is not None:
        return [damage]
    match shape_of(value):
        case Shape.SEGMENT_BATCH:
            calls = translate_batch(value, received_ms=received_ms, fallback_id=fallback_id)
            return [call if isinstance(call, Refused) else read_item(call.value) for call in calls]
        case Shape.SEGMENT:
            damage = find_damage(value)
            call = damage or translate(value, received_ms=received_ms, fallback_id=fallback_id)
            item = call if isinstance(call, Refused) else read_item(call.value)
        case Shape.CANONICAL:
            item = _canonical(value, fallback_id)
    if isinstance(item, Refused):
        return [Refused(value, item.reason, item.message)]  # with the bytes that came
    return [item]


def _canonical(value: bytes, fallback_id: str) -> Item:
    item = read_item(value)
    if not isinstance(item, Refused):
        return item
    try:
        fields = _FIELDS.decode(value)
    except msgspec.DecodeError:
        return item
    if "message_id" in fields:
        return item
    return read_item(msgspec.json.encode({"message_id": fallback_id, **fields}))
