"""Why a customer is where it is, worked out by hand: what made its scores, and what its rules read."""

import pytest

from schemas.instants import instant
from schemas.outputs import Contribution
from schemas.views import RuleReading, ScoreWhy, StageReading, StageWhy, Why
from streams.model.load import load_model, load_model_text
from streams.testing import TopologyTestDriver
from tests.nodes import DAY, HOUR
from tests.random_histories import at
from tests.telling import tell

NOON = at(2024, 3, 13, 12)
MODEL = """
model: reasons
version: 1
touchpoints:
  - {event: visit, signals: [visit], dimensions: {attention: 1}}
  - {event: shop, dimensions: {attention: 0.5}}
  - {event: like, signals: [like], dimensions: {warmth: 1}}
  - {event: hate, dimensions: {scorn: -1}}
dimensions:
  attention: {half_life: 1d, half_at: 1}
  warmth: {half_life: 2d, half_at: 1}
  scorn: {half_life: 1d, half_at: 1}
  zeal: {value: "min(attention, 100)"}
scores:
  engagement: mean(attention, warmth)
  net: attention / 2 - 0.25 * warmth
  again: score.engagement
  cold: 100 - warmth
  minus: 100 + -warmth
  eager: zeal
  busy: 10 * count(visit, 2d)
  bitter: scorn
frameworks:
  way:
    kind: ladder
    stages: {low: {}, middle: {when: "score.engagement >= 99"}, top: {when: "since(like) < 7d"}}
  habits:
    kind: flags
    stages: {visitor: {when: "ever(visit)"}, fan: {when: "count(like) >= 2"}}
levels: {rank: {bronze: {when: "ever(visit)"}}}
alerts:
  liked: {kind: event, upon: like, cooldown: 1d}
  warm: {kind: state, when: "score.engagement * score.cold >= 3000", cooldown: 1d}
"""


@pytest.fixture
def driver() -> TopologyTestDriver:
    """Two points of attention from two events, one of warmth, and scorn, all at one noon: 75, 50 and 0."""
    made = TopologyTestDriver(load_model_text(MODEL))
    for event in ("visit", "shop", "shop", "like", "hate"):
        tell(made, event, NOON)
    return made


def why(driver: TopologyTestDriver) -> Why:
    """Return why c1 is where it is."""
    found = driver.processor.why("c1")
    assert found is not None
    return found


def made_of(value: float, *parts: tuple[str, float, float]) -> ScoreWhy:
    """Return a score with its contributions as (event, points, share)."""
    return ScoreWhy(
        value=pytest.approx(value),  # type: ignore[arg-type]  # equal to the float near it
        touchpoints=[
            Contribution(event=event, points=pytest.approx(points), share=pytest.approx(share))  # type: ignore[arg-type]  # as above
            for event, points, share in parts
        ],
    )


def test_a_score_is_split_into_the_events_that_made_it(driver: TopologyTestDriver) -> None:
    """Through means, factors, differences and scores of scores; the points of a linear one are the score."""
    found = why(driver)

    visit_and_shop = ("visit", 18.75, 0.3), ("shop", 18.75, 0.3)
    assert found.scores == {
        "engagement": made_of(62.5, ("like", 25.0, 0.4), *visit_and_shop),
        "again": made_of(62.5, ("like", 25.0, 0.4), *visit_and_shop),
        "net": made_of(25.0, ("visit", 18.75, 0.375), ("shop", 18.75, 0.375), ("like", -12.5, 0.25)),
        "cold": made_of(50.0, ("like", -50.0, 1.0)),
        "minus": made_of(50.0, ("like", -50.0, 1.0)),
        "eager": made_of(75.0, ("visit", 37.5, 0.5), ("shop", 37.5, 0.5)),
        "busy": made_of(10.0),
        "bitter": made_of(0.0),
    }


def test_a_dimension_is_split_into_its_events(driver: TopologyTestDriver) -> None:
    """One below nothing is held up by nobody."""
    found = why(driver)

    assert found.dimensions == {
        "attention": made_of(75.0, ("visit", 37.5, 0.5), ("shop", 37.5, 0.5)),
        "warmth": made_of(50.0, ("like", 50.0, 1.0)),
        "scorn": made_of(0.0),
        "zeal": made_of(75.0, ("visit", 37.5, 0.5), ("shop", 37.5, 0.5)),
    }


