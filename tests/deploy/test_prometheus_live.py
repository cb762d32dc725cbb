"""A running Rapport watched by a real Prometheus: same figures, an alert that fires and resolves."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from deploy.grafana.__main__ import dashboards
from streams.metrics_table import exported
from tests.cli.process import Up, touchpoint, until
from tests.deploy import promql
from tests.deploy.prometheus import tool
from tests.deploy.watching import WINDOW, Watching, watching

pytestmark = pytest.mark.slow

DEADLINE_S = 40.0
JOB = {"job": "rapport"}
# What gives nothing while nothing of it has happened.
QUIET = re.compile(r"> 0|quantile|p99|p50|requests_refused|ratio5m|:mean|:ratio")
ELSEWHERE = {series for each in exported() if "up" not in each.where for series in each.series}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("watched") / "data")
    yield running
    running.client.close()
    running.kill()


@pytest.fixture(scope="module")
def watched(up: Up, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watching]:
    """Rapport with customers in several stages, and a Prometheus that has seen it."""
    for number in range(30):
        page = "/pricing" if number % 3 else "/blog"
        up.post(touchpoint(f"page-{number}", f"customer-{number}", properties={"path": page}))
    up.post(touchpoint("answer", "customer-0", event="NPS Answered", properties={"score": 9}))
    up.post(touchpoint("order", "customer-1", event="Order Completed", properties={"revenue": 20}))
    target = str(up.client.base_url).removeprefix("http://").rstrip("/")
    with watching(tmp_path_factory.mktemp("prometheus"), target) as found:
        until(lambda: found.ask("job:engagement_customers:sum") == [
            ({"__name__": "job:engagement_customers:sum", **JOB}, 30.0)
        ], deadline_s=DEADLINE_S)  # fmt: skip
        yield found


def test_prometheus_counts_customers_as_the_api_does(up: Up, watched: Watching) -> None:
    """Customers in every stage of every framework, and all of them, zeros included."""
    kpis = up.client.get("/v1/kpis").json()

    found = watched.ask("job_framework_stage:engagement_customers_in_stage:sum")

    expected = {
        (framework, stage): count
        for framework, stages in kpis["stages"].items()
        for stage, count in stages.items()
    }
    assert {(labels["framework"], labels["stage"]): value for labels, value in found} == expected
    assert len({count for count in expected.values() if count}) > 1
    assert sum(value for _, value in watched.ask("engagement_customers")) == kpis["customers"]


def test_nothing_is_wrong_with_a_run_that_is_well(watched: Watching) -> None:
    """No alert is pending or fires, though each would at once; but for a machine whose disk is full."""
    until(lambda: watched.ask("job:engagement_records_read:rate5m") == [(
        {"__name__": "job:engagement_records_read:rate5m", **JOB}, 0.0)], deadline_s=DEADLINE_S)  # fmt: skip

    assert watched.ask('ALERTS{alertname!~"RapportDisk.+"}') == []
    assert [value for _, value in watched.ask("job:engagement_records:conservation_difference")] == [0]
    assert [value for _, value in watched.ask("job:engagement_partitions:unowned")] == [0]


def test_prometheus_finds_no_fault_with_the_metrics_themselves(up: Up) -> None:
    """Names, units and types, by its own linter."""
    told = subprocess.run(
        [tool("promtool"), "check", "metrics"],
        input=up.client.get("/metrics").text, capture_output=True, text=True, check=False,
    )  # fmt: skip
    ours = [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("engagement_")]

    assert ours == []


def test_every_panel_has_something_to_show(watched: Watching) -> None:
    """Prometheus takes every query of the dashboards; what an embedded run has, it gives."""
    empty = []
    for name, dashboard in dashboards().items():
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                expr = re.sub(r"\$__\w+", WINDOW, target["expr"])
                expr = (
                    expr.replace("$job", "rapport")
                    .replace("$framework", "clm")
                    .replace("$score", "engagement")
                )
                found, is_elsewhere = watched.ask(expr), promql.of(expr).metrics & ELSEWHERE
                if found == [] and not is_elsewhere and not QUIET.search(expr):
                    empty.append(f"{name} {panel['title']}: {expr}")

    assert empty == []


def test_an_alert_reaches_its_receiver_and_is_resolved(up: Up, watched: Watching) -> None:
    """A record that cannot be read: fired through Alertmanager to the chat, and over when no more come."""
    told = {"alertname": "RapportDeadLetters", "reason": "invalid", "source": "edge", "path": "/chat", **JOB}
    assert not watched.receiver.has("firing", **told)

    refused = up.post(touchpoint("bad", "customer-1", event=7)).json()["refused"]
    until(lambda: watched.receiver.has("firing", **told), deadline_s=DEADLINE_S)
    until(lambda: watched.receiver.has("resolved", **told), deadline_s=DEADLINE_S)

    assert len(refused) == 1
    assert {path for path, alert in watched.receiver.alerts} == {"/chat"}
    (first, *_) = [alert for _, alert in watched.receiver.alerts]
    assert first["annotations"]["summary"] == "Dead letters of rapport: invalid"
