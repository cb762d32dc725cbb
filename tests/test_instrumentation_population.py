"""The gauges about everybody: named after the model, there at zero, and nowhere but where they are true."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, generate_latest

from schemas.touchpoint import Channel
from schemas.views import AnswerFigures, PartitionKpis, ScoreFigures
from streams.instrumentation_population import Population
from streams.model.load import load_model_text
from streams.population_gauges import OF_CUSTOMERS, OF_STATE, PartitionReading
from streams.runtime.sizes import Sizes
from tests.figures import NOBODY
from tests.runtime.shop import MAP

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MODEL = load_model_text(
    MAP
    + """
frameworks:
  way:
    kind: ladder
    stages: {low: {}, top: {when: "since(purchase) < 7d"}}
  habits:
    kind: flags
    stages: {visitor: {when: "count(visit, 2d) >= 1"}, giver: {when: "ever(given)"}}
alerts:
  unhappy: {kind: state, when: "answer(nps) <= 6", cooldown: 1d}
  bought: {kind: event, upon: purchase, cooldown: 1h}
"""
)
SIZES = Sizes(
    rows={"customer": 3}, bytes={"customer": 900}, ids_remembered=7, ids_evicted_early=1, timers_due=2
)
FIGURES = replace(
    NOBODY,
    as_of=NOON,
    customers=3,
    new_today=2,
    active={"1": 1, "7": 2, "28": 3},
    stages={"way": {"low": 2, "top": 1}, "habits": {"visitor": 2, "giver": 1}},
    scores={"mood": ScoreFigures(customers=2, sum=155.0, bins=[0, 0, 0, 0, 0, 0, 1, 0, 0, 1])},
    answers={"nps": AnswerFigures(answers=2, sum=15.5, values={"6": 1, "9": 1})},
    alerts_open={"unhappy": 1, "bought": 0},
    signals={"purchase": (2, 25.5)},
    dwell_ms={"way": {"low": 2_500, "top": 0}},
    types={"cognitive": 4, "": 1},
    channels={"web": 5},
)


def reading(kpis: PartitionKpis = FIGURES) -> PartitionReading:
    return PartitionReading(
        kpis=kpis, sizes=SIZES, lag_records=5, lag_seconds=0.5, overdue_seconds=1.5, live_bytes=100,
        stored_bytes=300,
    )  # fmt: skip


class Shown:
    """A registry with the gauges of `readings`, which the test may change."""

    def __init__(self, readings: dict[int, PartitionReading]) -> None:
        self.registry = CollectorRegistry()
        self.readings = readings
        self.hindrance: str | None = None
        Population(
            MODEL,
            read=lambda: self.readings,
            partitions=lambda: 4,
            hindrance=lambda: self.hindrance,
            registry=self.registry,
        )

    def value(self, metric: str, **labels: str) -> float | None:
        """Return the sample of partition 0."""
        return self.registry.get_sample_value(f"engagement_{metric}", {"partition": "0", **labels})

    def series(self) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
        """Return names and labels of everything."""
        return {
            (sample.name, tuple(sorted(sample.labels.items())))
            for family in self.registry.collect()
            for sample in family.samples
        }


@pytest.fixture
def shown() -> Shown:
    return Shown({0: reading()})


def test_customers_are_counted_where_they_are(shown: Shown) -> None:
    """Stages, flags, activity and open alerts, as the figures have them."""
    assert shown.value("customers") == 3
    assert shown.value("customers_new_today") == 2
    assert [shown.value("customers_active", days=days) for days in ("1", "7", "28")] == [1, 2, 3]
    assert shown.value("customers_in_stage", framework="way", stage="top") == 1
    assert shown.value("customers_in_stage", framework="habits", stage="visitor") == 2
    assert shown.value("stage_dwell_seconds", framework="way", stage="low") == 2.5
    assert shown.value("alerts_open", alert="unhappy") == 1
    assert shown.value("figures_timestamp_seconds") == NOON.timestamp()


def test_a_score_is_a_distribution_of_customers(shown: Shown) -> None:
    """Buckets count those below their bound, the last one all; so quantiles and means can be taken."""
    bounds = ("10.0", "60.0", "70.0", "90.0", "+Inf")

    assert [shown.value("score_bucket", score="mood", le=bound) for bound in bounds] == [0, 0, 1, 1, 2]
    assert (shown.value("score_gcount", score="mood"), shown.value("score_gsum", score="mood")) == (2, 155)
    assert shown.value("score_gcount", score="engagement") == 0


def test_answers_are_counted_by_value_on_a_scale_that_is_not_too_wide(shown: Shown) -> None:
    """Each value of the scale is there, given or not."""
    given = [shown.value("answers_of_value", question="nps", value=str(value)) for value in range(11)]

    assert (shown.value("answers", question="nps"), shown.value("answers_value", question="nps")) == (2, 15.5)
    assert given == [0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0]
    assert shown.value("answers_of_value", question="nps", value="11") is None


def test_a_wide_scale_has_no_series_for_each_value() -> None:
    """A label of a hundred values is not a closed set that anybody reads."""
    model = load_model_text(
        MAP.replace("0-10", "0-100")
        + 'frameworks: {way: {kind: free, stages: {a: {when: "answer(nps) > 1"}}}}'
    )
    registry = CollectorRegistry()
    Population(
        model, read=lambda: {0: reading()}, partitions=lambda: 1, hindrance=lambda: None, registry=registry
    )

    assert registry.get_sample_value("engagement_answers", {"partition": "0", "question": "nps"}) == 2
    assert b"answers_of_value{" not in generate_latest(registry)


def test_touchpoints_of_the_day_are_told_by_signal_type_and_channel(shown: Shown) -> None:
    """All that the model knows, and one word for those without a type; sources are anybody's words."""
    assert shown.value("signal_touchpoints_today", signal="purchase") == 2
    assert shown.value("signal_amount_today", signal="purchase") == 25.5
    assert shown.value("signal_touchpoints_today", signal="given") == 0
    types = {kind: shown.value("type_touchpoints_today", type=kind) for kind in ("cognitive", "none")}
    assert types == {"cognitive": 4, "none": 1}
    assert shown.value("channel_touchpoints_today", channel="web") == 5
    assert all(shown.value("channel_touchpoints_today", channel=each) is not None for each in Channel)


