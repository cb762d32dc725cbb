"""A model laid over another: keys merge, null removes, the child's touchpoints come first."""

from pathlib import Path

import pytest

from streams.model.load import CHAIN_LIMIT, check_model, check_text, load_model, load_model_text
from streams.model.problems import ModelError

CHILD = "model: mine\nversion: 4\nextends: starter\n"


def test_a_child_that_says_nothing_is_its_parent() -> None:
    """But for its name and version, which are never inherited."""
    starter, mine = load_model("starter"), load_model_text(CHILD)

    assert (mine.name, mine.version) == ("mine", 4)
    assert mine.touchpoints == starter.touchpoints
    assert mine.frameworks == starter.frameworks
    assert mine.digest != starter.digest
    assert [problem.reason for problem in check_text("extends: starter\n").problems] == [
        "the model has no name"
    ]


def test_mappings_merge_key_by_key_at_every_depth() -> None:
    """One number of one dimension, one rule of one stage."""
    mine = load_model_text(
        CHILD
        + "dimensions: {attention: {half_at: 20}}\n"
        + "frameworks: {clm: {stages: {engagement: {hysteresis: 3}}}}\n"
        + "alerts: {detractor: {cooldown: 2d}}\n"
        + "currency: USD\n"
    )

    attention = next(dimension for dimension in mine.dimensions if dimension.name == "attention")
    engagement = mine.frameworks[0].stages[1]
    assert (attention.half_life_ms, attention.half_at) == (14 * 86_400_000, 20.0)
    assert engagement.when == load_model("starter").frameworks[0].stages[1].when
    assert engagement.stay is not None
    assert engagement.stay.text.startswith("score.engagement >= 17 or")
    assert mine.alerts[-1].cooldown_ms == 2 * 86_400_000
    assert mine.currency == "USD"


def test_null_removes_what_the_parent_says() -> None:
    """A key that the parent does not have is a slip of the pen, not a removal."""
    mine = load_model_text(CHILD + "alerts: {detractor: null, silence: ~}\n")

    assert [alert.name for alert in mine.alerts] == ["stage_back", "engagement_drop", "activity_drop"]
    assert [problem.reason for problem in check_text(CHILD + "alert: null\n").problems] == [
        "alert is not a key of a model"
    ]


def test_a_new_key_follows_behind_the_parents() -> None:
    """A new alert is the last; a new top stage of a ladder is the most advanced."""
    mine = load_model_text(
        CHILD
        + "alerts: {bought: {kind: event, upon: purchase, cooldown: 0d, message: '{customer} bought'}}\n"
        + "frameworks: {clm: {stages: {patron: {when: 'count(purchase) >= 50'}}}}\n"
    )

    assert mine.alerts[-1].name == "bought"
    assert mine.frameworks[0].stages[-1].name == "patron"


def test_the_childs_entries_stand_first_and_replace_what_they_cover() -> None:
    """First match wins; a parent's entry wholly behind a child's is dropped, without a problem."""
    starter = load_model("starter")
    mine = load_model_text(
        CHILD + "touchpoints:\n  - {event: Order Completed, signals: {purchase: properties.net}}\n"
    )

    assert mine.touchpoints[0].signals[0][1].paths == ("properties.net",)
    assert [entry.event for entry in mine.touchpoints].count("Order Completed") == 1
    assert len(mine.touchpoints) == len(starter.touchpoints)


def test_a_signal_that_only_a_dropped_entry_gave_is_missed() -> None:
    """The problem is named where the parent's rule reads it."""
    text = CHILD + "touchpoints:\n  - {event: Product Added, type: behavioural}\n"

    problems = check_text(text, name="mine.yaml").problems

    assert [(problem.file, problem.reason) for problem in problems] == [
        ("starter.yaml", "no entry gives the signal cart")
    ]


def test_an_upon_is_replaced_whole() -> None:
    """It names one thing, so its keys do not add up."""
    mine = load_model_text(CHILD + "alerts: {stage_back: {upon: {transition: clm, direction: back}}}\n")

    pattern = mine.alerts[0].upon_transition
    assert pattern is not None
    assert pattern.except_to == ()


def test_problems_of_the_child_come_before_those_of_its_parent() -> None:
    """Each with its own file, so that the line can be found."""
    text = CHILD + "scores: {engagement: attention}\ndimensions: {interaction: null}\nsegments: [a, {}]\n"

    problems = check_text(text, name="mine.yaml").problems

    assert [problem.file for problem in problems] == ["mine.yaml", "starter.yaml"] + ["starter.yaml"] * (
        len(problems) - 2
    )
    assert problems[1].reason == "no dimension is called interaction"


def test_a_file_may_extend_a_file_beside_it(tmp_path: Path) -> None:
    """And that one a preset."""
    (tmp_path / "base.yaml").write_text(CHILD, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text("model: leaf\nextends: base.yaml\ncurrency: SEK\n", encoding="utf-8")

    leaf = load_model(str(tmp_path / "mine.yaml"))

    assert (leaf.name, leaf.currency, len(leaf.scores)) == ("leaf", "SEK", 1)


@pytest.mark.parametrize(
    ("extends", "reason"),
    [
        ("startr", "startr is not a preset"),
        ("[starter]", "extends names one preset or one file"),
    ],
)
def test_a_text_extends_presets_only(extends: str, reason: str) -> None:
    """A text has no place, so no file is beside it."""
    problems = check_text(f"model: a\nextends: {extends}\n").problems

    assert [(problem.line, problem.column, problem.reason) for problem in problems] == [(2, 10, reason)]


def test_extending_nothing_is_not_extending() -> None:
    """A null says nothing."""
    assert check_text("model: a\nextends: null\n").problems == ()


def test_a_file_that_is_not_there_is_named_where_it_is_asked_for(tmp_path: Path) -> None:
    """With the presets that there are."""
    (tmp_path / "a.yaml").write_text("model: a\nextends: b.yaml\n", encoding="utf-8")

    problem = check_model(str(tmp_path / "a.yaml")).problems[0]

    assert (problem.line, problem.column) == (2, 10)
    assert problem.reason == "no file and no preset b.yaml"
    assert problem.suggestion == "presets: starter"


def test_a_parent_that_is_no_model_is_refused(tmp_path: Path) -> None:
    """At its own place."""
    (tmp_path / "a.yaml").write_text("model: a\nextends: b.yaml\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("- x\n", encoding="utf-8")

    problem = check_model(str(tmp_path / "a.yaml")).problems[0]

    assert problem.file == str(tmp_path / "b.yaml")
    assert problem.reason == "a model is keys and values"


def test_a_circle_of_files_is_refused(tmp_path: Path) -> None:
    """Directly, and around a corner; and a chain has an end."""
    for name, parent in (("a", "b"), ("b", "a"), ("self", "self")):
        (tmp_path / f"{name}.yaml").write_text(f"model: {name}\nextends: {parent}.yaml\n", encoding="utf-8")
    for number in range(CHAIN_LIMIT + 1):
        text = f"model: m\nextends: c{number + 1}.yaml\n"
        (tmp_path / f"c{number}.yaml").write_text(text, encoding="utf-8")

    for name in ("a", "self", "c0"):
        with pytest.raises(ModelError, match="extends itself in the end"):
            load_model(str(tmp_path / f"{name}.yaml"))
