"""Thresholds out of range, contradictions, and conditions that always hold are found before the start."""

import pytest

from tests.model.planted import SECTIONS, at_mark, model, problems, with_rule


@pytest.mark.parametrize(
    ("rule", "reason", "suggestion"),
    [
        (
            "▸score.engagement > 101",
            "101 is out of range: score.engagement lies between 0 and 100",
            "write a threshold from 0 to 100",
        ),
        ("▸score.engagement < -1", "-1 is out of range: score.engagement lies between 0 and 100", None),
        (
            "▸150 >= score.engagement@7d",
            "150 is out of range: score.engagement@7d lies between 0 and 100",
            None,
        ),
        ("▸dimension.attention == 100.5", None, None),
        ("▸score.engagement > 100", "score.engagement > 100 can never be true", None),
        ("▸score.engagement < 0", "score.engagement < 0 can never be true", None),
        ("▸type.cognitive > 50", "50 is out of range: type.cognitive lies between 0 and 1", None),
        ("▸count(visit) < 0", "count(visit) < 0 can never be true", None),
        ("▸count(visit) >= -3", "-3 is out of range: count(visit) is at least 0", "the nearest is 0"),
        ("▸days(visit, 28d) > 28", None, None),
        ("▸days(visit, 4w) > 29", "29 is out of range: days(visit, 4w) lies between 0 and 28", None),
        ("▸channels(30d) > 13", None, None),
        ("▸seen(pages, 30d) >= 33", None, None),
        ("▸answer(nps) > 11", "11 is out of range: answer(nps) lies between 0 and 10", None),
        ("▸answer(nps) < 0", "answer(nps) < 0 can never be true", None),
        ("▸rhythm < 12h", "12h is out of range: rhythm is at least 1d", "the nearest is 1d"),
        ("▸-tenure > 1d", "1d is out of range: -tenure is at most 0d", None),
        ("▸since(visit) < 0d", "since(visit) < 0d can never be true", None),
        ("▸holds(ever(visit), tenure > 7d) >= 3", None, None),
        ("▸0.5 * score.engagement > 51", None, None),
        ("▸score.engagement - 50 < -51", None, None),
        ("▸mean(score.engagement, 20) > 61", None, None),
        ("▸min(score.engagement, 20) > 21", None, None),
        ("▸max(score.engagement, 20) < 19", None, None),
        ("▸score.engagement / 2 > 51", None, None),
        ("▸default(answer(nps), 20) > 21", None, None),
        ("▸score.engagement <= -count(visit) - 1", None, None),
        ("▸1 != 1", "1 != 1 can never be true", None),
    ],
)
def test_a_threshold_that_no_value_reaches_is_refused(
    rule: str, reason: str | None, suggestion: str | None
) -> None:
    """A score above 100, an answer outside its scale, a count below nothing."""
    problem = at_mark(with_rule(rule))

    assert reason is None or problem.reason == reason
    assert suggestion is None or problem.suggestion == suggestion


@pytest.mark.parametrize(
    "rule",
    [
        "score.engagement >= 100 or score.engagement <= 0",
        "type.cognitive >= 1 or count(visit) <= 0 or days(visit, 4w) >= 28 or channels(30d) >= 13",
        "answer(nps) >= 10 or answer(nps) == 0 or rhythm <= 1d or since(visit) <= 0d",
        "seen(pages, 30d) >= 32 or holds(ever(visit), tenure > 7d) >= 2 or sessions(7d) < 1",
        "sum(purchase) < 0 or until(trait.x) < 0d or first(visit) - last(visit) > 7d or trait.x < -5",
        "score.engagement / count(visit) > 500 or count(visit) * score.engagement > 500",
        "days(visit) > 4000 or p_alive > 0.99 or score.engagement != 50",
    ],
)
def test_a_threshold_at_the_end_of_a_range_is_not_refused(rule: str) -> None:
    """Both ends can be reached; what has no range has no threshold outside it."""
    p_alive = (
        "p_alive: {signal: purchase, r: 1, alpha: 1, a: 1, b: 1, unit: 7d}\n" if "p_alive" in rule else ""
    )

    assert [
        problem.reason for problem in problems(with_rule(rule) + p_alive) if problem.severity == "error"
    ] == []


