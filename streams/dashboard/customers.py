"""One customer, and why it is where it is."""

from typing import TypeVar

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from schemas.views import CustomerView, Why
from streams.dashboard.addresses import read_customer_id
from streams.dashboard.service import Service

_Answer = TypeVar("_Answer", CustomerView, Why)


def customer_routes(service: Service) -> list[HTTPRouteHandler]:
    """Build the routes that answer about one customer."""

    @get("/v1/customers/{customer_id:str}", sync_to_thread=True)
    def get_customer(customer_id: FromPath[str]) -> CustomerView:
        """Return a customer: scores, stages, signals, open alerts and what changed last."""
        name = read_customer_id(customer_id)
        return _known(service.customer(name), name)

    @get("/v1/customers/{customer_id:str}/why", sync_to_thread=True)
    def get_why(customer_id: FromPath[str]) -> Why:
        """Say why a customer is where it is: rules, what they read now, and what contributed most."""
        name = read_customer_id(customer_id)
        return _known(service.why(name), name)

    return [get_customer, get_why]


def _known(answer: _Answer | None, name: str) -> _Answer:
    if answer is None:
        raise NotFoundException(f"nothing is known about customer {name!r}")
    return answer
