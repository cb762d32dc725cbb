"""The API over what was taken over from Kafka: every route, with a file and without a broker."""

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from prometheus_client import CollectorRegistry

from schemas.instants import milliseconds
from streams.cli.materialised_answers import Findings, MaterialisedAnswers
from streams.dashboard.app import create_app
from streams.dashboard.guard import Admission
from streams.instrumentation import Instrumentation
from streams.materialised.arrival import Touch
from streams.model.problems import Problem
from tests.materialised.building import MODEL, NOON, Bench, figures, move, raised, resolved, scores, told

CHECKED = [Problem(severity="warning", reason="a stage that nobody enters")]


@pytest.fixture
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("bench"))
    yield bench
    bench.file.close()


def service(bench: Bench, *, has_timeline: bool = False, trouble: str | None = None) -> MaterialisedAnswers:
    return MaterialisedAnswers(
        bench.file, bench.intake, MODEL, behind=lambda: {"engagement.scores.v1": 3},
        trouble=lambda: trouble, has_timeline=has_timeline,
    )  # fmt: skip


@pytest.fixture
def client(bench: Bench) -> Iterator[TestClient[Litestar]]:
    registry = CollectorRegistry()
    app = create_app(
        service(bench), admission=Admission(), registry=registry, version="0", now=lambda: NOON,
        instrumentation=Instrumentation(MODEL, build="0", registry=registry),
        findings=Findings(CHECKED, bench.intake),
    )  # fmt: skip
    with TestClient(app, base_url="http://127.0.0.1:8400") as client:
        yield client


def fill(bench: Bench) -> None:
    bench.take(
        told(move(1)), told(raised(2)), told(raised(3)), told(resolved(3)),
        told(scores(4, "ada", held=["buyer"], engagement=12.5)), told(scores(5, "bob", engagement=80.0)),
        figures(0, 5), figures(1, 7),
    )  # fmt: skip


def test_every_question_is_answered_from_the_file(bench: Bench, client: TestClient[Litestar]) -> None:
    """As one process would, where the topics tell of it."""
    fill(bench)

    def get(path: str) -> object:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    pages = {
        path: get(path)
        for path in (
            "/v1/customers?score=engagement&min=50", "/v1/customers/ada", "/v1/customers/ada/why",
            "/v1/customers/ada/touchpoints", "/v1/customers/ada/scores", "/v1/transitions",
            "/v1/alerts?state=open", "/v1/kpis", "/v1/kpis/history", "/v1/frameworks/clm/flows",
            "/v1/model", "/v1/status", "/readyz",
        )
    }  # fmt: skip

    assert [each["customer_id"] for each in pages["/v1/customers?score=engagement&min=50"]["customers"]] == [
        "bob"
    ]
    assert pages["/v1/customers/ada"]["open_alerts"][0]["alert"] == "drop"
    assert pages["/v1/customers/ada/touchpoints"] == {"touchpoints": [], "next": None, "kept": False}
    assert pages["/v1/kpis"]["customers"] == 12
    assert pages["/v1/frameworks/clm/flows"]["flows"][0]["moves"] == 1
    status = pages["/v1/status"]
    assert (status["mode"], status["behind"], status["row_bytes"]) == ("kafka", 3, None)
    assert [each["customers"] for each in status["partitions"]] == [5, 7]
    assert client.get("/v1/customers/nobody").status_code == 404
    assert client.get("/v1/customers/nobody/why").status_code == 404


def test_figures_that_nobody_told_are_not_ready(client: TestClient[Litestar]) -> None:
    """Rather than zero; the status knows of no partition then."""
    assert client.get("/v1/kpis").status_code == 503
    assert client.get("/v1/status").json()["partitions"] == []


def test_figures_are_read_again_when_new_ones_came(bench: Bench) -> None:
    """And only then."""
    answers = service(bench)
    bench.take(figures(0, 5))
    first = answers.kpis().customers

    bench.take(figures(0, 6))

    assert (first, answers.kpis().customers) == (5, 6)


def test_an_alert_is_acknowledged_in_the_file(bench: Bench, client: TestClient[Litestar]) -> None:
    """One that is not there cannot be."""
    fill(bench)

    answer = client.post("/v1/alerts/r2/acknowledgement", json={"by": "kim", "note": "on it"})

    assert (answer.status_code, answer.json()["acknowledged"]["by"]) == (200, "kim")
    assert client.get("/v1/alerts?acknowledged=true").json()["alerts"][0]["raised"]["id"] == "r2"
    assert client.post("/v1/alerts/none/acknowledgement", json={"note": ""}).status_code == 404


def test_another_model_of_the_workers_is_a_finding(bench: Bench, client: TestClient[Litestar]) -> None:
    """As long as the newest output is of it; what the check found stays."""

    def reasons() -> list[str]:
        return [each["reason"] for each in client.get("/v1/model").json()["findings"]]

    before = reasons()
    bench.take(told(scores(1, version=9)))
    meanwhile = reasons()
    bench.take(told(scores(2)))

    assert before == reasons() == ["a stage that nobody enters"]
    assert meanwhile == ["the workers have another model: shop version 9", *before]
    assert Findings(CHECKED, bench.intake)[0:1] == CHECKED


def test_touchpoints_are_answered_where_they_are_kept(bench: Bench) -> None:
    """With a timeline, and what hinders is passed on."""
    answers = service(bench, has_timeline=True, trouble="the broker is away")
    bench.take(Touch(b"ada", milliseconds(NOON), b'{"event": "Page Viewed"}'))

    page = answers.touchpoints("ada", before=None, limit=9)

    assert ([each.event for each in page.touchpoints], page.kept) == (["Page Viewed"], True)
    assert answers.hindrance() == "the broker is away"
