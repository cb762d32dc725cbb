"""Record batches as a broker keeps them, of the kinds that a reader of committed records must tell apart."""

import struct
from collections.abc import Sequence

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

ABORT = b"\0\0\0\0"
COMMIT = b"\0\0\0\1"
_ATTRIBUTES_AT, _CRC_AT = 21, 17
_CONTROL = 0x20


def batch(
    base: int,
    values: Sequence[bytes],
    *,
    producer: int = -1,
    transactional: bool = False,
    keys: Sequence[bytes | None] | None = None,
    control: bool = False,
    codec: int = 0,
) -> bytes:
    """Return a batch whose first record has the offset `base`."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=codec, is_transactional=int(transactional), producer_id=producer,
        producer_epoch=0, base_sequence=0, batch_size=1 << 20,
    )  # fmt: skip
    for number, value in enumerate(values):
        key = keys[number] if keys else None
        builder.append(number, timestamp=1_000 + base + number, key=key, value=value, headers=[])
    built = builder.build()
    struct.pack_into(">q", built, 0, base)
    if control:
        (attributes,) = struct.unpack_from(">h", built, _ATTRIBUTES_AT)
        struct.pack_into(">h", built, _ATTRIBUTES_AT, attributes | _CONTROL)
        struct.pack_into(">I", built, _CRC_AT, calc_crc32c(bytes(built[_ATTRIBUTES_AT:])))
    return bytes(built)


def marker(base: int, kind: bytes, *, producer: int) -> bytes:
    """Return the marker that ends a transaction: ABORT or COMMIT."""
    return batch(base, [b"\0\0\0\0\0\0"], producer=producer, transactional=True, keys=[kind], control=True)
