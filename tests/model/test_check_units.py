"""Numbers, durations, instants, texts and conditions do not mix."""

import pytest

from tests.model.planted import at_mark, problems, with_rule, with_score


@pytest.mark.parametrize(
    ("rule", "reason", "suggestion"),
    [
        ("▸since(visit) < 7", "a duration is compared with a number", "a duration has a unit: 7d, 7h"),
        ("▸7 > since(visit)", "a number is compared with a duration", "a duration has a unit: 7d, 7h"),
        ("▸tenure > 0", "a duration is compared with a number", "a duration has a unit: 0d, 0h"),
        ("▸count(visit) > 7d", "a number is compared with a duration", "write 7 instead of 7d"),
        ("▸first(visit) > 7d", "an instant is compared with a duration", None),
        ("▸rhythm > score.engagement", "a duration is compared with a number", ""),
        ("▸rhythm + 3 > 7d", "a duration + a number has no meaning", "a duration has a unit: 3d, 3h"),
        ("▸rhythm * 7d > 7d", "a duration * a duration has no meaning", ""),
        ("▸first(visit) + last(visit) > 7d", "an instant + an instant has no meaning", ""),
        ("▸7 / rhythm > 7", "a number / a duration has no meaning", "a duration has a unit: 7d, 7h"),
        ("▸ever(visit) + 1 > 7", "a condition + a number has no meaning", "count conditions with holds(…)"),
        ("▸ever(visit) + trait.x > 7", "a condition + a value has no meaning", None),
        ("max(rhythm, ▸14) > 7d", "a duration and a number: max takes values of one unit", None),
        ("default(▸ever(visit), 1) > 7", None, None),
        ("default(▸stage.clm, 1) > 7", None, None),
        ("default(answer(nps), ▸7d) > 7", None, "write 7 instead of 7d"),
        ("-▸ever(visit) > 7", None, None),
        ("-▸first(visit) > tenure", None, None),
        ("known(▸ever(visit))", "ever(visit) is a condition: it is not known or absent as a whole", None),
        (
            "known(▸stage.aarrr)",
            "aarrr holds flags, of which several may be on",
            "write stage.aarrr == 'a flag'",
        ),
        ("▸ever(visit) == 1", "ever(visit) is a condition already", "write it alone, or with not"),
        ("▸stage.clm == trait.x", "stage.clm is compared with a text in quotes", "write stage.clm == 'name'"),
        ("▸count(visit) == 'many'", "a text is compared with a trait, a stage or a follow", None),
        ("▸'a' == 'a'", "a text is compared with a trait, a stage or a follow", None),
        ("▸trait.plan > 'pro'", "texts are equal or not, they have no order", "write == or !="),
        ("min(▸'a', 1) > 3", "a text stands alone", None),
        (
            "▸count(visit)",
            "count(visit) is a number, not a condition",
            "compare it, for example count(visit) >= 1",
        ),
        ("▸tenure", "tenure is a duration, not a condition", "compare it, for example tenure >= 7d"),
        ("not ▸count(visit)", "count(visit) is a number, not a condition", None),
        ("ever(visit) and ▸count(visit)", "count(visit) is a number, not a condition", None),
        ("ever(visit) or ▸tenure", "tenure is a duration, not a condition", None),
        ("holds(ever(visit), ▸tenure) >= 1", "tenure is a duration, not a condition", None),
    ],
)
def test_units_that_do_not_fit_are_refused(rule: str, reason: str | None, suggestion: str | None) -> None:
    """At the node where they meet, with the spelling that was probably meant."""
    problem = at_mark(with_rule(rule))

    assert reason is None or problem.reason == reason
    assert suggestion is None or problem.suggestion == suggestion


@pytest.mark.parametrize(
    "rule",
    [
        "since(visit) < 7d and rhythm * 2 > 7d and 2 * rhythm > 7d and rhythm / 2 > 3d",
        "tenure / rhythm > 2 or -rhythm > tenure - 7d or rhythm + tenure > 7d",
        "first(visit) - last(visit) < 7d and first(visit) + 7d > last(visit)",
        "last(visit) - 7d > first(visit)",
        "7d + first(visit) < last(visit)",
        "max(rhythm, 14d) < default(since(visit), tenure) and mean(score.engagement, 3) > 7",
        "trait.seats > 3 and trait.seats * 2 > count(visit) and trait.plan == 'pro' and 'free' != trait.plan",
        "trait.a == trait.b and max(trait.a, 3) > 4 and default(trait.a, 3) > 4",
        "max(trait.a, trait.b) > 4 and known(follow(reply)) and known(answer(nps) + 1)",
        "known(stage.clm) and known(trait.x) and known(rhythm)",
        "holds(ever(visit), tenure > 7d) * 2 >= 2 and until(trait.x) < 7d",
    ],
)
def test_units_that_fit_are_not_refused(rule: str) -> None:
    """Instants minus instants are durations; a trait is whatever it is compared with."""
    assert problems(with_rule(rule)) == []


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("▸attention > 3", "a score is a number, this is a condition"),
        ("▸tenure", "a score is a number, this is a duration"),
        ("▸'a'", "a text stands alone"),
    ],
)
def test_a_score_is_a_number(rule: str, reason: str) -> None:
    """Conditions are counted with holds."""
    assert at_mark(with_score(rule)).reason == reason
    assert problems(with_score("100 * holds(ever(visit), tenure > 7d) / 2")) == []


def test_a_rule_that_cannot_be_read_has_no_units() -> None:
    """One fault, one problem."""
    assert at_mark(with_rule("▸cout(visit) + 3 > 7d")).reason == "cout is not a function"
