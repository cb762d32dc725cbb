"""What happened: transitions, and alerts from their raising on; an alert can be acknowledged."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Request, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from schemas.http import TransitionPage
from schemas.pages import Acknowledge, Acknowledgement, AlertBook, AlertEntry
from streams.archive.alert_book import AlertQuery, State
from streams.dashboard.feed import Feed
from streams.dashboard.parameters import Limit, NumberCursor, number_of, refuse_unknown
from streams.dashboard.service import Service
from streams.dashboard.session import Caller
from streams.model.definition import Model

Name = Annotated[str | None, QueryParameter(max_length=256)]


def output_routes(service: Service, feed: Feed, now: Callable[[], datetime]) -> list[HTTPRouteHandler]:
    """Build the routes that list outputs; `now` gives the instant of an acknowledgement."""
    states = lasting(service.model)

    @get("/v1/transitions", sync_to_thread=True)
    def get_transitions(
        request: Request[Any, Any, Any],
        limit: Limit = 100,
        cursor: NumberCursor = None,
        customer: Name = None,
        framework: Name = None,
    ) -> TransitionPage:
        """List stage changes, newest first; `customer` and `framework` narrow the list."""
        refuse_unknown(request, {"limit", "cursor", "customer", "framework"})
        found, older = service.told.transitions(
            customer=customer, framework=framework, before=number_of(cursor), limit=limit
        )
        return TransitionPage(transitions=found, next=None if older is None else str(older))

    @get("/v1/alerts", sync_to_thread=True)
    def get_alerts(
        request: Request[Any, Any, Any],
        limit: Limit = 100,
        cursor: NumberCursor = None,
        chosen: Annotated[State, QueryParameter(name="state")] = "all",
        customer: Name = None,
        alert: Name = None,
        severity: FromQuery[Literal["info", "warning", "critical"] | None] = None,
        acknowledged: FromQuery[Literal["true", "false"] | None] = None,
    ) -> AlertBook:
        """List alerts, the last raised first; what narrows the list may be combined."""
        refuse_unknown(request, {"limit", "cursor", "state", "customer", "alert", "severity", "acknowledged"})
        query = AlertQuery(
            states=states,
            state=chosen,
            customer=customer,
            alert=alert,
            severity=severity,
            acknowledged=None if acknowledged is None else acknowledged == "true",
            before=number_of(cursor),
            limit=limit,
        )
        return service.told.alerts(query)

    @get("/v1/alerts/{alert_id:str}", sync_to_thread=True)
    def get_alert(request: Request[Any, Any, Any], alert_id: FromPath[str]) -> AlertEntry:
        """Return one alert by the id that it was raised with."""
        refuse_unknown(request, set())
        return _known(service.told.alert(alert_id, states=states), alert_id)

    @post(
        "/v1/alerts/{alert_id:str}/acknowledgement",
        status_code=200,
        sync_to_thread=True,
        description="Say who looks after an alert; saying it again replaces what was said.",
    )
    def acknowledge(
        request: Request[Any, Any, Any], alert_id: FromPath[str], data: JSONBody[Acknowledge]
    ) -> AlertEntry:
        """Say who looks after an alert; saying it again replaces what was said."""
        refuse_unknown(request, set())
        caller: Caller | None = request.scope.get("auth")
        by = (caller.token.name if caller else "") or data.by or "somebody"
        return _acknowledged(alert_id, Acknowledgement(by=by, at=now(), note=data.note))

    @delete("/v1/alerts/{alert_id:str}/acknowledgement", status_code=200, sync_to_thread=True)
    def take_back(request: Request[Any, Any, Any], alert_id: FromPath[str]) -> AlertEntry:
        """Say that nobody looks after an alert after all."""
        refuse_unknown(request, set())
        return _acknowledged(alert_id, None)

    def _acknowledged(alert_id: str, said: Acknowledgement | None) -> AlertEntry:
        if not service.acknowledge(alert_id, said):
            raise NotFoundException(f"there is no alert {alert_id!r}, or it is older than what is kept")
        entry = _known(service.told.alert(alert_id, states=states), alert_id)
        feed.acknowledged(entry)
        return entry

    return [get_transitions, get_alerts, get_alert, acknowledge, take_back]


def lasting(model: Model) -> frozenset[str]:
    """Return the alerts of a model that are resolved one day."""
    return frozenset(alert.name for alert in model.alerts if alert.kind == "state")


def _known(entry: AlertEntry | None, alert_id: str) -> AlertEntry:
    if entry is None:
        raise NotFoundException(f"there is no alert {alert_id!r}, or it is older than what is kept")
    return entry
