"""The page of `rapport explain`: complete, readable, and nothing that a tracker sent is obeyed."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from schemas.outputs import Contribution
from schemas.views import (
    AnswerView,
    CustomerView,
    OpenAlert,
    RecentChange,
    RuleReading,
    ScoreWhy,
    SignalView,
    StageReading,
    StageWhy,
    Why,
)
from streams.cli import explanation

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DAY_MS = 86_400_000.0

VIEW = CustomerView(
    customer_id="ada",
    as_of=NOON,
    first=NOON - 30 * DAY,
    last=NOON - DAY,
    scores={"engagement": 62.0},
    dimensions={"attention": 80.0, "absorption": None},
    mix={},
    levels={},
    stages={"clm": "evaluation", "flags": ["activation", "referral"], "new": None},
    signals={
        "activity": SignalView(count=3, days=2, sum=3.0, first=NOON - 9 * DAY, last=NOON - 3 * DAY),
        "purchase": SignalView(count=2, days=2, sum=59.9, first=NOON - 9 * DAY, last=NOON - 3 * DAY),
    },
    answers={"nps": AnswerView(value=9, at=NOON - 2 * DAY)},
    open_alerts=[OpenAlert(alert="silence", since=NOON - DAY)],
    recent=[
        RecentChange(at=NOON - 5 * DAY, kind="stage", what="clm", to="evaluation"),
        RecentChange(at=NOON - DAY, kind="alert_raised", what="silence", to=None),
    ],
    rfm=None,
    next_due=NOON + DAY,
)
WHY = Why(
    customer_id="ada",
    as_of=NOON,
    scores={
        "engagement": ScoreWhy(
            value=62.0,
            touchpoints=[
                Contribution(event="Page Viewed", points=41.0, share=0.66),
                Contribution(event="Demo Requested", points=20.8, share=0.336),
                Contribution(event="Email Opened", points=0.2, share=0.004),
            ],
        )
    },
    dimensions={
        "attention": ScoreWhy(value=80.0, touchpoints=[]),
        "absorption": ScoreWhy(value=None, touchpoints=[]),
    },
    stages={
        "clm": StageWhy(
            stage="evaluation",
            since=NOON - 5 * DAY,
            rule="count(pricing, 30d) >= 1",
            values={"count(pricing, 30d)": 2.0, "rhythm": None, "trait.plan": "pro"},
            others={
                "engagement": StageReading(rule="score.engagement >= 20", holds=True, values={}),
                "dormant": StageReading(
                    rule="since(activity) > 30d",
                    holds=False,
                    values={"since(activity)": DAY_MS, "rhythm": None, "tenure": 30 * DAY_MS},
                ),
                "churned": StageReading(
                    rule="r",
                    holds=False,
                    values={
                        "last(purchase)": (NOON - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e3,
                        "sum(purchase, 30d)": 1234.5,
                    },
                ),
                "reactivated": StageReading(
                    rule="since(activity) < 24h", holds=True, values={}, from_stages=["dormant", "churned"]
                ),
                "returned": StageReading(
                    rule="ever(purchase)", holds=True, values={}, from_stages=["evaluation"]
                ),
            },
        ),
        "flags": StageWhy(stage=["activation", "referral"], since=NOON, rule="always", values={}, others={}),
        "new": StageWhy(stage=None, since=NOON, rule="", values={}, others={}),
    },
    alerts={
        "silence": RuleReading(rule="since(activity) > 20h", holds=True, values={"since(activity)": DAY_MS})
    },
)


def page(view: CustomerView = VIEW, why: Why = WHY, *, width: int = 110) -> str:
    out = io.StringIO()
    explanation.show(view, why, Console(file=out, width=width, force_terminal=False))
    return out.getvalue()


def changed(**fields: object) -> CustomerView:
    """Return the view with other values of some fields."""
    return CustomerView(**{name: getattr(VIEW, name) for name in VIEW.__struct_fields__} | fields)


@pytest.mark.parametrize(
    "said",
    [
        "ada",
        "as of 2026-03-10 12:00:00 UTC",
        "clm  evaluation  since 2026-03-05 12:00:00 UTC (5 days)",
        "because count(pricing, 30d) >= 1",
        "count(pricing, 30d) = 2 · rhythm = absent · trait.plan = pro",
        "✓ engagement  score.engagement >= 20",
        "✗ dormant     since(activity) > 30d",
        "✗ reactivated since(activity) < 24h",
        "only from dormant or churned",
        "✓ returned    ever(purchase)",
        "since(activity) = 1 day · rhythm = absent · tenure = 30 days",
        "last(purchase) = 2026-03-10 12:00:00 UTC · sum(purchase, 30d) = 1,234.5",
        "flags  activation, referral",
        "new  not placed yet",
        "Page Viewed 66% · Demo Requested 34%",
        "purchase   2 times  59.90  last 2026-03-07 12:00:00 UTC",
        "answered",
        "silence  since 2026-03-09 12:00:00 UTC",
        "because since(activity) > 20h",
        "stage  clm → evaluation",
        "alert raised  silence",
        "Next change by itself not before 2026-03-11 12:00:00 UTC.",
    ],
)
def test_the_page_says_everything(said: str) -> None:
    """Stages with rule and values, scores with contributions, signals, alerts, changes, what is due."""
    assert said in page()


def test_what_matters_little_is_left_out() -> None:
    """Contributions under half a percent, a sum that is a count, a rule that is none: only noise."""
    shown = page()

    assert "Email Opened" not in shown
    assert "3.00" not in shown
    assert "always" not in shown


def test_a_stage_that_others_lead_to_is_not_ticked_from_elsewhere() -> None:
    """Its rule holds, and yet the customer cannot go there; where it can, nothing is said of it."""
    shown = page()

    assert "✓ reactivated" not in shown
    assert shown.count("only from") == 1


def test_a_sum_of_nothing_is_left_out() -> None:
    """A signal without amounts has no sum to tell."""
    activity = SignalView(count=3, days=2, sum=0.0, first=NOON, last=NOON)

    assert "0.00" not in page(changed(signals={"activity": activity}))


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (timedelta(0), "worked out about a minute after its last touchpoint."),
        (timedelta(seconds=1), "worked out about a minute after its last touchpoint."),
        (timedelta(seconds=2), "not before 2026-03-10 12:00:02 UTC."),
    ],
)
def test_a_bound_that_a_touchpoint_has_just_set_is_not_told_as_an_instant(
    after: timedelta, said: str
) -> None:
    """Right after a touchpoint the bound is the next millisecond, which helps nobody."""
    assert page(changed(next_due=NOON + after)).rstrip().endswith(said)


def test_a_narrow_page_is_broken_between_terms() -> None:
    """At 60 columns no line is longer, and a term stays with its window and its value."""
    lines = [line.strip() for line in page(width=60).splitlines()]

    assert max(map(len, lines)) <= 60
    assert "count(pricing, 30d) = 2 · rhythm = absent" in lines
    assert "· sum(purchase, 30d) = 1,234.5" in lines
    assert "as of 2026-03-10 12:00:00 UTC" in lines


def test_the_last_change_comes_first() -> None:
    """Newest first, as everywhere."""
    assert page().index("alert raised") < page().index("stage  clm")


@pytest.mark.parametrize(("value", "cells"), [(0.0, 0), (50.0, 10), (100.0, 20)])
def test_a_bar_is_as_long_as_its_score(value: float, cells: int) -> None:
    """Twenty cells are a hundred."""
    scores = {"engagement": ScoreWhy(value=value, touchpoints=[])}
    why = Why(customer_id="ada", as_of=NOON, scores=scores, dimensions={}, stages={}, alerts={})

    shown = page(VIEW, why)

    [line] = [line for line in shown.splitlines() if "engagement" in line]
    assert (line.count("━"), line.count("┄")) == (cells, 20 - cells)


def test_what_a_tracker_sent_is_shown_and_not_obeyed() -> None:
    """No markup, no escape sequences, no line breaks out of names and values."""
    nasty = "[bold red]x[/] \x1b[2J\n\u202e"
    view = changed(customer_id=nasty)
    scores = {"s": ScoreWhy(value=1.0, touchpoints=[Contribution(event=nasty, points=1.0, share=1.0)])}
    stage = StageWhy(stage="a", since=NOON, rule="r", values={"trait.plan": nasty}, others={})
    why = Why(customer_id=nasty, as_of=NOON, scores=scores, dimensions={}, stages={"f": stage}, alerts={})

    shown = page(view, why)

    assert shown.count("[bold red]x[/] \\x1b[2J\\n\\u202e") == 3
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=59), "59 seconds"),
        (timedelta(seconds=60), "1 minute"),
        (timedelta(seconds=3_599), "59 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=24), "1 day"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_durations_are_told_in_their_largest_unit(span: timedelta, words: str) -> None:
    """On both sides of every boundary."""
    assert explanation.length(span) == words


def test_a_customer_about_whom_there_is_little_to_say_has_a_page() -> None:
    """Sections without content are left out, and the end says that time alone changes nothing."""
    view = changed(signals={}, answers={}, open_alerts=[], recent=[], next_due=None)
    why = Why(customer_id="ada", as_of=NOON, scores={}, dimensions={}, stages={}, alerts={})

    shown = page(view, why)

    assert [line for line in shown.splitlines() if line] == [
        "ada",
        "as of 2026-03-10 12:00:00 UTC · first seen 2026-02-08 12:00:00 UTC · last 2026-03-09 12:00:00 UTC",
        "Nothing changes by itself: only a new touchpoint can.",
    ]
