"""Routes for those who run it: metrics, liveness, readiness."""

from litestar import Response, get
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CollectorRegistry

from schemas.http import Health
from streams.dashboard.service import Service
from streams.exposition import CONTENT_TYPE, Exposition


def operation_routes(service: Service, registry: CollectorRegistry) -> list[HTTPRouteHandler]:
    """Build the routes that machines ask."""
    exposition = Exposition(registry)

    @get("/metrics", sync_to_thread=True)
    def get_metrics() -> Response[bytes]:
        """Return all metrics as Prometheus text."""
        return Response(exposition.text(), media_type=CONTENT_TYPE)

    @get("/healthz", sync_to_thread=False)
    def get_health() -> Health:
        """Say that the process lives."""
        return Health(status="alive")

    @get("/readyz", sync_to_thread=True)
    def get_readiness() -> Health:
        """Say whether touchpoints are taken and answers are current; if not, why not."""
        hindrance = service.hindrance()
        if hindrance is not None:
            raise HTTPException(hindrance, status_code=503, headers={"Retry-After": "1"})
        return Health(status="ready")

    return [get_metrics, get_health, get_readiness]
