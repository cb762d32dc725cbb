"""Figures about everybody, worked out by hand: who customers are now, and what flowed today."""

import msgspec
import pytest

from schemas.instants import instant
from schemas.views import AnswerFigures, ScoreFigures
from streams.runtime.kpis import MOST_SEGMENTS
from streams.runtime.record import Record
from streams.testing import TopologyTestDriver
from tests.nodes import DAY, HOUR
from tests.runtime.shop import NOON, driver_of
from tests.telling import tell

DECISIONS = """
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
segments: [plan]
"""


@pytest.fixture
def driver() -> TopologyTestDriver:
    """Three customers: one of the day before, two of today, of whom one has a plan."""
    made = driver_of(DECISIONS)
    tell(made, "visit", NOON - DAY, customer="old", traits={"plan": "free"})
    tell(made, "ask", NOON - DAY + HOUR, customer="old", properties={"score": 6})
    tell(made, "visit", NOON, customer="old")
    tell(made, "buy", NOON, customer="new", properties={"revenue": 20}, traits={"plan": "pro"})
    tell(made, "buy", NOON, customer="new", properties={"total": 5.5})
    tell(made, "gift", NOON, customer="other")
    tell(made, "ask", NOON, customer="other", properties={"score": 9.5})
    return made


def test_who_customers_are_now_is_counted_as_they_stand(driver: TopologyTestDriver) -> None:
    """Customers, the new ones, the active ones by days back, stages and flags, and open alerts."""
    found = driver.processor.kpis()

    assert found.as_of == instant(NOON)
    assert (found.customers, found.new_today) == (3, 2)
    assert found.active == {"1": 3, "7": 3, "28": 3}
    assert found.stages == {"way": {"low": 2, "top": 1}, "habits": {"visitor": 2, "giver": 1}}
    assert found.alerts_open == {"unhappy": 1, "bought": 0}


def test_one_touchpoint_from_far_ahead_puts_nobody_else_into_another_day() -> None:
    """A sender may write any time into `received_at`; figures are no later than the log has seen."""
    driver = driver_of(DECISIONS)
    tell(driver, "visit", NOON, customer="a")
    driver.processor.check_future = True  # as in a log, whose append times count
    ahead = NOON + 70 * 365 * DAY
    value = {
        "message_id": "ahead", "customer_id": "b", "event": "visit",
        "timestamp": instant(ahead), "received_at": instant(ahead),
    }  # fmt: skip
    record = Record(driver.processor.position, NOON + HOUR, b"b", msgspec.json.encode(value))
    driver.processor.process([record])

    found = driver.processor.kpis()

    assert found.as_of == instant(NOON + HOUR + driver.processor.model.settings.future_tolerance_ms)
    assert (found.customers, found.active["1"]) == (2, 1)
    assert all(0 <= each.sum < 1e6 for each in found.scores.values())


def test_of_very_many_values_of_a_trait_the_rare_ones_are_counted_together() -> None:
    """Those of most customers have their own figures, and nobody is left out."""
    driver = driver_of(DECISIONS)
    for number in range(MOST_SEGMENTS + 5):
        tell(driver, "visit", NOON, customer=f"c{number}", traits={"plan": f"p{number}"})
    tell(driver, "visit", NOON, customer="again", traits={"plan": "p54"})

    found = driver.processor.kpis().segments["plan"]

    assert len(found) == MOST_SEGMENTS + 1
    assert found["p54"]["way"]["low"] == 2
    assert sum(stages["way"]["low"] for stages in found.values()) == MOST_SEGMENTS + 6


