"""Each story can be recognised in the touchpoints of the people who live it."""

import itertools
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median

import msgspec
import pytest

from schemas.touchpoint import Direction, Touchpoint
from streams.demo.acts import ACTS
from streams.demo.life import DAY_MS, Life
from streams.demo.people import person
from streams.demo.stories import GIFT_DAYS, STORIES

START_MS = 1_790_812_800_000  # 2026-10-01
SEED = 11
DECODER = msgspec.json.Decoder(Touchpoint)


def lives(name: str, *, count: int = 6, days: int = 240) -> list[list[Touchpoint]]:
    """Let the first `count` people of this story live for so many days."""
    number = [story.name for story in STORIES].index(name)
    who = [index for index in range(2_000) if person(index=index, seed=SEED).story == number][:count]
    return [_lived(index, days) for index in who]


def _lived(index: int, days: int) -> list[Touchpoint]:
    life, random, told = Life(index=index, seed=SEED, born_ms=START_MS), Random(), []
    while life.wakes_ms is not None and life.wakes_ms < START_MS + days * DAY_MS:
        told += [DECODER.decode(body) for _, body in life.wake(random)]
    return told


def named(life: list[Touchpoint], event: str) -> list[Touchpoint]:
    return [one for one in life if one.event == event]


def number(one: Touchpoint, name: str) -> float:
    assert one.properties is not None
    return float(one.properties[name])


def scores(life: list[Touchpoint], event: str, name: str = "score") -> list[float]:
    return [number(one, name) for one in named(life, event)]


def acted(life: list[Touchpoint]) -> list[datetime]:
    return [one.timestamp for one in life if one.direction is Direction.IN]


def silences(life: list[Touchpoint]) -> list[timedelta]:
    instants = acted(life)
    return [later - earlier for earlier, later in itertools.pairwise(instants)]


def test_a_window_shopper_looks_and_never_buys() -> None:
    """Many pages, no order."""
    for life in lives("window shopper"):
        assert len(named(life, "Page Viewed")) > 20
        assert not named(life, "Order Completed")


def test_a_steady_buyer_orders_about_once_a_week() -> None:
    """The median gap between two orders is that of a habit."""
    for life in lives("steady weekly buyer"):
        ordered = [one.timestamp for one in named(life, "Order Completed")]
        gaps = [(later - earlier) / timedelta(days=1) for earlier, later in itertools.pairwise(ordered)]

        assert len(ordered) >= 12
        assert 4 <= median(gaps) <= 12


def test_an_advocate_tries_then_buys_then_tells_others() -> None:
    """Trial, order, renewal, invitation and praise come in this order."""
    for life in lives("trial to advocate"):
        events = [one.event for one in life]
        path = ["Trial Started", "Order Completed", "Subscription Renewed", "Product Reviewed", "Invite Sent"]

        assert [events.index(event) for event in path] == sorted(events.index(event) for event in path)
        assert min(scores(life, "NPS Answered")) >= 9


def test_a_power_user_fades_away() -> None:
    """After months of many features comes a long silence."""
    for life in lives("fading power user"):
        assert len(named(life, "Feature Used")) > 100
        assert max(silences(life)) > timedelta(days=25)


def test_a_churner_complains_and_ends_with_a_cancellation() -> None:
    """The last touchpoint of the life cancels; a ticket stood before it."""
    for life in lives("churner"):
        assert life[-1].event == "Subscription Cancelled"
        assert named(life, "Ticket Opened")
        assert max(scores(life, "CSAT Answered")) <= 2


def test_a_comeback_buys_again_after_a_long_silence() -> None:
    """An offer goes out into the silence, and the next thing is an order."""
    for life in lives("comeback"):
        offers = [place for place, one in enumerate(life) if one.event == "Offer Sent"]

        assert max(silences(life)) >= timedelta(days=20)
        assert offers
        assert life[offers[0]].direction is Direction.OUT
        assert "Order Completed" in [one.event for one in life[offers[0] : offers[0] + 3]]


def test_a_detractor_says_so() -> None:
    """A bad review, bad satisfaction and a recommendation of six or less."""
    for life in lives("detractor"):
        assert named(life, "Order Completed")
        assert min(scores(life, "Product Reviewed", "rating")) <= 2
        assert max(scores(life, "NPS Answered")) <= 6


def test_a_gift_buyer_buys_around_gift_days_only() -> None:
    """Every order lies within the weeks around a day of gifts."""
    days = [datetime(year, month, day, tzinfo=UTC) for year in (2026, 2027) for month, day in GIFT_DAYS]
    for life in lives("seasonal gift buyer"):
        ordered = [one.timestamp for one in named(life, "Order Completed")]

        assert len(ordered) >= 2
        assert all(
            any(timedelta(days=-8) < day - instant < timedelta(days=25) for day in days)
            for instant in ordered
        )


def test_a_loyalist_fills_big_baskets() -> None:
    """Many items an order, and a place in the loyalty programme."""
    for life in lives("big-basket loyalist"):
        quantities = scores(life, "Order Completed", "quantity")

        assert min(quantities) >= 3
        assert sum(quantities) / len(quantities) >= 5
        assert named(life, "Loyalty Enrolled")


def test_a_community_regular_talks_and_does_not_buy() -> None:
    """Comments by the dozen, no order."""
    for life in lives("community regular"):
        assert len(named(life, "Comment Posted")) > 40
        assert not named(life, "Order Completed")


def test_the_shares_of_the_stories_make_a_whole() -> None:
    """Shares sum to one, and people are spread accordingly."""
    told = [person(index=index, seed=SEED).story for index in range(4_000)]

    assert sum(story.share for story in STORIES) == pytest.approx(1)
    for place, story in enumerate(STORIES):
        assert told.count(place) / len(told) == pytest.approx(story.share, abs=0.03)


def test_stories_name_only_acts_that_there_are() -> None:
    """Every act of every phase can be done, and every act there is gets done by somebody."""
    used: set[str] = set()
    for story in STORIES:
        for phase in story.phases:
            used |= {*phase.opens, *phase.closes}
            for session, _ in phase.sessions:
                used |= {act for act, _ in session.acts} | ({session.last} - {""})

    assert used <= set(ACTS)
    assert set(ACTS) - used == set()


def test_an_ended_story_starts_again_where_lives_are_endless() -> None:
    """The benchmark needs lives that do not run out: an endless churner churns more than once."""
    churner = [story.name for story in STORIES].index("churner")
    index = next(index for index in range(2_000) if person(index=index, seed=SEED).story == churner)
    random, endless = Random(), Life(index=index, seed=SEED, born_ms=START_MS, left=400, endless=True)

    told = []
    while endless.wakes_ms is not None:
        told += [DECODER.decode(body).event for _, body in endless.wake(random)]

    assert len(told) == 400
    assert told.count("Subscription Cancelled") > 1
