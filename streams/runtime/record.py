"""What crosses between a log and the processor: records in, flushes out. Plain values, no log in sight."""

import msgspec


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of a partition's log, as it was appended.

    `offset` is its position in the log and `appended_ms` the log's append time (epoch
    milliseconds); `value` is the JSON of a Touchpoint, or of an InternalRecord.
    """

    offset: int
    appended_ms: int
    key: bytes | None
    value: bytes


class Flush(msgspec.Struct, frozen=True, kw_only=True):
    """All that changed in a partition since the flush before it, to be stored whole or not at all.

    `position` is the offset of the next record to be read after it. `live_bytes` says how
    large the whole state would be, were it written once.
    """

    number: int
    position: int
    body: bytes
    live_bytes: int
