"""The embedded run behind the HTTP edge, in one process: a full disk, readiness, reads after writes."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from streams.archive.outputs import insert, told_row
from streams.cli import answers
from streams.runtime.embedded.log import EmbeddedLog
from tests.cli.edge import NOON, NOON_MS, Edge, touchpoint
from tests.cli.process import until
from tests.dashboard.conftest import raised


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    opened = Edge(tmp_path)
    yield opened
    opened.close()


def test_a_full_disk_is_refused_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """Each batch is answered 200 and is there after a restart, or 503 with Retry-After and is not."""
    edge = Edge(tmp_path, max_bytes=300_000)
    acknowledged, refused = list[str](), list[str]()
    for batch in range(200):
        items = [touchpoint(batch * 10 + n, properties={"text": "x" * 200}) for n in range(10)]
        answer = edge.client.post("/v1/touchpoints", json=items)
        ids = [item["message_id"] for item in items]
        if answer.status_code == 200:
            acknowledged += ids
        else:
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert answer.headers["content-type"] == "application/problem+json"
            assert "space" in answer.json()["detail"]
            refused += ids
            break
    readiness = edge.client.get("/readyz")
    edge.close()

    with EmbeddedLog(tmp_path) as reopened:
        stored = b"".join(record.value for record in reopened.read(0, 100_000))

    assert acknowledged
    assert refused
    assert all(f'"{each}"'.encode() in stored for each in acknowledged)
    assert not any(f'"{each}"'.encode() in stored for each in refused)
    assert readiness.status_code == 503


def test_an_acknowledgement_that_finds_no_room_is_refused_with_the_reason(tmp_path: Path) -> None:
    """503 with Retry-After, as for touchpoints: a full disk is no defect."""
    edge = Edge(tmp_path, max_bytes=200_000)
    alerts = [told_row(raised(number), msgspec.json.encode(raised(number))) for number in range(99)]
    with closing(sqlite3.connect(edge.log.path, isolation_level=None)) as other:
        insert(other, alerts, written_ms=NOON_MS)
    ids = [alert.told.id for alert in alerts if alert.told is not None]

    answers = [
        edge.client.post(f"/v1/alerts/{each}/acknowledgement", json={"by": "kim", "note": "x" * 2_000})
        for each in ids * 3
    ]
    kept = edge.client.get("/v1/alerts?acknowledged=true&limit=1000").json()["alerts"]
    edge.close()

    refused = [each for each in answers if each.status_code != 200]
    assert {(each.status_code, each.headers["retry-after"]) for each in refused} == {(503, "1")}
    assert "space" in refused[0].json()["detail"]
    assert len(kept) == len({each.url for each in answers if each.status_code == 200})


def test_before_the_state_is_there_posts_are_taken_and_readers_wait(edge: Edge) -> None:
    """Durable is durable, recovered or not; what is not known yet is not called unknown."""
    posted = edge.client.post("/v1/touchpoints", json=touchpoint(1))
    early = edge.client.get("/v1/customers/ada")
    not_ready = edge.client.get("/readyz")
    while edge.run.step():
        pass
    late = edge.client.get("/v1/customers/ada")

    assert posted.status_code == 200
    assert (early.status_code, not_ready.status_code) == (503, 503)
    assert (late.status_code, edge.client.get("/readyz").status_code) == (200, 200)


@pytest.mark.parametrize("behind", [20_000, 20_001])
def test_far_behind_is_not_ready(edge: Edge, behind: int) -> None:
    """Answers that are many records old are not current; on both sides of the limit."""
    edge.run.recover()
    edge.log.append([(b"ada", b"x")] * behind, NOON_MS)

    answer = edge.client.get("/readyz")

    assert answer.status_code == (200 if behind == 20_000 else 503)


def test_a_reader_sees_its_own_posts(edge: Edge) -> None:
    """A customer that was posted before the question is in the answer, every time."""
    edge.run.start()
    for number in range(30):
        edge.client.post("/v1/touchpoints", json=touchpoint(number, customer_id=f"c{number}"))
        assert edge.client.get(f"/v1/customers/c{number}").status_code == 200


def test_customers_are_counted_as_in_the_figures(edge: Edge) -> None:
    """Those that are there, without the deleted; nobody before the first."""
    edge.run.recover()
    before = edge.service.customer_count()
    edge.client.post("/v1/touchpoints", json=[touchpoint(n, customer_id=f"c{n}") for n in range(3)])
    edge.client.post("/v1/touchpoints", json=touchpoint(3, customer_id="c0", kind="delete"))

    while edge.run.step():
        pass

    assert (before, edge.service.customer_count(), edge.service.kpis().customers) == (0, 2, 2)


def test_touchpoints_from_the_future_are_dead_letters_of_the_log(edge: Edge) -> None:
    """Accepted by the edge, which knows no time; found by the processor, and counted there."""
    future = (NOON + timedelta(minutes=5, milliseconds=1)).isoformat()
    edge.client.post("/v1/touchpoints", json=[touchpoint(1), touchpoint(2, timestamp=future)])

    while edge.run.step():
        pass
    edge.run.flush()

    metrics = edge.client.get("/metrics").text
    assert 'engagement_dead_letters_total{reason="future",source="log"} 1.0' in metrics
    assert 'engagement_touchpoints_total{outcome="dead_letter"} 1.0' in metrics
    assert 'engagement_touchpoints_total{outcome="applied"} 1.0' in metrics


def test_figures_that_take_long_are_made_beside(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks gets the last ones at once, and soon the new ones."""
    monkeypatch.setattr(answers, "_SLOW_KPIS_S", -1.0)
    monkeypatch.setattr(answers, "_KPIS_SHARE", 1_000_000)
    monkeypatch.setattr(answers, "_KPIS_S", 0.3)
    edge.run.recover()
    before = edge.service.kpis().customers
    edge.client.post("/v1/touchpoints", json=touchpoint(1))
    while edge.run.step():
        pass

    asked = [edge.service.kpis().customers]
    until(lambda: bool(asked.append(edge.service.kpis().customers)) or asked[-1] == 1)

    assert (before, asked[0]) == (0, 0)
    assert sorted(asked) == asked


def test_figures_are_not_made_of_a_state_that_is_gone(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the state is taken over again there are none, rather than old ones for ever."""
    monkeypatch.setattr(answers, "_SLOW_KPIS_S", -1.0)
    monkeypatch.setattr(answers, "_KPIS_SHARE", 1_000_000)
    monkeypatch.setattr(answers, "_KPIS_S", 0.05)
    edge.run.recover()
    assert edge.service.kpis().customers == 0

    edge.run._drop()

    until(lambda: edge.client.get("/v1/kpis").status_code == 503)
    edge.run.recover()
    until(lambda: edge.client.get("/v1/kpis").status_code == 200)
