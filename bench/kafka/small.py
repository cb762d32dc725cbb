"""What the peers of the small model keep of a customer and do with a touchpoint: `small.yaml` by hand.

Both of them, so that what differs is only what is around it.
"""

from datetime import datetime
from math import exp2
from typing import Final

import msgspec

DAY_MS: Final = 86_400_000
HALF_LIFE_MS: Final = 14 * DAY_MS
HALF_AT: Final = 12.0
PANES: Final = 7


class Touchpoint(msgspec.Struct, gc=False):
    """What they read of a touchpoint."""

    message_id: str
    customer_id: str
    event: str
    timestamp: datetime


class Customer(msgspec.Struct):
    """Counts of each event, a decayed score, page views of the last days, the stage."""

    counts: dict[str, int] = {}
    score: float = 0.0  # as it was at `at_ms`
    at_ms: int = 0
    days: dict[int, int] = {}
    stage: str = "new"


class Moved(msgspec.Struct):
    """A customer is in another stage."""

    customer_id: str
    from_stage: str
    to_stage: str
    message_id: str


def apply(customer: Customer, touchpoint: Touchpoint) -> str:
    """Apply a touchpoint; return the stage in which the customer is now."""
    at_ms, event = int(touchpoint.timestamp.timestamp() * 1_000), touchpoint.event
    counts = customer.counts
    counts[event] = counts.get(event, 0) + 1
    if at_ms >= customer.at_ms:
        customer.score = customer.score * exp2((customer.at_ms - at_ms) / HALF_LIFE_MS) + 1.0
        customer.at_ms = at_ms
    else:
        customer.score += exp2((at_ms - customer.at_ms) / HALF_LIFE_MS)
    days, today = customer.days, at_ms // DAY_MS
    if event == "Page Viewed":
        days[today] = days.get(today, 0) + 1
    for day in [day for day in days if day <= today - PANES]:
        del days[day]
    if customer.score >= HALF_AT:  # a score of 50
        return "buyer" if "Order Completed" in counts else "engaged"
    return "active" if sum(days.values()) >= 3 else "new"


def counts_of(value: bytes) -> dict[str, int]:
    """Return the counts of a customer as it was stored, by either of them."""
    return _decode(value).counts


_decode: Final = msgspec.json.Decoder(Customer).decode
