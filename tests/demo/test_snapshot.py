from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from schemas.outputs import AlertRaised, Because, MoveDirection, Severity, StageChanged, Trigger
from schemas.views import PartitionKpis, ScoreFigures
from streams.demo.diary import DAY_MS, Diary
from streams.demo.snapshot import alert_line, length, movement, score_figure, short_why, stage_bars
from streams.model.definition import Model
from streams.model.load import load_model_text
from tests.figures import NOBODY

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp()) * 1_000
MODEL = """
model: small
version: 4
touchpoints: [{event: Hello Said, signals: [hello], dimensions: {warmth: 1}}]
dimensions: {warmth: {half_life: 7d, half_at: 4}}
scores: {mood: mean(warmth)}
frameworks:
  path:
    kind: ladder
    stages: {stranger: {}, friend: {when: "count(hello, 30d) >= 3"}}
    exits: {gone: {when: "since(activity) > 60d"}}
"""


@pytest.fixture
def model() -> Model:
    return load_model_text(MODEL)


def figures(stages: dict[str, int], scores: dict[str, ScoreFigures] | None = None) -> PartitionKpis:
    return replace(NOBODY, customers=sum(stages.values()), stages={"path": stages}, scores=scores or {})


def because(rule: str, **values: float | str | None) -> Because:
    """A reason whose terms are named in `values` (a dunder stands for what a name cannot hold)."""
    return Because(rule=rule, values=values, touchpoints=[], trigger=Trigger(kind="time"))


def with_terms(rule: str, values: dict[str, float | str | None]) -> Because:
    return Because(rule=rule, values=values, touchpoints=[], trigger=Trigger(kind="time"))


def test_stages_stand_in_the_order_of_the_model_and_exits_last(model: Model) -> None:
    """Also those in which nobody is; the names are the model's own."""
    bars = stage_bars(model, "path", figures({"gone": 2, "friend": 5}), Diary("mood"))

    assert [(bar.name, bar.customers, bar.exit) for bar in bars] == [
        ("stranger", 0, False),
        ("friend", 5, False),
        ("gone", 2, True),
    ]


def test_a_stage_says_how_many_more_than_a_day_ago(model: Model) -> None:
    """Up and down, and nothing at all before there is a day to compare with."""
    diary = Diary("mood")
    diary.note(figures({"stranger": 4, "friend": 1}), NOON_MS)
    today = figures({"stranger": 1, "friend": 5})
    young = stage_bars(model, "path", today, diary)

    diary.note(today, NOON_MS + DAY_MS)

    assert [bar.change for bar in young] == [0, 0, 0]
    assert [bar.change for bar in stage_bars(model, "path", today, diary)] == [-3, 4, 0]


def test_a_framework_that_the_model_does_not_have_has_no_stages(model: Model) -> None:
    """As a model without any framework shows nothing."""
    assert stage_bars(model, "", figures({}), Diary(None)) == ()


def test_the_first_score_of_the_model_is_shown(model: Model) -> None:
    """Its mean is that of the customers who have it; before anybody has it there is none."""
    some = figures({}, {"mood": ScoreFigures(customers=4, sum=100.0, bins=[0, 4, *[0] * 8])})

    shown = score_figure(model, some, Diary("mood"))
    nobody = score_figure(
        model, figures({}, {"mood": ScoreFigures(customers=0, sum=0, bins=[0] * 10)}), Diary("mood")
    )
    unknown = score_figure(model, figures({}), Diary("mood"))

    assert shown is not None
    assert (shown.name, shown.mean, shown.bins[1]) == ("mood", 25.0, 4)
    assert nobody is not None and nobody.mean is None
    assert unknown is not None and unknown.mean is None


def test_a_model_without_scores_shows_none(model: Model) -> None:
    """Nothing is made up."""
    assert score_figure(Model(name="bare", version=1, digest=""), figures({}), Diary(None)) is None


@pytest.mark.parametrize(
    ("rule", "values", "why"),
    [
        ("since(purchase) < 7d", {"since(purchase)": 0.0}, "since(purchase) 0 s < 7d"),
        ("since(purchase) < 7d", {"since(purchase)": 604_800_000.0}, "since(purchase) 7 d"),
        ("score.mood >= 20 or count(a) >= 3", {"score.mood": 12.34, "count(a)": 4.0}, "count(a) 4 >= 3"),
        ("score.mood >= 20 or count(a) >= 3", {"score.mood": 20.0, "count(a)": None}, "score.mood 20 >= 20"),
        ("count(a) + count(b) >= 1", {"count(a)": 0.0, "count(b)": 2.0}, "count(b) 2"),
        ("tenure > 14d and ever(x)", {"tenure": 1_300_000_000.0, "ever(x)": 1.0}, "tenure 15 d, ever(x) 1"),
        ("not (count(a) + count(b) >= 1)", {"count(a)": 0.0, "count(b)": 0.0}, "count(a) 0, count(b) 0"),
        ("since(a) <= since(b)", {"since(a)": 0.0, "since(b)": None, "x": 9.0}, "since(a) 0 s, x 9"),
        ("trait.plan == 'gold'", {"trait.plan": "gold"}, "trait.plan gold"),
        ("first(hello) > last(hello)", {"first(hello)": float(NOON_MS)}, "first(hello) 01 Dec"),
        ("always", {}, "always"),
    ],
)  # fmt: skip
def test_why_is_the_comparison_that_came_true_or_what_was_seen(
    rule: str, values: dict[str, float | str | None], why: str
) -> None:
    """A true comparison with its value put in; else the values that are there; else the rule itself."""
    assert short_why(with_terms(rule, values)) == why


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 m"),
        (3_599_999, "59 m"),
        (3_600_000, "1 h"),
        (86_400_000, "1 d"),
    ],
)
def test_a_length_is_written_in_its_largest_unit(duration_ms: int, text: str) -> None:
    """Rounded down, so that a day is said only when it is over."""
    assert length(duration_ms) == text


def test_a_movement_and_an_alert_are_shown_as_they_were_told() -> None:
    """Nothing is lost on the way; an alert without words is told by its name."""
    common = {"id": "1", "customer_id": "ada", "at": NOON, "model": "small", "model_version": 4}
    change = StageChanged(
        **common,
        framework="path",
        from_stage=None,
        to_stage="friend",
        direction=MoveDirection.FORWARD,
        dwell_ms=0,
        because=because("always"),
    )
    alert = AlertRaised(
        **common, alert="hush", severity=Severity.WARNING, message="", because=because("always")
    )

    assert (movement(change).from_stage, movement(change).to_stage, movement(change).why) == (
        None,
        "friend",
        "always",
    )
    assert alert_line(alert).message == "ada: hush"