def test_contributions_fade_with_the_score(driver: TopologyTestDriver) -> None:
    """Two days later a quarter of attention's points is left and half of warmth's."""
    driver.elapse(NOON + 2 * DAY)

    attention, warmth = 100 * (1 - 2**-0.5), 100 * (1 - 2**-0.5)
    assert why(driver).scores["engagement"] == made_of(
        attention, ("like", warmth / 2, 0.5), ("visit", attention / 4, 0.25), ("shop", attention / 4, 0.25)
    )


def test_a_stage_says_its_rule_and_why_it_is_no_other(driver: TopologyTestDriver) -> None:
    """What each rule reads now; the first stage asks for nothing."""
    driver.elapse(NOON + HOUR)

    found = why(driver)

    assert found.as_of == instant(NOON + HOUR)
    assert found.stages["way"] == StageWhy(
        stage="top",
        since=instant(NOON),
        rule="since(like) < 7d",
        values={"since(like)": float(HOUR)},
        others={
            "low": StageReading(rule="always", holds=True, values={}),
            "middle": StageReading(
                rule="score.engagement >= 99",
                holds=False,
                values={"score.engagement": found.scores["engagement"].value},
            ),
        },
    )


def test_flags_each_say_what_they_read(driver: TopologyTestDriver) -> None:
    """Those that are on and those that are not; levels are not among the stages."""
    found = why(driver)

    assert found.stages["habits"] == StageWhy(
        stage=["visitor"],
        since=instant(NOON),
        rule="",
        values={},
        others={
            "visitor": StageReading(rule="ever(visit)", holds=True, values={"ever(visit)": 1.0}),
            "fan": StageReading(rule="count(like) >= 2", holds=False, values={"count(like)": 1.0}),
        },
    )
    assert set(found.stages) == {"way", "habits"}


def test_an_alert_says_what_its_rule_reads(driver: TopologyTestDriver) -> None:
    """One without a rule always holds; what cannot be solved is shown as it was read last."""
    before = why(driver).alerts
    driver.elapse(NOON + HOUR)

    found = why(driver)

    read = {"score.engagement": pytest.approx(62.5), "score.cold": pytest.approx(50.0)}
    rule = "score.engagement * score.cold >= 3000"
    assert before == found.alerts
    assert found.alerts == {
        "liked": RuleReading(rule="always", holds=True, values={}),
        "warm": RuleReading(rule=rule, holds=True, values=read),  # type: ignore[arg-type]  # as above
    }
    now = 100 - 50 * (2 ** -(2 * 2 ** (-1 / 24)) + 2 ** -(2 ** (-1 / 48)))
    assert found.scores["engagement"].value == pytest.approx(now)


def test_nobody_is_nowhere_for_no_reason(driver: TopologyTestDriver) -> None:
    """There is no why of the unknown and the deleted."""
    tell(driver, "bye", NOON, kind="delete")

    assert driver.processor.why("c1") is None
    assert driver.processor.why("nobody") is None


UPON = """
  trial:
    kind: free
    stages: {keen: {upon: like, when: "count(visit) >= 1"}, fond: {upon: like}, rest: {}}
"""


def test_a_stage_that_waits_for_a_touchpoint_says_for_which() -> None:
    """It does not hold by itself, not even while its rule does; the move and the stage say the same."""
    driver = TopologyTestDriver(load_model_text(MODEL.replace("\nlevels:", f"{UPON}levels:")))
    tell(driver, "visit", NOON)
    before = why(driver).stages["trial"]

    tell(driver, "like", NOON + HOUR)

    found = why(driver).stages["trial"]
    keen = "upon like when count(visit) >= 1"
    seen = {"count(visit)": 1.0}
    assert before.stage == "rest"
    assert before.others == {
        "keen": StageReading(rule=keen, holds=False, values=seen),
        "fond": StageReading(rule="upon like", holds=False, values={}),
    }
    assert (found.stage, found.rule, found.values) == ("keen", keen, seen)
    moved = [each for each in driver.transitions if each.framework == "trial"]
    assert [each.because.rule for each in moved] == ["always", keen]


def test_a_stage_that_is_entered_only_from_others_names_them() -> None:
    """Its rule may hold all the same: whoever reads it has to know that it does not matter here."""
    driver = TopologyTestDriver(load_model("starter"))
    for event in ("Page Viewed", "Order Completed"):
        tell(driver, event, NOON)

    others = why(driver).stages["clm"].others

    assert others["reactivated"].holds
    assert others["reactivated"].from_stages == ["dormant", "churned"]
    assert others["dormant"].from_stages == []
    assert others["evaluation"].from_stages == []
