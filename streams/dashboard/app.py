"""The HTTP application: routes over a service, behind the guard."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from prometheus_client import CollectorRegistry

from streams.dashboard import problems
from streams.dashboard.addresses import CustomerAddresses
from streams.dashboard.customers import customer_routes
from streams.dashboard.document import DocumentPlugin
from streams.dashboard.events import event_routes
from streams.dashboard.feed import Feed
from streams.dashboard.figures import figure_routes
from streams.dashboard.guard import Admission, Guard
from streams.dashboard.limits import StreamPlaces
from streams.dashboard.model import model_routes
from streams.dashboard.operations import operation_routes
from streams.dashboard.outputs import output_routes
from streams.dashboard.page_routes import page_routes
from streams.dashboard.service import NotReadyError, Service
from streams.dashboard.session import session_routes
from streams.instrumentation import Instrumentation, Refusal
from streams.model.problems import Problem


def create_app(
    service: Service,
    *,
    admission: Admission,
    instrumentation: Instrumentation,
    registry: CollectorRegistry,
    version: str,
    now: Callable[[], datetime],
    findings: Sequence[Problem] = (),
    unavailable: Sequence[type[Exception]] = (),
    routes: Sequence[HTTPRouteHandler] = (),
) -> Litestar:
    """Build the application; `routes` are added to those of the API (the ingest edge brings its own).

    now: the present instant. findings: those of the model's check. unavailable: what says that the service
    cannot read or write just now, and how that may end; the caller is told so, and may ask again.
    """
    feed = Feed(
        service,
        now=lambda: now().isoformat().replace("+00:00", "Z"),
        failed=lambda error: instrumentation.feed_failed(error=error),
    )

    def answer_bug(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        instrumentation.request_failed(error=error)
        return problems.respond(500, "a defect in Rapport; its log has the details")

    def answer_unavailable(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        instrumentation.refused(Refusal.UNAVAILABLE, detail=str(error))
        return problems.respond(503, str(error), headers={"Retry-After": "1"})

    app = Litestar(
        route_handlers=[
            *customer_routes(service),
            *output_routes(service, feed, now),
            *figure_routes(service, feed, version=version, now=now),
            *model_routes(service, findings),
            *event_routes(feed, StreamPlaces(admission.most_streams)),
            *operation_routes(service, registry),
            *page_routes(),
            *session_routes(admission.clock, guarded=admission.guarded),
            *routes,
        ],
        exception_handlers={
            HTTPException: problems.answer_http_error,
            NotReadyError: problems.answer_not_ready,
            RecursionError: problems.answer_too_deep,
            **dict.fromkeys(unavailable, answer_unavailable),
            500: answer_bug,
        },
        openapi_config=OpenAPIConfig(
            title="Rapport",
            version=version,
            path="/v1/openapi.json",
            use_handler_docstrings=True,
            render_plugins=[DocumentPlugin(guarded=admission.guarded)],
        ),
        logging_config=None,
        state=State({"end_streams": feed.end}),  # for the server: they would not end by themselves
    )
    # Outside the router, so that addresses without a route are guarded as well.
    app.asgi_handler = Guard(
        CustomerAddresses(app.asgi_handler),
        admission,
        lambda reason, why: instrumentation.refused(reason, detail=why),
    )
    return app
