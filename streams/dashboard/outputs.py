"""What happened, newest first, and figures about everybody."""

from typing import Annotated, Any, Final

from litestar import Request, get
from litestar.exceptions import ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, QueryParameter

from schemas.http import AlertPage, TransitionPage
from schemas.views import PartitionKpis
from streams.dashboard.service import PageQuery, Service

Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="How many to return at most.")]
Cursor = Annotated[str | None, QueryParameter(description="`next` of the page before.")]

_CURSOR_DIGITS: Final = 18


def output_routes(service: Service) -> list[HTTPRouteHandler]:
    """Build the routes that list outputs, and the one of the figures."""

    @get("/v1/transitions", sync_to_thread=True)
    def get_transitions(
        request: Request[Any, Any, Any],
        limit: Limit = 100,
        cursor: Cursor = None,
        customer: FromQuery[str | None] = None,
        framework: FromQuery[str | None] = None,
    ) -> TransitionPage:
        """List stage changes, newest first; `customer` and `framework` narrow the list."""
        _refuse_unknown(request, {"limit", "cursor", "customer", "framework"})
        return service.transitions(_query(limit, cursor, customer=customer, name=framework))

    @get("/v1/alerts", sync_to_thread=True)
    def get_alerts(
        request: Request[Any, Any, Any],
        limit: Limit = 100,
        cursor: Cursor = None,
        customer: FromQuery[str | None] = None,
        alert: FromQuery[str | None] = None,
    ) -> AlertPage:
        """List alerts raised and resolved, newest first; `customer` and `alert` narrow the list."""
        _refuse_unknown(request, {"limit", "cursor", "customer", "alert"})
        return service.alerts(_query(limit, cursor, customer=customer, name=alert))

    @get("/v1/kpis", sync_to_thread=True)
    def get_kpis() -> PartitionKpis:
        """Return the figures about everybody."""
        return service.kpis()

    return [get_transitions, get_alerts, get_kpis]


def _query(limit: int, cursor: str | None, *, customer: str | None, name: str | None) -> PageQuery:
    before = None
    if cursor is not None:
        if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _CURSOR_DIGITS):
            raise ValidationException("cursor: send `next` of an earlier page as it was")
        before = int(cursor)
    return PageQuery(limit=limit, before=before, customer=customer, name=name)


def _refuse_unknown(request: Request[Any, Any, Any], known: set[str]) -> None:
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise ValidationException(f"unknown parameter {unknown[0]!r}; there are: {', '.join(sorted(known))}")