def test_the_state_of_a_partition_is_told(shown: Shown) -> None:
    """Lag, timers, bytes, ids."""
    told = {gauge.name: shown.value(gauge.name) for gauge in OF_STATE if not gauge.labels}

    assert told == {
        "lag_records": 5, "lag_seconds": 0.5, "timers_due": 2, "timer_overdue_seconds": 1.5,
        "state_live_bytes": 100, "state_stored_bytes": 300, "ids_remembered": 7,
    }  # fmt: skip
    assert shown.value("table_rows", subject="customer") == 3
    assert shown.value("table_bytes", subject="customer") == 900
    assert shown.value("ids_evicted_early_total") == 1


def test_every_series_of_the_model_is_there_whatever_the_figures_hold() -> None:
    """A population in which nobody is has the same series as one in which everything is."""
    empty = replace(NOBODY, active=FIGURES.active)

    assert Shown({0: reading(empty)}).series() == Shown({0: reading()}).series()


def test_a_partition_that_is_not_running_here_has_no_series(shown: Shown) -> None:
    """So whoever adds workers up counts each once: it is gone with the very next look."""
    shown.readings = {0: reading(), 3: reading()}
    both = shown.series()

    shown.readings = {3: reading()}

    gone = both - shown.series()
    assert {dict(labels)["partition"] for _, labels in gone} == {"0"}
    assert {name.removeprefix("engagement_") for name, _ in gone} >= {
        gauge.name for gauge in (*OF_STATE, *OF_CUSTOMERS)
    }
    assert not any(("partition", "0") in labels for _, labels in shown.series())


def test_readiness_and_the_number_of_partitions_are_told_without_any(shown: Shown) -> None:
    """They are about the process: an alert on partitions that nobody owns needs both."""
    shown.readings, shown.hindrance = {}, "recovering"

    assert shown.registry.get_sample_value("engagement_ready") == 0
    assert shown.registry.get_sample_value("engagement_partitions") == 4
    shown.hindrance = None
    assert shown.registry.get_sample_value("engagement_ready") == 1
