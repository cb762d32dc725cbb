"""What became of one item of a request, a line or a row."""

import msgspec

from schemas.dead_letter import DeadLetterReason
from schemas.touchpoint import Touchpoint


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """An item that the log takes: the sender's bytes as they are, what they say, and whom they are about.

    `subject` is the record key: the customer id, the account id, or `business`.
    """

    value: bytes
    touchpoint: Touchpoint
    subject: str


class Refused(msgspec.Struct, frozen=True, gc=False):
    """An item that cannot be used: its bytes, a closed reason, and what to change."""

    value: bytes
    reason: DeadLetterReason
    message: str


Item = Accepted | Refused
