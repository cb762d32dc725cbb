"""What a reader sees of a customer, worked out by hand, and that reading changes nothing."""

import pytest

from schemas.instants import instant
from schemas.outputs import Rfm
from schemas.views import AnswerView, CustomerView, OpenAlert, RecentChange, SignalView
from tests.nodes import DAY, HOUR, MINUTE
from tests.random_histories import LAST_MS
from tests.runtime.shop import MAP, NOON, driver_of
from tests.telling import tell, view_of

DECISIONS = """
frameworks:
  way:
    kind: ladder
    stages: {low: {}, top: {when: "since(purchase) < 7d"}}
  habits:
    kind: flags
    stages: {visitor: {when: "ever(visit)"}, buyer: {when: "ever(purchase)"}}
  journey:
    kind: free
    stages: {loyal: {when: "count(purchase) >= 3"}}
levels:
  rank: {bronze: {when: "count(visit) >= 1"}, silver: {when: "count(visit) >= 2"}}
  fame: {known: {when: "count(visit) >= 9"}}
alerts:
  unhappy: {kind: state, when: "answer(nps) <= 6", cooldown: 1d}
"""


def test_a_view_says_everything_about_a_customer() -> None:
    """Two visits, a purchase and an unhappy answer at one noon; read a day later, by a tick."""
    driver = driver_of(DECISIONS)
    tell(driver, "visit", NOON)
    tell(driver, "visit", NOON)
    tell(driver, "buy", NOON, properties={"revenue": 20.5})
    tell(driver, "ask", NOON, properties={"score": 3})
    driver.tick(NOON + DAY + MINUTE)

    view = view_of(driver)

    once = {"days": 1, "first": instant(NOON), "last": instant(NOON)}
    assert view == CustomerView(
        customer_id="c1",
        as_of=instant(NOON + DAY),
        first=instant(NOON),
        last=instant(NOON),
        scores={"engagement": pytest.approx(50), "mood": 30.0},
        dimensions={"attention": pytest.approx(50)},
        mix={"transactional": pytest.approx(1 / 3), "cognitive": pytest.approx(2 / 3)},
        levels={"rank": "silver", "fame": None},
        stages={"way": "top", "habits": ["visitor", "buyer"], "journey": None},
        signals={
            "activity": SignalView(count=4, sum=0.0, **once),
            "purchase": SignalView(count=1, sum=20.5, **once),
            "visit": SignalView(count=2, sum=2.0, **once),
            "ask": SignalView(count=1, sum=1.0, **once),
        },
        answers={"nps": AnswerView(value=3.0, at=instant(NOON))},
        open_alerts=[OpenAlert(alert="unhappy", since=instant(NOON))],
        recent=[
            RecentChange(at=instant(NOON), kind="alert_raised", what="unhappy", to=None),
            RecentChange(at=instant(NOON), kind="stage", what="habits", to="buyer"),
            RecentChange(at=instant(NOON), kind="stage", what="way", to="top"),
            RecentChange(at=instant(NOON), kind="stage", what="rank", to="silver"),
            RecentChange(at=instant(NOON), kind="stage", what="rank", to="bronze"),
            RecentChange(at=instant(NOON), kind="stage", what="habits", to="visitor"),
            RecentChange(at=instant(NOON), kind="stage", what="way", to="low"),
        ],
        rfm=Rfm(recency_ms=DAY, frequency=1, monetary=20.5),
        next_due=view.next_due,
    )
    assert view.next_due is not None
    assert instant(NOON + DAY) < view.next_due <= instant(NOON + 2 * DAY)


def test_a_view_is_of_the_row_clock_or_of_the_last_tick_whichever_is_later() -> None:
    """A tick counts less the timer's grace, and reading moves nothing."""
    driver = driver_of(DECISIONS)
    tell(driver, "visit", NOON)
    driver.tick(NOON + HOUR)
    before = driver.state("c1")

    by_tick = view_of(driver)
    tell(driver, "visit", NOON + 2 * HOUR, customer="c2")
    driver.tick(NOON + HOUR)

    assert by_tick.as_of == instant(NOON + HOUR - MINUTE)
    assert view_of(driver, "c2").as_of == instant(NOON + 2 * HOUR)
    assert driver.state("c1") == before


