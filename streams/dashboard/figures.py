"""Figures about everybody: now, over time, and the flows between the stages of a framework."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Request, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter

from schemas.instants import instant, milliseconds
from schemas.population import Flow, Flows, KpiHistory, StageFlow, Status
from schemas.views import PartitionKpis
from streams.archive.figures import DAY_MS
from streams.dashboard.feed import Feed
from streams.dashboard.parameters import refuse_unknown
from streams.dashboard.service import NotReadyError, Service
from streams.model.definition import Framework


def figure_routes(
    service: Service, feed: Feed, *, version: str, now: Callable[[], datetime]
) -> list[HTTPRouteHandler]:
    """Build the routes of figures, and of the service's own state."""
    frameworks = {each.name: each for each in service.model.frameworks}
    started = now()

    @get("/v1/kpis", sync_to_thread=True)
    def get_kpis(request: Request[Any, Any, Any]) -> PartitionKpis:
        """Return the figures about everybody, all partitions added; they may be some seconds old."""
        refuse_unknown(request, set())
        return service.kpis()

    @get("/v1/kpis/history", sync_to_thread=True)
    def get_history(
        request: Request[Any, Any, Any],
        step: FromQuery[Literal["hour", "day"]] = "day",
        limit: Annotated[int, QueryParameter(ge=1, le=400, description="How many steps at most.")] = 90,
    ) -> KpiHistory:
        """Return the figures as they stood at the end of hours or days, the oldest first."""
        refuse_unknown(request, {"step", "limit"})
        return KpiHistory(step=step, points=service.told.history(step=step, limit=limit))

    @get("/v1/frameworks/{name:str}/flows", sync_to_thread=True)
    def get_flows(
        request: Request[Any, Any, Any],
        name: FromPath[str],
        days: Annotated[int, QueryParameter(ge=1, le=400, description="UTC days, today included.")] = 28,
    ) -> Flows:
        """Return a framework's stages with their customers, and the moves between them in a period."""
        refuse_unknown(request, {"days"})
        framework = frameworks.get(name)
        if framework is None:
            raise NotFoundException(
                f"there is no framework {name!r}; there are: {', '.join(frameworks) or 'none'}"
            )
        kpis = service.kpis()
        first_day = milliseconds(kpis.as_of) // DAY_MS - days + 1
        moves = service.told.moves(name, first_day=first_day)
        by_day = service.told.counts_by_day("moved", first_day=first_day).get(name, {})
        return Flows(
            framework=name,
            kind=framework.kind,
            days=days,
            as_of=kpis.as_of,
            stages=[_stage_flow(each, kpis, framework, moves) for each in stage_names(framework)],
            flows=moves,
            by_day={f"{instant(day * DAY_MS):%Y-%m-%d}": count for day, count in by_day.items()},
        )

    @get("/v1/status", sync_to_thread=True)
    def get_status(request: Request[Any, Any, Any]) -> Status:
        """Say how the service itself is."""
        refuse_unknown(request, set())
        hindrance = service.hindrance()
        try:
            outcomes, partitions = service.kpis().outcomes, service.partitions()
            memory = service.memory()
        except NotReadyError:
            outcomes, partitions, memory = {}, [], None
        return Status(
            version=version,
            mode=service.mode,
            started=started,
            now=now(),
            ready=hindrance is None,
            hindrance=hindrance,
            behind=service.lag(),
            outcomes=outcomes,
            partitions=partitions,
            row_bytes=None if memory is None else memory.row_bytes,
            readers=len(feed),
        )

    return [get_kpis, get_history, get_flows, get_status]


def stage_names(framework: Framework) -> list[str]:
    """Return the stages of a framework and its exits, in the model's order."""
    return [stage.name for stage in (*framework.stages, *framework.exits)]


def _stage_flow(stage: str, kpis: PartitionKpis, framework: Framework, moves: list[Flow]) -> StageFlow:
    customers = kpis.stages.get(framework.name, {}).get(stage, 0)
    waited_ms = kpis.dwell_ms.get(framework.name, {}).get(stage)
    return StageFlow(
        stage=stage,
        customers=customers,
        mean_ms=waited_ms / customers if customers and waited_ms is not None else None,
        entered=sum(each.moves for each in moves if each.to_stage == stage),
        left=sum(each.moves for each in moves if each.from_stage == stage),
    )
