"""A line's shape is told by its own keys, never by what stands inside its properties."""

import pytest

from streams.ingest.shape import Shape, shape_of


@pytest.mark.parametrize(
    ("line", "shape"),
    [
        (b'{"message_id":"m","customer_id":"c"}', Shape.CANONICAL),
        (b'{"message_id":"m","properties":{"userId":"u","messageId":"x"}}', Shape.CANONICAL),
        (b'{"customer_id":"c"}', Shape.CANONICAL),
        (b'{"kind":"tick"}', Shape.CANONICAL),
        (b'{"messageId":"m","userId":"u"}', Shape.SEGMENT),
        (b'{"anonymousId":"a","properties":{"message_id":"m"}}', Shape.SEGMENT),
        (b'{"type":"track","userId":"u","batch":1}', Shape.SEGMENT),
        (b'{"batch":[],"messageId":"m"}', Shape.SEGMENT_BATCH),
        (b"not json", Shape.CANONICAL),
        (b"[]", Shape.CANONICAL),
    ],
)
def test_the_shape_is_told_by_the_keys_at_the_top(line: bytes, shape: Shape) -> None:
    """What nobody can read counts as canonical: there it gets its reason."""
    assert shape_of(line) is shape