def test_answers_are_seen_while_they_stand() -> None:
    """In the last millisecond of its window an answer is there, after it there is none: nor a score of it."""
    driver = driver_of(DECISIONS)
    tell(driver, "ask", NOON, properties={"score": 9})

    driver.elapse(NOON + 2 * DAY - 1)
    before = view_of(driver)
    driver.elapse(NOON + 2 * DAY)
    after = view_of(driver)

    assert before.answers == {"nps": AnswerView(value=9.0, at=instant(NOON))}
    assert (before.scores["mood"], after.scores["mood"]) == (90.0, None)
    assert after.answers == {}


def test_only_the_last_eight_changes_are_kept() -> None:
    """Newest first; an alert's end is one of them."""
    driver = driver_of(DECISIONS)
    for day in range(6):
        tell(driver, "ask", NOON + day * DAY, properties={"score": 10 * (day % 2)})

    recent = view_of(driver).recent

    told = ["alert_raised", "alert_resolved"] * 3
    assert [each.kind for each in recent] == [*reversed(told), "stage"]
    tell(driver, "buy", NOON + 6 * DAY)
    tell(driver, "visit", NOON + 6 * DAY)
    recent = view_of(driver).recent
    assert len(recent) == 8
    assert [(each.what, each.to) for each in recent[:4]] == [
        ("rank", "bronze"),
        ("habits", "visitor"),
        ("habits", "buyer"),
        ("way", "top"),
    ]
    assert recent[4].at == instant(NOON + 5 * DAY)


@pytest.mark.parametrize(
    ("signals", "rfm"),
    [
        ("{purchase: properties.revenue}", Rfm(recency_ms=HOUR, frequency=2, monetary=24.5)),
        ("{purchase: 1}", Rfm(recency_ms=HOUR, frequency=2, monetary=2.0)),
        ("{purchase: 3}", Rfm(recency_ms=HOUR, frequency=2, monetary=6.0)),
        ("{sale: 1}", None),
    ],
)
def test_recency_frequency_and_monetary_value_are_of_purchases(signals: str, rfm: Rfm | None) -> None:
    """The same in the view and in the score update; without amounts purchases count one each."""
    driver = driver_of("", of=MAP.replace("{purchase: [properties.revenue, properties.total]}", signals))
    for revenue in (20.5, 4):
        tell(driver, "buy", NOON, properties={"revenue": revenue})

    tell(driver, "visit", NOON + HOUR)

    assert view_of(driver).rfm == rfm
    assert driver.scores[-1].rfm == rfm


def test_who_never_bought_has_no_recency() -> None:
    """Nothing bought is a frequency and an amount of nothing."""
    driver = driver_of(DECISIONS)

    tell(driver, "visit", NOON)

    assert view_of(driver).rfm == Rfm(recency_ms=None, frequency=0, monetary=0.0)
    assert driver.scores[-1].rfm == view_of(driver).rfm


def test_there_is_no_view_of_the_unknown_and_the_deleted() -> None:
    """Nor are they among the customers."""
    driver = driver_of(DECISIONS)
    tell(driver, "visit", NOON)
    tell(driver, "visit", NOON, customer="c2")
    tell(driver, "bye", NOON, customer="c2", kind="delete")

    assert list(driver.processor.customers()) == ["c1"]
    assert driver.processor.customer("c2") is None
    assert driver.processor.customer("nobody") is None


@pytest.mark.parametrize(
    ("rest", "when", "known"),
    [
        ('alerts: {quiet: {kind: state, when: "since(visit) >= 10d", cooldown: 1d}}', NOON, True),
        ("settings: {min_change: 100}", NOON, False),
        ('alerts: {quiet: {kind: state, when: "since(visit) >= 10d", cooldown: 1d}}', LAST_MS, False),
    ],
)
def test_what_is_next_due_is_said_if_it_comes_at_all(rest: str, when: int, known: bool) -> None:
    """Nothing that waits, or only after the year 9999: no instant."""
    driver = driver_of(rest, of=MAP.replace("attention: 1}", "}"))

    tell(driver, "visit", when)

    assert (view_of(driver).next_due is not None) == known
