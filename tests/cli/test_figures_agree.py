"""One instant, four ways: figures of the API, of the metrics, of lists, and of every single customer."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from schemas.views import PartitionKpis
from tests.cli.edge import MODEL, NOON, Edge, touchpoint


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """A hundred and fifty made-up customers who did something until today, a few of whom were deleted."""
    opened = Edge(tmp_path_factory.mktemp("edge"))
    opened.populate(150, 4_000)
    names = [each["customer_id"] for each in listed(opened)]
    gone = [touchpoint(n, customer_id=name, kind="delete") for n, name in enumerate(names[:7])]
    today = [
        touchpoint(100 + n, customer_id=name, event="Order Completed", properties={"revenue": 10.5 + n})
        for n, name in enumerate([*names[20:30], "new-1", "new/2"])
    ]
    assert opened.client.post("/v1/touchpoints", json=[*gone, *today]).status_code == 200
    opened.settle()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def kpis(edge: Edge) -> dict[str, Any]:
    found: dict[str, Any] = edge.client.get("/v1/kpis").json()
    return found


def listed(edge: Edge, **asked: str) -> list[dict[str, Any]]:
    """Return all customers that a list has, page by page."""
    lines: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = edge.client.get("/v1/customers", params=asked | ({"cursor": cursor} if cursor else {})).json()
        lines += page["customers"]
        cursor = page["next"]
        if cursor is None:
            return lines


def metrics(edge: Edge, name: str) -> dict[tuple[tuple[str, str], ...], float]:
    """Return the samples of a metric by their labels, without the partition."""
    found: Counter[tuple[tuple[str, str], ...]] = Counter()
    for family in text_string_to_metric_families(edge.client.get("/metrics").text):
        for sample in family.samples:
            if sample.name == name:
                labels = {key: value for key, value in sample.labels.items() if key != "partition"}
                found[tuple(sorted(labels.items()))] += sample.value  # type: ignore[assignment]
    return dict(found)


def test_customers_are_counted_alike(edge: Edge, kpis: dict[str, Any]) -> None:
    """In the figures, in the list, in the status, in the metrics and one by one."""
    with edge.run.processor() as processor:
        live = list(processor.customers())

    assert len(live) > 100
    assert kpis["customers"] == len(live) == len(listed(edge, limit="17"))
    assert [each["customer_id"] for each in listed(edge)] == sorted(live)
    assert edge.client.get("/v1/status").json()["partitions"][0]["customers"] == len(live)
    assert metrics(edge, "engagement_customers") == {(): len(live)}


def test_stages_are_counted_alike(edge: Edge, kpis: dict[str, Any]) -> None:
    """Of each framework: as the list shows them, as it finds them, and as the metrics have them."""
    lines = listed(edge)
    gauges = metrics(edge, "engagement_customers_in_stage")

    for framework, stages in kpis["stages"].items():
        shown = Counter(
            stage
            for line in lines
            for stage in _several(line["stages"].get(framework, _UNTOLD))
            if stage is not _UNTOLD
        )
        for stage, count in stages.items():
            found = listed(edge, framework=framework, stage=stage, limit="40")
            assert len(found) == count, (framework, stage)
            if framework in lines[0]["stages"]:
                assert shown[stage] == count, (framework, stage)
                assert gauges[(("framework", framework), ("stage", stage))] == count


def test_scores_are_counted_alike(edge: Edge, kpis: dict[str, Any]) -> None:
    """Who has one, their sum, and the ten bins: by every line, by ranges, and by the metrics."""
    lines = listed(edge)
    below = metrics(edge, "engagement_score_bucket")
    sums = metrics(edge, "engagement_score_gsum")

    for score, figures in kpis["scores"].items():
        values = [line["scores"][score] for line in lines if line["scores"][score] is not None]
        assert figures["customers"] == len(values)
        assert figures["sum"] == pytest.approx(sum(values), rel=1e-4)  # lines are up to a minute older
        assert len(listed(edge, score=score, min="0")) == len(values)
        for number, count in enumerate(figures["bins"]):
            low, high = 10 * number, 10 * number + 10
            assert count == sum(low <= value < high or value == high == 100 for value in values)
            assert len(listed(edge, score=score, min=str(low), max=str(high))) == sum(
                low <= value <= high for value in values
            )
            bound = f"{high:.1f}" if high < 100 else "+Inf"
            assert below[(("le", bound), ("score", score))] == sum(figures["bins"][: number + 1])
        assert sums[(("score", score),)] == pytest.approx(figures["sum"])


def test_each_customer_is_in_the_list_as_by_itself(edge: Edge) -> None:
    """Where it is; and its scores, which the list reads up to a minute later."""
    for line in listed(edge)[::7]:
        with edge.run.processor() as processor:
            view = processor.customer(line["customer_id"])
        assert view is not None
        alone = msgspec.to_builtins(view)
        assert (alone["levels"], alone["stages"]) == (line["levels"], line["stages"])
        assert alone["scores"] == pytest.approx(line["scores"], rel=1e-3)


def test_alerts_are_counted_alike(edge: Edge, kpis: dict[str, Any]) -> None:
    """Open ones: in the figures, in the book, with each customer, and in the metrics."""
    book = edge.client.get("/v1/alerts", params={"state": "open", "limit": "1000"}).json()["alerts"]
    by_customer: Counter[str] = Counter()
    with edge.run.processor() as processor:
        for name in processor.customers():
            view = processor.customer(name)
            assert view is not None
            by_customer.update(each.alert for each in view.open_alerts)
    lasting = {each.name for each in MODEL.alerts if each.kind == "state"}
    gauges = metrics(edge, "engagement_alerts_open")

    opened = {name: count for name, count in kpis["alerts_open"].items() if name in lasting}
    assert opened == {name: by_customer[name] for name in opened}
    assert sum(opened.values()) > 0
    assert {name: gauges[(("alert", name),)] for name in opened} == opened
    live = {each["raised"]["customer_id"] for each in book} & {each["customer_id"] for each in listed(edge)}
    in_book = Counter(each["raised"]["alert"] for each in book if each["raised"]["customer_id"] in live)
    assert in_book == Counter(opened)


def test_transitions_of_today_are_counted_alike(edge: Edge, kpis: dict[str, Any]) -> None:
    """In the figures, in the list of transitions, and in the flows of a day."""
    told: list[dict[str, Any]] = []
    cursor = None
    while True:
        asked = {"limit": "1000"} | ({"cursor": cursor} if cursor else {})
        page = edge.client.get("/v1/transitions", params=asked).json()
        told += page["transitions"]
        cursor = page["next"]
        if cursor is None:
            break
    today = f"{NOON:%Y-%m-%d}"

    for framework in {each["framework"] for each in told}:
        moves = Counter(
            f"{each['from_stage'] or ''}>{each['to_stage'] or ''}"
            for each in told
            if each["framework"] == framework and each["at"].startswith(today)
        )
        flows = edge.client.get(f"/v1/frameworks/{framework}/flows", params={"days": "1"}).json()
        assert kpis["transitions"][framework] == dict(moves)
        assert flows["by_day"].get(today, 0) == sum(moves.values())
        assert {
            f"{each['from_stage'] or ''}>{each['to_stage'] or ''}": each["moves"] for each in flows["flows"]
        } == dict(moves)
        assert {each["stage"]: each["customers"] for each in flows["stages"]} == kpis["stages"][framework]


def test_touchpoints_are_counted_alike(edge: Edge, kpis: dict[str, Any]) -> None:
    """Every stored record is in one outcome, also in the metrics; today's add up in every way."""
    totals = metrics(edge, "engagement_touchpoints_total")

    assert sum(kpis["outcomes"][name] for name in _outcomes(kpis)) == edge.log.next_offset
    assert {name: totals[(("outcome", name),)] for name in _outcomes(kpis)} == {
        name: kpis["outcomes"][name] for name in _outcomes(kpis)
    }
    assert sum(kpis["channels"].values()) == sum(kpis["sources"].values()) == sum(kpis["types"].values())
    assert kpis["signals"]["purchase"] == [12, pytest.approx(sum(10.5 + n for n in range(12)))]
    assert kpis["new_today"] >= 2


def test_the_history_ends_with_the_figures_of_now(edge: Edge, kpis: dict[str, Any]) -> None:
    """The last hour and the last day are this one."""
    for step in ("hour", "day"):
        points = edge.client.get("/v1/kpis/history", params={"step": step}).json()["points"]
        last = msgspec.convert(points[-1]["kpis"], PartitionKpis)
        assert last.as_of <= msgspec.convert(kpis, PartitionKpis).as_of


_UNTOLD = object()


def _several(stage: Any) -> list[Any]:
    return stage if isinstance(stage, list) else [stage]


def _outcomes(kpis: dict[str, Any]) -> list[str]:
    from streams.runtime.processor import OUTCOMES

    return [name for name in kpis["outcomes"] if name in OUTCOMES]
