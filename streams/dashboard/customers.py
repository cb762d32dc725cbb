"""Customers: many by id, stage and score; one, why it is where it is, and what it did."""

import base64
import binascii
from typing import Annotated, Any, Final, TypeVar

from litestar import Request, get
from litestar.exceptions import NotFoundException, ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from schemas.pages import CustomerPage, ScoreHistory, TouchpointPage
from schemas.views import CustomerView, Why
from streams.dashboard.addresses import read_customer_id
from streams.dashboard.parameters import Cursor, Limit, NumberCursor, number_of, refuse_unknown
from streams.dashboard.service import Service
from streams.runtime.search import CustomerQuery, UnknownName

_Answer = TypeVar("_Answer", CustomerView, Why)

Name = Annotated[str | None, QueryParameter(max_length=256)]
Prefix = Annotated[str, QueryParameter(max_length=256, description="What the ids begin with.")]
_RANGE: Final = {"minimum": 0, "maximum": 100}
_BOUND: Final = "A bound of the score, included."
Low = Annotated[
    float | None, QueryParameter(name="min", ge=0, le=100, description=_BOUND, schema_extra=_RANGE)
]
High = Annotated[
    float | None, QueryParameter(name="max", ge=0, le=100, description=_BOUND, schema_extra=_RANGE)
]


def customer_routes(service: Service) -> list[HTTPRouteHandler]:
    """Build the routes that answer about customers."""

    @get("/v1/customers", sync_to_thread=True)
    def get_customers(
        request: Request[Any, Any, Any],
        prefix: Prefix = "",
        framework: Name = None,
        stage: Name = None,
        score: Name = None,
        low: Low = None,
        high: High = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> CustomerPage:
        """List customers in the order of their ids: of a stage, or with a score between two bounds.

        `framework` and `stage` go together; `min` and `max` are bounds of `score`.
        """
        refuse_unknown(request, {"prefix", "framework", "stage", "score", "min", "max", "limit", "cursor"})
        if (framework is None) != (stage is None):
            raise ValidationException("framework and stage go together: send both, or neither")
        if score is None and not (low is None and high is None):
            raise ValidationException("min and max are bounds of a score: name it in `score`")
        query = CustomerQuery(
            prefix=prefix,
            framework=framework,
            stage=stage,
            score=score,
            low=low,
            high=high,
            after=None if cursor is None else _read_cursor(cursor),
            limit=limit,
        )
        try:
            page = service.customers(query)
        except UnknownName as error:
            raise ValidationException(str(error)) from error
        return CustomerPage(
            customers=page.customers, next=None if page.next is None else _written_cursor(page.next)
        )

    @get("/v1/customers/{customer_id:str}", sync_to_thread=True)
    def get_customer(request: Request[Any, Any, Any], customer_id: FromPath[str]) -> CustomerView:
        """Return a customer: scores, stages, signals, open alerts and what changed last."""
        refuse_unknown(request, set())
        name = read_customer_id(customer_id)
        return _known(service.customer(name), name)

    @get("/v1/customers/{customer_id:str}/why", sync_to_thread=True)
    def get_why(request: Request[Any, Any, Any], customer_id: FromPath[str]) -> Why:
        """Say why a customer is where it is: rules, what they read now, and what contributed most."""
        refuse_unknown(request, set())
        name = read_customer_id(customer_id)
        return _known(service.why(name), name)

    @get("/v1/customers/{customer_id:str}/touchpoints", sync_to_thread=True)
    def get_touchpoints(
        request: Request[Any, Any, Any],
        customer_id: FromPath[str],
        limit: Limit = 50,
        cursor: NumberCursor = None,
    ) -> TouchpointPage:
        """List a customer's touchpoints, the last stored first; an empty page may have a `next`."""
        refuse_unknown(request, {"limit", "cursor"})
        return service.touchpoints(read_customer_id(customer_id), before=number_of(cursor), limit=limit)

    @get("/v1/customers/{customer_id:str}/scores", sync_to_thread=True)
    def get_scores(
        request: Request[Any, Any, Any],
        customer_id: FromPath[str],
        limit: Limit = 200,
        cursor: NumberCursor = None,
    ) -> ScoreHistory:
        """List a customer's scores as they were sent, newest first."""
        refuse_unknown(request, {"limit", "cursor"})
        return service.told.score_points(read_customer_id(customer_id), before=number_of(cursor), limit=limit)

    return [get_customers, get_customer, get_why, get_touchpoints, get_scores]


def _known(answer: _Answer | None, name: str) -> _Answer:
    if answer is None:
        raise NotFoundException(f"nothing is known about customer {name!r}")
    return answer


def _written_cursor(customer_id: str) -> str:
    return base64.urlsafe_b64encode(customer_id.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> str:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise ValidationException("cursor: send `next` of an earlier page as it was") from error
