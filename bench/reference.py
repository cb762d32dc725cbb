"""The correctness gate: what a table must hold, worked out a second time in the plainest way.

A run whose table differs from this fold does not count, however fast it was. The fold knows the events
of the demo's population and what `starter` makes of them, and shares no code with Rapport.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from streams.runtime.processor import Processor

Touchpoint = dict[str, Any]
Totals = dict[str, dict[str, float]]  # customer -> signal (or the sum of one) -> number

# The signal that an event gives; those with a condition are below.
SIGNALS = {
    "Order Completed": "purchase",
    "Subscription Renewed": "renewal",
    "Subscription Cancelled": "cancellation",
    "Products Compared": "compare",
    "Demo Requested": "demo",
    "Trial Started": "trial",
    "Product Added": "cart",
    "Invite Sent": "referral",
}
CONDITIONAL: dict[str, tuple[str, Callable[[Touchpoint], bool]]] = {
    "Page Viewed": ("pricing", lambda properties: str(properties.get("path", "")).startswith("/pricing")),
    "Product Reviewed": ("good_review", lambda properties: properties.get("rating", 0) >= 4),
}


class WrongTableError(Exception):
    """A run left a table that is not what the touchpoints come to. Its speed means nothing: find the bug."""


def fold(bodies: Iterable[bytes]) -> Totals:
    """Count the touchpoints of each customer, by signal; and sum what was paid."""
    totals: Totals = {}
    for body in bodies:
        touchpoint = orjson.loads(body)
        customer = totals.setdefault(touchpoint["customer_id"], {})
        properties = touchpoint.get("properties", {})
        for name, number in _counted(touchpoint, properties):
            customer[name] = customer.get(name, 0) + number
    return totals


def _counted(touchpoint: Touchpoint, properties: Touchpoint) -> Iterator[tuple[str, float]]:
    if touchpoint.get("direction", "in") == "in" and touchpoint.get("kind", "track") == "track":
        yield "activity", 1
    event = touchpoint["event"]
    if event in SIGNALS:
        yield SIGNALS[event], 1
    if event in CONDITIONAL and CONDITIONAL[event][1](properties):
        yield CONDITIONAL[event][0], 1
    if event == "Order Completed":
        yield "items", 1
        yield "sum of purchase", float(properties.get("revenue") or properties.get("total") or 0)


def counts(processor: "Processor") -> Totals:
    """Return how often each customer gave each signal, as the table of a processor holds it; no zeros."""
    lane = processor.customer_lane
    table, names, first = lane.table, lane.compiled.names.signals, lane.compiled.plan.named["count"]
    columns = {
        name: table.ground.small[1 : table.rows, first + place].tolist()
        for place, name in enumerate(names)
        if name != "session"
    }
    return {
        customer: {name: column[row] for name, column in columns.items() if column[row]}
        for row, customer in enumerate(table.names[1 : table.rows])
    }


def held(processor: "Processor") -> Totals:
    """Return the same totals as the table of a processor under `starter` holds them."""
    lane, found = processor.customer_lane, counts(processor)
    table, compiled = lane.table, lane.compiled
    column = compiled.plan.named["total"] + compiled.names.totals.index("purchase")
    paid = table.ground.real[1 : table.rows, column].tolist()
    for customer, amount in zip(table.names[1 : table.rows], paid, strict=True):
        if amount:
            found[customer]["sum of purchase"] = amount
    return found


def insist(expected: Totals, found: Totals, outcomes: Mapping[str, int], *, touchpoints: int) -> None:
    """See that a run applied every touchpoint and left the right totals for every customer.

    Raises:
        WrongTableError: It did not.
    """
    if outcomes.get("applied") != touchpoints:
        raise WrongTableError(
            f"of {touchpoints} touchpoints, {outcomes.get('applied')} were applied: {outcomes}"
        )
    if expected.keys() != found.keys():
        raise WrongTableError(f"{len(expected)} customers were sent, {len(found)} are in the table")
    for customer, totals in expected.items():
        if not _same({name: number for name, number in totals.items() if number}, found[customer]):
            raise WrongTableError(f"{customer} should have {totals}, and has {found[customer]}")


def _same(expected: Mapping[str, float], found: Mapping[str, float]) -> bool:
    return expected.keys() == found.keys() and all(
        abs(expected[name] - found[name]) <= 1e-9 * max(1.0, abs(expected[name])) for name in expected
    )
