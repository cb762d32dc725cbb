"""What a touchpoint's type cannot say: whom it is about, what its names may hold, and when it can be."""

import re
from datetime import UTC, datetime

from schemas.dead_letter import DeadLetterReason
from schemas.instants import EPOCH
from schemas.touchpoint import Subject, Touchpoint

BUSINESS_ID = "business"
OUT_OF_TIME = "`timestamp` must lie between the years 1970 and 9999 in UTC"

_LAST = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)

# C0, DEL and C1. Other characters that do not print (joiners, no-break spaces) are part of real names.
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def problem(touchpoint: Touchpoint) -> tuple[DeadLetterReason, str] | None:
    """Return why a decoded touchpoint cannot be used and what to change; None when it can be."""
    if touchpoint.subject is Subject.CUSTOMER and touchpoint.customer_id is None:
        return DeadLetterReason.NO_SUBJECT, "customer_id is missing: send the id of the customer who acted"
    if touchpoint.subject is Subject.ACCOUNT and touchpoint.account_id is None:
        return DeadLetterReason.NO_SUBJECT, "account_id is missing: subject account needs the account's id"
    return (
        _unprintable("message_id", touchpoint.message_id)
        or _unprintable("event", touchpoint.event)
        or _unprintable("customer_id", touchpoint.customer_id)
        or _unprintable("account_id", touchpoint.account_id)
        or _out_of_time(touchpoint.timestamp)
    )


def subject_id(touchpoint: Touchpoint) -> str:
    """Return the id of the subject, which is also the record's key.

    Raises:
        ValueError: The touchpoint has no subject; `problem` tells such touchpoints apart.
    """
    if touchpoint.subject is Subject.BUSINESS:
        return BUSINESS_ID
    found = touchpoint.account_id if touchpoint.subject is Subject.ACCOUNT else touchpoint.customer_id
    if found is None:
        raise ValueError(f"a touchpoint of subject {touchpoint.subject} without an id")
    return found


def _unprintable(field: str, text: str | None) -> tuple[DeadLetterReason, str] | None:
    if text is None or text.isprintable():
        return None
    found = _CONTROL_CHARACTER.search(text)
    if found is None:
        return None
    where = f"U+{ord(found[0]):04X} at position {found.start()}"
    return DeadLetterReason.INVALID, f"{field} holds a control character ({where}): remove it before sending"


def _out_of_time(timestamp: datetime) -> tuple[DeadLetterReason, str] | None:
    if EPOCH <= timestamp <= _LAST:
        return None
    return DeadLetterReason.INVALID, OUT_OF_TIME
