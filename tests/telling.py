"""A short way to tell a driver what customers did, and to read the fixed parts of what it made of that."""

from schemas.views import CustomerView
from streams.testing import TopologyTestDriver
from tests.random_histories import written

PARTS_OF_APPLIED = ("unmapped", "conflict")  # counted beside the six outcomes


def tell(
    driver: TopologyTestDriver,
    event: str,
    when: int,
    *,
    customer: str = "c1",
    message: str = "",
    **fields: object,
) -> str:
    """Pipe a touchpoint and return what became of it; fields are the record's own, as `properties={…}`."""
    before = dict(driver.totals)
    driver.pipe(
        {
            "message_id": message or f"m{len(driver.log)}",
            "customer_id": customer,
            "event": event,
            "timestamp": written(when),
        }
        | fields
    )
    return next(
        name
        for name, count in driver.totals.items()
        if count != before[name] and name not in PARTS_OF_APPLIED
    )


def view_of(driver: TopologyTestDriver, customer: str = "c1") -> CustomerView:
    """Return what a reader sees of a customer."""
    view = driver.processor.customer(customer)
    assert view is not None
    return view


def reading(driver: TopologyTestDriver, term: str, customer: str = "c1") -> object:
    """Return what a term reads at the row's clock."""
    state = driver.state(customer)
    assert state is not None
    terms = state["terms"]
    assert isinstance(terms, dict)
    return terms[term]
