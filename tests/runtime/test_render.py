"""How happenings read as outputs: the words of alerts, and which transition they are about."""

import pytest

from schemas.outputs import AlertRaised
from streams.model.load import load_model_text
from streams.testing import TopologyTestDriver
from tests.random_histories import at
from tests.telling import tell

NOON = at(2024, 3, 13, 12)
MODEL = """
model: words
version: 1
touchpoints:
  - {event: all, signals: [visit, gift, buy]}
  - {event: visit, signals: [visit]}
  - {event: buy, signals: [buy]}
frameworks:
  way:
    kind: ladder
    stages: {low: {}, top: {when: "ever(buy)"}}
  journey:
    kind: free
    stages: {there: {when: "ever(buy)"}, here: {when: "ever(visit)"}}
  habits:
    kind: flags
    stages:
      visitor: {when: "count(visit, 2d) >= 1"}
      giver: {when: "count(gift, 3d) >= 1"}
      buyer: {when: "count(buy, 2d) >= 1"}
alerts:
  first: {kind: event, upon: buy, cooldown: 0s, message: "{customer} bought"}
"""


def driver_with(upon: str) -> TopologyTestDriver:
    """Return a driver with a second alert, upon a transition, that says from where to where it went."""
    text = (
        f"  moved: {{kind: event, upon: {upon}, cooldown: 0s, message: '{{from_stage}} to {{to_stage}}'}}\n"
    )
    return TopologyTestDriver(load_model_text(MODEL + text))


def messages(driver: TopologyTestDriver, alert: str) -> list[str]:
    """Return what an alert said, in order."""
    return [each.message for each in driver.alerts if isinstance(each, AlertRaised) and each.alert == alert]


@pytest.mark.parametrize(
    ("upon", "said"),
    [
        ("{transition: way}", "low to top"),
        ("{transition: journey}", "here to there"),
        ("{transition: habits}", "none to buyer"),
        ("{transition: habits, to: visitor}", "none to visitor"),
        ("{transition: habits, to: [visitor, giver]}", "none to giver"),
        ("{transition: habits, except_to: [buyer]}", "none to giver"),
    ],
)
def test_an_alert_names_the_stages_of_the_transition_that_it_hangs_on(upon: str, said: str) -> None:
    """Of several at one instant those of its own framework, and of several flags one that it asks for."""
    driver = driver_with(upon)
    for event in ("visit", "all") if "habits" not in upon else ("all",):
        tell(driver, event, NOON)

    assert messages(driver, "moved") == [said]
    assert messages(driver, "first") == ["c1 bought"]


@pytest.mark.parametrize(
    ("upon", "said"),
    [
        ("{transition: habits, direction: back}", ["buyer to none", "giver to none"]),
        ("{transition: habits, direction: back, from: visitor}", ["visitor to none"]),
        ("{transition: habits, from: [giver]}", ["giver to none"]),
    ],
)
def test_a_flag_that_goes_off_leads_nowhere(upon: str, said: list[str]) -> None:
    """Visitor and buyer end with the second day, giver a day later; each is told by itself."""
    driver = driver_with(upon)
    tell(driver, "all", NOON)

    driver.elapse(at(2024, 3, 20))

    assert messages(driver, "moved") == said


@pytest.mark.parametrize(
    ("direction", "said"), [("forward", ["none to buyer"]), ("back", ["visitor to none"])]
)
def test_of_flags_that_cross_each_way_has_its_own(direction: str, said: list[str]) -> None:
    """A purchase in the millisecond in which the visit leaves its window: one flag goes on, another off."""
    driver = driver_with(f"{{transition: habits, direction: {direction}}}")
    tell(driver, "visit", NOON)
    driver.outcomes.clear()

    tell(driver, "buy", at(2024, 3, 15))

    assert [
        (each.from_stage, each.to_stage) for each in driver.transitions if each.framework == "habits"
    ] == [
        ("visitor", None),
        (None, "buyer"),
    ]
    assert messages(driver, "moved") == said


def test_a_signal_read_twice_in_a_rule_contributes_once() -> None:
    """Three visits are three points, though the rule also looks up when the last one was."""
    text = """
model: points
version: 1
touchpoints:
  - {event: Visit, signals: [visit]}
alerts:
  keen: {kind: state, when: "count(visit) >= 3 and since(visit) < 1d and days(visit) >= 1", message: keen}
"""
    driver = TopologyTestDriver(load_model_text(text))
    for second in range(3):
        tell(driver, "Visit", NOON + second * 1_000)

    (alert,) = driver.alerts
    assert [(each.event, each.points, each.share) for each in alert.because.touchpoints] == [
        ("Visit", 3.0, 1.0)
    ]
