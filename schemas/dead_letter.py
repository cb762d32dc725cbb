"""What could not be used: dead letters and late touchpoints, with reason, origin and the original bytes."""

from enum import StrEnum

import msgspec


class DeadLetterReason(StrEnum):
    """Why a record could not be used. Also a metric label: a closed set.

    `internal_error`: it is Rapport's own code that fails at it; send it again after an upgrade.
    """

    NOT_JSON = "not_json"
    INVALID = "invalid"
    NO_SUBJECT = "no_subject"
    TOO_LARGE = "too_large"
    KEY_MISMATCH = "key_mismatch"
    UNSUPPORTED_VERSION = "unsupported_version"
    INTERNAL_KIND = "internal_kind"
    FUTURE = "future"
    INTERNAL_ERROR = "internal_error"


KEPT_BYTES = 64 * 1024


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A record that cannot be used: the original bytes (the first 64 KiB) and why.

    On Kafka the fields beside `key` and `value` are the headers `error.reason`,
    `error.message`, `source.topic`, `source.partition` and `source.offset`.
    In JSON, `key` and `value` are base64.
    """

    reason: DeadLetterReason
    message: str
    value: bytes
    key: bytes | None = None
    source_topic: str = ""
    source_partition: int = 0
    source_offset: int = 0


class LateTouchpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A touchpoint older than its row's clock minus grace: the original bytes, and how late it was."""

    customer_id: str
    value: bytes
    late_by_ms: int
    source_topic: str = ""
    source_partition: int = 0
    source_offset: int = 0
