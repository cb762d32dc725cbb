"""What is said and never used is warned about; circles and inexact scores are refused."""

import pytest

from tests.model.planted import SECTIONS, at_mark, model, place, problems, with_rule, with_score


def entry(text: str) -> str:
    """Return a model with one more entry."""
    return model(touchpoints="\n  - " + text + SECTIONS["touchpoints"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{event: A, signals: [▸click]}", "nothing reads the signal click"),
        ("{event: A, signals: {visit: 1, ▸click: 2}}", "nothing reads the signal click"),
        ("{event: A, seen: {▸features: properties.f}}", "nothing reads the set features"),
    ],
)
def test_what_nothing_reads_is_warned_about(text: str, reason: str) -> None:
    """Where it is said."""
    twice = entry(text).replace("touchpoints:", "touchpoints:", 1)

    assert at_mark(twice, severity="warning").reason == reason


def test_a_signal_that_two_entries_give_is_warned_about_once() -> None:
    """One name, one finding; sets alike."""
    signals = "{event: A, signals: [▸click]}\n  - {event: B, signals: [click]}"
    seen = "{event: A, seen: {▸features: properties.f}}\n  - {event: B, seen: {features: properties.f}}"

    at_mark(entry(signals), severity="warning")
    at_mark(entry(seen), severity="warning")


@pytest.mark.parametrize(
    "text",
    [
        entry("{event: A, signals: {margin: properties.margin}}"),
        entry("{event: A, signals: [click], forward: [click]}"),
        entry("{event: A, signals: [click]}").replace("kind: ladder\n", "kind: ladder\n    hard: [click]\n"),
        entry("{event: A, signals: [click]}").replace("engaged: {", "engaged: {upon: click, "),
        entry("{event: A, signals: [click]}").replace("upon: nps", "upon: click"),
        entry("{event: A, signals: [click]}").replace("close: purchase", "close: click"),
        entry("{event: A, signals: [click]}").replace("since(purchase) < 30d", "since(click) < 30d"),
    ],
)
def test_what_something_reads_is_not_warned_about(text: str) -> None:
    """Rules, hard signals, upon, follows, alerts, forwards; an amount is a figure of its own."""
    assert problems(text) == []


def test_a_dimension_without_points_is_warned_about() -> None:
    """It will stay at 0."""
    dimensions = "{attention: {half_life: 14d, half_at: 12}, ▸warmth: {half_life: 14d, half_at: 12}}"

    assert (
        at_mark(model(dimensions=dimensions), severity="warning").reason == "no entry gives points to warmth"
    )


def test_a_question_without_answers_is_warned_about() -> None:
    """It will stay absent."""
    answers = "{nps: {window: 90d}, ▸csat: {window: 30d}}"

    assert at_mark(model(answers=answers), severity="warning").reason == "no entry answers csat"


def test_a_follow_that_nothing_reads_is_warned_about() -> None:
    """Its signals would do as well."""
    follow = (
        "{reply: {open: visit, close: purchase, within: 7d}, ▸again: {open: visit, close: visit, within: 7d}}"
    )

    assert at_mark(model(follow=follow), severity="warning").reason == "nothing reads the follow again"
    read = model(follow=follow.replace("▸", "")).replace(
        "since(activity) > 60d", "since(again.expired) > 60d"
    )
    assert problems(read) == []


def test_p_alive_that_nothing_reads_is_warned_about() -> None:
    """Its parameters were fitted for something."""
    text = model() + "▸p_alive: {signal: purchase, r: 1, alpha: 1, a: 1, b: 1, unit: 7d}\n"

    assert at_mark(text, severity="warning").reason == "nothing reads p_alive"


def test_what_only_an_unreadable_rule_reads_is_not_warned_about() -> None:
    """One fault, one problem."""
    text = with_rule("count(click, ▸1d) > 3").replace("signals: [visit]", "signals: [visit, click]")

    assert at_mark(text).reason == "a window has at least 2 panes; 1d is less"


