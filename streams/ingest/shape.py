"""Which shape a line of JSON has: Rapport's own, one call of a Segment-shaped tracker, or a batch of them."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import repeat
from typing import Final

import msgspec

ABSENT: Final = msgspec.Raw()


class Shape(StrEnum):
    """Who can read it."""

    CANONICAL = "canonical"
    SEGMENT = "segment"
    SEGMENT_BATCH = "segment_batch"


class _Keys(msgspec.Struct, frozen=True, rename="camel"):
    own_id: msgspec.Raw = msgspec.field(name="message_id", default=ABSENT)
    message_id: msgspec.Raw = ABSENT
    user_id: msgspec.Raw = ABSENT
    anonymous_id: msgspec.Raw = ABSENT
    batch: msgspec.Raw = ABSENT


_KEYS: Final = msgspec.json.Decoder(_Keys)


def shape_of(value: bytes) -> Shape:
    """Tell the shape by the keys at the top; what cannot be read counts as canonical and is refused there."""
    if is_clearly_canonical(value):
        return Shape.CANONICAL
    try:
        keys = _KEYS.decode(value)
    except msgspec.DecodeError:
        return Shape.CANONICAL
    if keys.own_id is not ABSENT:
        return Shape.CANONICAL
    if keys.batch is not ABSENT and keys.user_id is ABSENT and keys.anonymous_id is ABSENT:
        return Shape.SEGMENT_BATCH
    if keys.message_id is not ABSENT or keys.user_id is not ABSENT or keys.anonymous_id is not ABSENT:
        return Shape.SEGMENT
    return Shape.CANONICAL


def is_clearly_canonical(value: bytes) -> bool:
    """Whether no decoding is needed to tell: all keys by which a Segment call is known end in `Id`."""
    return b'"message_id"' in value and b'Id"' not in value


def are_clearly_canonical(values: Sequence[bytes]) -> bool:
    """Whether all of them are clearly canonical; many cost less together than one by one."""
    starts = map(bytes.startswith, values, repeat(b'{"message_id":'))
    return all(starts) or all(map(is_clearly_canonical, values))
