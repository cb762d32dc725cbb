"""A service of fixed answers: what the routes do with them is tested here, the real run in tests/cli."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from schemas.outputs import (
    AlertRaised,
    AlertResolved,
    Because,
    MoveDirection,
    Severity,
    StageChanged,
    Trigger,
)
from schemas.pages import Acknowledgement, CustomerLine, CustomerPage, TouchpointPage
from schemas.population import PartitionStatus
from schemas.views import CustomerView, PartitionKpis, Why
from streams.archive import alert_book
from streams.archive.outputs import insert, told_row
from streams.archive.questions import Questions
from streams.archive.tables import INDEXES, TABLES
from streams.dashboard.app import create_app
from streams.dashboard.guard import Admission
from streams.dashboard.service import Memory, NotReadyError
from streams.instrumentation import Instrumentation
from streams.model.definition import Alert, Framework, Model, Stage
from streams.runtime.search import CustomerQuery
from tests.figures import NOBODY

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

MODEL = Model(
    name="starter",
    version=1,
    digest="d1",
    frameworks=(
        Framework(
            name="clm",
            kind="ladder",
            stages=(Stage(name="awareness"), Stage(name="engagement")),
            exits=(Stage(name="dormant"),),
        ),
    ),
    alerts=(Alert(name="drop", kind="state", severity="warning"),),
)


class FixedService:
    """Answers for the customers it was given; keeps what it was asked."""

    mode: Literal["embedded", "kafka"] = "embedded"

    def __init__(self) -> None:
        self.model = MODEL
        self.known: set[str] = set()
        self.queries: list[CustomerQuery] = []
        self.tables = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        for statement in (*TABLES.values(), *INDEXES):
            self.tables.execute(statement)
        self.told = Questions(self._reading)
        self._asking = threading.Lock()
        self.trouble: str | None = None
        self.records_behind = 0
        self.recovering = False

    def customer(self, customer_id: str) -> CustomerView | None:
        """Answer for the known."""
        self._refuse_while_recovering()
        if customer_id not in self.known:
            return None
        return CustomerView(
            customer_id=customer_id,
            as_of=NOON,
            first=NOON,
            last=NOON,
            scores={"engagement": 12.5},
            dimensions={},
            mix={},
            levels={},
            stages={"clm": "awareness"},
            signals={},
            answers={},
            open_alerts=[],
            recent=[],
            rfm=None,
            next_due=None,
        )

    def why(self, customer_id: str) -> Why | None:
        """Answer for the known."""
        self._refuse_while_recovering()
        if customer_id not in self.known:
            return None
        return Why(customer_id=customer_id, as_of=NOON, scores={}, dimensions={}, stages={}, alerts={})

    def kpis(self) -> PartitionKpis:
        """Count the known."""
        self._refuse_while_recovering()
        known = len(self.known)
        return replace(
            NOBODY,
            as_of=NOON,
            customers=known,
            stages={"clm": {"awareness": known}},
            alerts_open={"drop": 2},
        )

    def customers(self, query: CustomerQuery) -> CustomerPage:
        """Give the known, whatever is asked."""
        self.queries.append(query)
        found = sorted(self.known)
        lines = [
            CustomerLine(customer_id=each, as_of=NOON, scores={}, levels={}, stages={}) for each in found
        ]
        return CustomerPage(customers=lines, next=found[-1] if found else None)

    def touchpoints(self, customer_id: str, *, before: int | None, limit: int) -> TouchpointPage:
        """Give none."""
        return TouchpointPage(touchpoints=[], next=None)

    def acknowledge(self, alert_id: str, said: Acknowledgement | None) -> bool:
        """Note it in the tables."""
        return alert_book.acknowledge(self.tables, alert_id, said)

    def partitions(self) -> list[PartitionStatus]:
        """Give one."""
        return [PartitionStatus(partition=0, as_of=NOON, customers=len(self.known))]

    def memory(self) -> Memory:
        """Give fixed figures."""
        self._refuse_while_recovering()
        return Memory(row_bytes=1_000)

    def lag(self) -> int:
        """Say what the test set."""
        return self.records_behind

    def hindrance(self) -> str | None:
        """Say what the test set."""
        return self.trouble

    def tell(self, *told: StageChanged | AlertRaised | AlertResolved) -> None:
        """Put what was told into the tables."""
        with self._asking:
            insert(self.tables, [told_row(each, msgspec.json.encode(each)) for each in told], written_ms=1)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._asking:
            yield self.tables

    def _refuse_while_recovering(self) -> None:
        if self.recovering:
            raise NotReadyError("recovering")


BECAUSE = Because(rule="", values={}, touchpoints=[], trigger=Trigger(kind="time"))


def raised(number: int, customer_id: str = "c1", *, alert: str = "drop") -> AlertRaised:
    return AlertRaised(
        id=f"r{number}",
        customer_id=customer_id,
        at=NOON,
        model="starter",
        model_version=1,
        alert=alert,
        severity=Severity.WARNING,
        message="less than before",
        because=BECAUSE,
    )


def resolved(number: int, customer_id: str = "c1", *, alert: str = "drop") -> AlertResolved:
    return AlertResolved(
        id=f"s{number}",
        customer_id=customer_id,
        at=NOON,
        model="starter",
        model_version=1,
        alert=alert,
        raised_id=f"r{number}",
        because=BECAUSE,
    )


def stage_changed(customer_id: str, *, from_stage: str | None = None, to: str = "awareness") -> StageChanged:
    return StageChanged(
        id="i1",
        customer_id=customer_id,
        at=NOON,
        model="starter",
        model_version=1,
        framework="clm",
        from_stage=from_stage,
        to_stage=to,
        direction=MoveDirection.FORWARD,
        dwell_ms=0,
        because=Because(rule="", values={}, touchpoints=[], trigger=Trigger(kind="time")),
    )


def app_of(service: FixedService, admission: Admission) -> Litestar:
    """Build the application over a service."""
    registry = CollectorRegistry()
    return create_app(
        service,
        admission=admission,
        instrumentation=Instrumentation(service.model, build="0", registry=registry),
        registry=registry,
        version="0",
        now=lambda: NOON,
    )


Serve = Callable[[Admission], TestClient[Litestar]]


@pytest.fixture
def service() -> FixedService:
    return FixedService()


@pytest.fixture
def serve(service: FixedService) -> Iterator[Serve]:
    """Serve the API with an admission of the test's own, as http://127.0.0.1:8400."""
    open_clients: list[TestClient[Litestar]] = []

    def start(admission: Admission) -> TestClient[Litestar]:
        client = TestClient(app_of(service, admission), base_url="http://127.0.0.1:8400")
        client.__enter__()
        open_clients.append(client)
        return client

    yield start
    for client in open_clients:
        client.__exit__(None, None, None)


@pytest.fixture
def client(serve: Serve) -> TestClient[Litestar]:
    return serve(Admission())
