"""Metrics, liveness and readiness."""

from typing import Any

import pytest
from httpx import Client
from litestar.testing import TestClient
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from streams.dashboard.app import create_app
from streams.dashboard.guard import Admission
from streams.instrumentation import Instrumentation
from tests.dashboard.conftest import NOON


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_process_that_is_not_ready_lives_and_says_why(client: Client, service: Any) -> None:
    """Readiness is a problem with a reason; liveness is untouched by it."""
    service.trouble = "12 records behind"

    ready, alive = client.get("/readyz"), client.get("/healthz")

    assert (ready.status_code, alive.status_code) == (503, 200)
    assert ready.headers["content-type"] == "application/problem+json"
    assert ready.headers["retry-after"] == "1"
    assert ready.json()["detail"] == "12 records behind"


def test_a_ready_process_says_so(client: Client) -> None:
    """The contrary of the law above."""
    assert client.get("/readyz").json() == {"status": "ready"}


def test_no_metric_brings_a_second_series_with_the_time_it_was_made(client: Client) -> None:
    """The client library adds a `_created` beside every counter and histogram, and nobody reads them."""
    names = {name for name, _ in samples(client.get("/metrics").text)}

    assert "engagement_records_read_total" in names
    assert "engagement_flush_seconds_count" in names
    assert [name for name in names if name.endswith("_created")] == []


@pytest.mark.parametrize("route", ["/v1/customers/c1", "/v1/customers/c1/why", "/v1/kpis"])
def test_while_there_is_no_state_readers_are_asked_to_come_back(
    client: Client, service: Any, route: str
) -> None:
    """503 with Retry-After, not 404: nobody may take a customer for unknown during a recovery."""
    service.recovering = True

    answer = client.get(route)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.headers["content-type"] == "application/problem+json"


def test_metrics_are_prometheus_text(client: Client) -> None:
    """A scraper knows them by their content type."""
    assert client.get("/metrics").headers["content-type"].startswith("text/plain; version=")


@pytest.mark.parametrize(
    ("method", "route", "status"),
    [("GET", "/v1/nothing", 404), ("DELETE", "/v1/kpis", 405), ("POST", "/metrics", 405)],
)
def test_what_is_not_there_is_a_problem(client: Client, method: str, route: str, status: int) -> None:
    """No route, or no such method: a problem document like any other error."""
    answer = client.request(method, route)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_a_defect_is_told_and_counted_on_nobody(
    client: Client, service: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug in one answer is a 500 without details for the caller, with all of them in the log."""
    service.customer = None  # what a bug looks like: calling it raises TypeError

    answer = client.get("/v1/customers/c1")

    assert answer.status_code == 500
    assert "TypeError" not in answer.text
    assert [record.getMessage() for record in caplog.records if record.exc_info] == ["request_failed"]


def test_a_service_that_cannot_read_or_write_now_says_so(service: Any) -> None:
    """503 with Retry-After and the reason, and no traceback: a full disk is no defect."""
    registry = CollectorRegistry()

    class DiskFull(OSError):
        """As whatever stands behind the service may raise."""

    def fail(*_: object) -> None:
        raise DiskFull("no space is left")

    service.acknowledge = service.customer = fail
    app = create_app(
        service, admission=Admission(), registry=registry, version="0", now=lambda: NOON,
        instrumentation=Instrumentation(service.model, build="0", registry=registry), unavailable=[OSError],
    )  # fmt: skip

    with TestClient(app, base_url="http://127.0.0.1:8400") as client:
        asked = client.get("/v1/customers/c1")
        said = client.post("/v1/alerts/r1/acknowledgement", json={"note": ""})

    for answer in (asked, said):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["detail"] == "no space is left"
    assert registry.get_sample_value("engagement_requests_refused_total", {"reason": "unavailable"}) == 2