def test_a_score_is_a_sum_over_those_who_have_it_and_ten_bins(driver: TopologyTestDriver) -> None:
    """One and a half points of `half_at: 1` are 100 * (1 - 2 ** -1.5); without an answer there is no mood."""
    found = driver.processor.kpis().scores

    assert found["engagement"] == ScoreFigures(
        customers=3, sum=pytest.approx(100 * (1 - 2**-1.5)), bins=[2, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    )
    assert found["mood"] == ScoreFigures(customers=2, sum=155.0, bins=[0, 0, 0, 0, 0, 0, 1, 0, 0, 1])


def test_answers_are_counted_while_they_stand(driver: TopologyTestDriver) -> None:
    """By whole values; the one of yesterday stands through the last millisecond of its two days."""
    over = NOON - DAY + HOUR + 2 * DAY
    driver.elapse(over - 1)
    before = driver.processor.kpis().answers
    driver.elapse(over)

    assert before == {"nps": AnswerFigures(answers=2, sum=15.5, values={"6": 1, "9": 1})}
    assert driver.processor.kpis().answers == {"nps": AnswerFigures(answers=1, sum=9.5, values={"9": 1})}


def test_what_flowed_is_that_of_today(driver: TopologyTestDriver) -> None:
    """Moves and alerts raised, and per signal touchpoints and amounts; yesterday's are not among them."""
    found = driver.processor.kpis()

    assert found.transitions == {
        "way": {">low": 1, ">top": 1},
        "habits": {">visitor": 1, ">giver": 1},
    }
    assert found.alerts_raised == {"unhappy": 0, "bought": 1}
    assert found.signals == {"purchase": (2, 25.5), "visit": (2, 2.0), "given": (1, 2.5), "ask": (1, 1.0)}


def test_on_a_day_on_which_nothing_happens_nothing_flows(driver: TopologyTestDriver) -> None:
    """The figures are of the instant that ticks have come to: who customers are stays, flows are nothing."""
    driver.elapse(NOON + 6 * DAY)

    found = driver.processor.kpis()

    assert found.as_of == instant(NOON + 6 * DAY)
    assert (found.customers, found.new_today) == (3, 0)
    assert found.active == {"1": 0, "7": 3, "28": 3}
    assert found.stages["way"] == {"low": 2, "top": 1}
    assert found.transitions == {"way": {}, "habits": {}}
    assert found.alerts_raised == {"unhappy": 0, "bought": 0}
    assert found.signals == dict.fromkeys(("purchase", "visit", "given", "ask"), (0, 0.0))


@pytest.mark.parametrize(
    ("days", "active"),
    [
        (0, {"1": 1, "7": 1, "28": 1}),
        (1, {"1": 0, "7": 1, "28": 1}),
        (6, {"1": 0, "7": 1, "28": 1}),
        (7, {"1": 0, "7": 0, "28": 1}),
        (27, {"1": 0, "7": 0, "28": 1}),
        (28, {"1": 0, "7": 0, "28": 0}),
        (400, {"1": 0, "7": 0, "28": 0}),
    ],
)
def test_active_days_are_utc_days_back_from_today(days: int, active: dict[str, int]) -> None:
    """Today counts as the first; what is not activity makes nobody active."""
    driver = driver_of(DECISIONS)
    tell(driver, "visit", NOON)
    tell(driver, "visit", NOON + days * DAY, direction="out")

    assert driver.processor.kpis().active == active


def test_segments_split_the_stages_by_a_trait(driver: TopologyTestDriver) -> None:
    """Under "" stand those whose trait is not known; flags are counted too."""
    nobody = {"way": {"low": 0, "top": 0}, "habits": {"visitor": 0, "giver": 0}}

    assert driver.processor.kpis().segments == {
        "plan": {
            "free": nobody | {"way": {"low": 1, "top": 0}, "habits": {"visitor": 1, "giver": 0}},
            "pro": nobody | {"way": {"low": 0, "top": 1}},
            "": nobody | {"way": {"low": 1, "top": 0}, "habits": {"visitor": 1, "giver": 1}},
        }
    }


def test_an_empty_trait_is_like_none(driver: TopologyTestDriver) -> None:
    """Both stand under "": nobody is left out."""
    before = driver.processor.kpis().segments["plan"][""]
    tell(driver, "visit", NOON, customer="blank", traits={"plan": ""})

    found = driver.processor.kpis().segments["plan"][""]

    assert (before["way"]["low"], found["way"]["low"]) == (1, 2)


def test_a_deleted_customer_is_in_no_figure_of_now(driver: TopologyTestDriver) -> None:
    """What flowed through it stays counted, as it was; its deletion is no touchpoint of a signal."""
    tell(driver, "buy", NOON + 1, customer="new", kind="delete")

    found = driver.processor.kpis()

    assert found.customers == 2
    assert found.stages["way"] == {"low": 2, "top": 0}
    assert set(found.segments["plan"]) == {"free", ""}
    assert found.signals["purchase"] == (2, 25.5)


def test_without_customers_every_figure_is_nothing() -> None:
    """An empty partition has the same names as a full one."""
    found = driver_of(DECISIONS).processor.kpis()

    assert (found.customers, found.new_today, found.active) == (0, 0, {"1": 0, "7": 0, "28": 0})
    assert found.stages == {"way": {"low": 0, "top": 0}, "habits": {"visitor": 0, "giver": 0}}
    assert found.scores["engagement"] == ScoreFigures(customers=0, sum=0.0, bins=[0] * 10)
    assert found.segments == {"plan": {}}
    assert set(found.outcomes.values()) == {0}


def test_outcomes_are_the_running_totals(driver: TopologyTestDriver) -> None:
    """A duplicate is counted there and nowhere else."""
    before = driver.processor.kpis()
    tell(driver, "visit", NOON, customer="old", message="m2")

    found = driver.processor.kpis()

    assert found.outcomes == before.outcomes | {"duplicate": 1}
    assert found.signals == before.signals