@pytest.mark.parametrize(
    ("sections", "circle"),
    [
        (
            {"scores": "{▸engagement: score.engagement + attention}"},
            "score.engagement reads score.engagement",
        ),
        (
            {"scores": "{▸engagement: score.engagement@7d + attention}"},
            "score.engagement reads score.engagement",
        ),
        (
            {
                "dimensions": "{attention: {half_life: 14d, half_at: 12}, warmth: {value: score.engagement}}",
                "scores": "{engagement: warmth}",
            },
            None,
        ),
        (
            {"frameworks": "{▸clm: {kind: free, stages: {buyer: {when: \"stage.clm == 'buyer'\"}}}}"},
            "stage.clm reads stage.clm",
        ),
        (
            {
                "frameworks": "{a: {kind: free, stages: {x: {when: \"stage.b == 'y'\"}}}, "
                "b: {kind: free, stages: {y: {when: \"stage.a == 'x'\"}}}}"
            },
            None,
        ),
        (
            {
                "frameworks": "{a: {kind: free, stages: {x: {when: \"stage.level == 'y'\"}}}}",
                "levels": "{level: {y: {when: \"stage.a == 'x'\"}}}",
            },
            None,
        ),
    ],
)
def test_a_circle_is_refused(sections: dict[str, str], circle: str | None) -> None:
    """Dimensions, scores and frameworks read each other in one direction only."""
    text = model(**sections)
    (found,) = [problem for problem in problems(text) if problem.severity == "error"]

    assert found.reason.startswith("a circle: ")
    if circle is not None:
        assert found.reason == f"a circle: {circle}"
        assert (found.line, found.column) == place(text)


def test_every_circle_is_named() -> None:
    """Two circles, two problems; a score of another score's past is no circle."""
    circles = "a: score.b, b: score.a, c: score.d, d: score.c"
    text = model(scores=f"{{engagement: attention, {circles}, e: score.engagement@7d}}")

    assert len(problems(text)) == 2


@pytest.mark.parametrize(
    "rule",
    [
        "▸score.engagement * dimension.attention > 50",
        "▸since(visit) * score.engagement > 50d",
        "▸count(visit) / score.engagement > 50",
        "3 * (▸tenure / since(visit)) > 50",
    ],
)
def test_a_rule_whose_instant_cannot_be_exact_is_warned_about(rule: str) -> None:
    """A product of two moving sides, or a division by a moving one, is read at midnights."""
    assert "read once a day" in at_mark(with_rule(rule), severity="warning").reason


@pytest.mark.parametrize("rule", ["▸attention * score.engagement", "3 + ▸attention / dimension.attention"])
def test_a_score_that_cannot_be_exact_is_refused(rule: str) -> None:
    """A score is asked for at every instant."""
    assert "must be exact" in at_mark(with_score(rule)).reason


@pytest.mark.parametrize(
    "rule",
    [
        "score.engagement * 0.8 > score.engagement@28d and 2 * since(visit) > tenure / 3",
        "score.engagement * count(visit) > 50 and score.engagement / count(visit, 28d) > 5",
        "score.engagement@7d * score.engagement@28d > 50 and rhythm / 2 > 7d",
        "score.engagement + dimension.attention - score.engagement > 50",
    ],
)
def test_a_rule_whose_instant_is_exact_is_not_warned_about(rule: str) -> None:
    """Sums, fixed multiples, and what changes only at breakpoints."""
    assert problems(with_rule(rule)) == []


def test_a_window_of_very_many_panes_is_warned_about() -> None:
    """Every customer keeps every pane."""
    at_mark(with_rule("▸count(visit, 401d) > 3"), severity="warning")
    at_mark(with_rule("▸count(visit, 201d, ago=200d) > 3"), severity="warning")

    assert problems(with_rule("count(visit, 400d) > 3 and count(visit, 104w) > 3")) == []