@pytest.mark.parametrize(
    "rule",
    [
        "▸score.engagement >= 0",
        "▸count(visit) >= 0",
        "▸0 <= count(visit)",
        "▸since(visit) >= 0d",
        "▸answer(nps) <= 10",
        "▸1 == 1",
        "▸count(visit) >= 3 or count(visit) < 3",
        "▸stage.clm == 'buyer' or stage.clm != 'buyer'",
        "▸ever(visit) or not ever(visit)",
    ],
)
def test_what_is_always_true_is_warned_about(rule: str) -> None:
    """It is allowed: with an absent value it is a way to ask whether it is there."""
    assert "always true where it is known" in at_mark(with_rule(rule), severity="warning").reason


@pytest.mark.parametrize(
    "rule",
    [
        "score.engagement >= 50 and ▸score.engagement < 30",
        "score.engagement >= 50 and ▸score.engagement < 50",
        "score.engagement > 50 and ▸score.engagement <= 50",
        "50 <= score.engagement and ▸30 > score.engagement",
        "count(visit, 30d) > 2 and ▸count(visit,30d) < 3",
        "count(visit) == 2 and ▸count(visit) == 3",
        "count(visit) <= 2 and ▸count(visit) >= 3",
        "not score.engagement < 50 and ▸score.engagement < 30",
        "not (score.engagement < 50 or ▸score.engagement > 30)",
        "ever(visit) and (ever(purchase) or not ▸ever(visit))",
        "ever(visit) and not (ever(purchase) or ▸ever(visit))",
        "stage.clm == 'buyer' and ▸stage.clm == 'engaged'",
        "stage.clm == 'buyer' and ▸stage.clm != 'buyer'",
        "stage.clm != 'buyer' and ▸stage.clm == 'buyer'",
        "trait.plan == 'pro' and ▸'free' == trait.plan",
        "follow(reply) != 'open' and follow(reply) != 'closed' and ▸follow(reply) != 'expired'",
        "stage.aarrr == 'revenue' and ▸stage.aarrr != 'revenue'",
        "score.engagement > score.engagement@7d and ▸score.engagement@7d > score.engagement",
        "score.engagement == score.engagement@7d and ▸score.engagement < score.engagement@7d",
        "since(visit) > 7d and (count(visit) > 2 or ▸since(visit) < 24h)",
        "holds(tenure > 7d and ▸tenure < 7d) >= 1",
        "tenure > 7d and (ever(visit) or (ever(purchase) and ▸tenure < 24h))",
    ],
)
def test_conditions_that_cannot_hold_together_are_refused(rule: str) -> None:
    """At the second of the two; alternatives are weighed with what is asked around them."""
    assert "contradicts" in at_mark(with_rule(rule)).reason


@pytest.mark.parametrize(
    "rule",
    [
        "score.engagement >= 50 and score.engagement <= 50",
        "score.engagement >= 30 and score.engagement < 50",
        "score.engagement >= 50 or score.engagement < 30",
        "count(visit, 30d) > 2 and count(visit, 60d) < 3",
        "count(visit) > 2 and count(visit) < 4",
        "stage.clm != 'buyer' and stage.clm != 'engaged'",
        "stage.aarrr == 'revenue' and stage.aarrr == 'retained'",
        "follow(reply) != 'open' and follow(reply) != 'closed'",
        "trait.plan != 'pro' and trait.plan != 'free'",
        "score.engagement < score.engagement@7d and score.engagement@7d > score.engagement",
        "ever(visit) and not ever(purchase)",
        "not (ever(visit) and ever(purchase))",
        "(ever(visit) or tenure > 7d) and (ever(purchase) or tenure < 24h)",
    ],
)
def test_conditions_that_can_hold_together_are_not_refused(rule: str) -> None:
    """Bounds that touch, different windows, flags of which several are on."""
    assert problems(with_rule(rule)) == []


def test_a_value_out_of_range_is_said_once() -> None:
    """It cannot hold alone, so that it contradicts others is not news."""
    assert at_mark(with_rule("score.engagement < 50 and ▸score.engagement > 120")).severity == "error"


def test_so_much_hysteresis_that_a_stage_is_never_left_is_refused() -> None:
    """20 - 25 is below every score."""
    text = model(
        frameworks=SECTIONS["frameworks"]
        + "  extra:\n    kind: ladder\n    stages:\n      low: {}\n"
        + "      high: {when: 'score.engagement > 20', hysteresis: ▸25}\n"
    )

    assert "stay for ever" in at_mark(text).reason
    assert problems(text.replace("▸25", "19")) == []
