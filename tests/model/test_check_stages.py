"""Stages that nobody can reach, and settings of frameworks that do nothing, are found before the start."""

import pytest

from tests.model.planted import SECTIONS, at_mark, model, problems


def framework(text: str, *, kind: str = "ladder") -> str:
    """Return a model with one more framework."""
    lines = "".join(f"    {line}\n" for line in text.split("\n"))
    return model(frameworks=SECTIONS["frameworks"] + f"  extra:\n    kind: {kind}\n{lines}")


@pytest.mark.parametrize(
    ("kind", "stages", "above"),
    [
        ("ladder", "low: {}|▸mid: {when: 'count(visit) >= 5'}|high: {when: 'count(visit) >= 2'}", "high"),
        ("ladder", "low: {}|▸mid: {when: 'count(visit) >= 5'}|high: {when: 'count( visit ) >= 5'}", "high"),
        ("ladder", "▸low: {}|high: {}", "high"),
        ("ladder", "low: {}|▸a: {when: 'ever(visit) and tenure > 7d'}|b: {when: 'tenure > 7d'}", "b"),
        ("ladder", "low: {}|▸a: {when: 'tenure > 8d'}|b: {when: 'tenure > 7d or ever(visit)'}", "b"),
        ("ladder", "low: {}|▸a: {when: 'tenure > 8d or tenure > 9d'}|b: {when: 'tenure > 7d'}", "b"),
        ("ladder", "low: {}|▸a: {when: \"stage.clm == 'buyer'\"}|b: {when: \"stage.clm != 'engaged'\"}", "b"),
        ("ladder", "low: {}|▸a: {when: \"stage.clm != 'buyer'\"}|b: {when: \"stage.clm != 'buyer'\"}", "b"),
        ("ladder", "low: {}|▸a: {when: \"trait.x == 'y'\"}|b: {when: \"trait.x == 'y'\"}", "b"),
        ("ladder", "low: {}|▸a: {when: 'not ever(visit)'}|b: {when: 'not ever(visit)'}", "b"),
        ("ladder", "low: {}|▸a: {when: 'tenure > rhythm'}|b: {when: 'rhythm < tenure'}", "b"),
        ("ladder", "low: {}|▸a: {when: 'count(visit) == 3'}|b: {when: 'count(visit) > 2'}", "b"),
        ("ladder", "low: {}|▸a: {when: 'count(visit) > 2'}|b: {when: 'count(visit) >= 3'}", "b"),
        ("free", "a: {when: 'tenure > 7d'}|▸b: {when: 'tenure > 8d'}", "a"),
        ("free", "a: {}|▸b: {when: 'tenure > 8d'}", "a"),
        ("free", "a: {}|▸b: {upon: visit}", "a"),
        ("free", "a: {when: 'ever(visit)'}|▸b: {upon: visit, when: 'ever(visit) and tenure > 7d'}", "a"),
    ],
)
def test_a_stage_that_another_always_takes_is_refused(kind: str, stages: str, above: str) -> None:
    """A ladder is tried from the top, a free framework from the first line."""
    problem = at_mark(framework("stages:\n  " + stages.replace("|", "\n  "), kind=kind))

    assert "can never be reached" in problem.reason
    assert above in problem.reason


@pytest.mark.parametrize(
    ("kind", "stages"),
    [
        ("ladder", "low: {}|mid: {when: 'count(visit) >= 2'}|high: {when: 'count(visit) >= 5'}"),
        ("ladder", "low: {}|a: {when: 'tenure > 7d or ever(visit)'}|b: {when: 'tenure > 8d'}"),
        ("ladder", "low: {}|a: {when: 'tenure >= 7d'}|b: {when: 'tenure > 7d'}"),
        ("ladder", "low: {}|a: {when: 'tenure <= 7d'}|b: {when: 'tenure < 7d'}"),
        ("ladder", "low: {}|a: {when: 'tenure > 7d'}|b: {upon: visit}"),
        ("ladder", "low: {}|a: {when: 'ever(visit)'}|b: {when: 'not ever(visit)'}"),
        ("ladder", "low: {}|a: {when: \"stage.clm != 'buyer'\"}|b: {when: \"stage.clm == 'engaged'\"}"),
        ("free", "a: {when: 'tenure > 8d'}|b: {when: 'tenure > 7d'}"),
        ("free", "a: {when: 'tenure > 8d'}|b: {}"),
        ("free", "a: {upon: visit}|b: {upon: purchase}"),
    ],
)
def test_a_stage_that_can_be_reached_is_not_refused(kind: str, stages: str) -> None:
    """The neighbours of the above: the order, or one bound, is the other way round."""
    assert problems(framework("stages:\n  " + stages.replace("|", "\n  "), kind=kind)) == []


def test_a_rule_with_too_many_alternatives_is_taken_to_be_reachable() -> None:
    """Sure or silent: what would take too long to weigh is not refused."""
    many = " and ".join(f"(count(visit, {n}d) > 1 or count(visit, {n}d, ago={n}d) > 1)" for n in range(2, 10))
    stages = f"stages:\n  low: {{}}\n  a: {{when: '{many} and tenure > 8d'}}\n  b: {{when: 'tenure > 7d'}}"

    assert problems(framework(stages)) == []


@pytest.mark.parametrize(
    ("exits", "reason"),
    [
        ("▸gone: {}", "the exit gone has no when, so everybody leaves through it"),
        (
            "a: {when: 'tenure > 7d'}|▸b: {when: 'tenure > 8d'}",
            "b can never be reached: a is tried before it and holds whenever it does",
        ),
        ("a: {from: [low, b], when: 'tenure > 7d'}|▸b: {from: [low], when: 'tenure > 8d'}", None),
        ("▸low: {when: 'tenure > 7d'}", "low is a stage and an exit"),
    ],
)
def test_an_exit_that_does_not_work_is_refused(exits: str, reason: str | None) -> None:
    """Exits are tried first, in the order of the file."""
    text = framework("stages:\n  low: {}\nexits:\n  " + exits.replace("|", "\n  "))

    assert reason in (None, at_mark(text).reason)


@pytest.mark.parametrize(
    "exits",
    [
        "a: {when: 'tenure > 8d'}|b: {when: 'tenure > 7d'}",
        "a: {from: [low], when: 'tenure > 7d'}|b: {when: 'tenure > 8d'}",
        "a: {from: [low], when: 'tenure > 7d'}|b: {from: [a, low], when: 'tenure > 8d'}",
        "a: {when: 'tenure > 7d', for: 24h}|b: {when: 'tenure > 8d'}",
        "a: {upon: visit}|b: {when: 'tenure > 8d'}",
    ],
)
def test_an_exit_that_works_is_not_refused(exits: str) -> None:
    """One that ends by itself, or that is left from fewer stages, hides no other."""
    assert problems(framework("stages:\n  low: {}\nexits:\n  " + exits.replace("|", "\n  "))) == []


def test_a_stay_that_does_nothing_is_warned_about() -> None:
    """An exit with `for` ends by itself."""
    exits = "exits:\n  x: {when: 'tenure > 7d', for: 24h, stay: ▸'tenure > 8d'}"

    at_mark(framework("stages:\n  low: {}\n" + exits), severity="warning")


def test_the_first_stage_of_a_ladder_needs_no_rule() -> None:
    """It is where everybody is who is nowhere else; in a free framework the same rule means something."""
    stages = "stages:\n  low: {when: ▸'ever(visit)'}\n  high: {when: 'ever(purchase)'}"

    at_mark(framework(stages), severity="warning")

    assert problems(framework(stages.replace("▸", ""), kind="free")) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "dwell: ▸24h\nstages:\n  a: {when: 'ever(visit)'}",
            "flags have no dwell: they are independent of each other",
        ),
        (
            "hard: ▸[visit]\nstages:\n  a: {when: 'ever(visit)'}",
            "a hard signal waives dwell, and flags have none",
        ),
        (
            "stages:\n  a: {when: 'ever(visit)'}\nexits:\n  ▸x: {when: 'ever(visit)'}",
            "flags have no exits: they go off by themselves",
        ),
    ],
)
def test_flags_have_neither_exits_nor_dwell(text: str, reason: str) -> None:
    """They are independent of each other."""
    assert at_mark(framework(text, kind="flags")).reason == reason


def test_a_flag_that_everybody_holds_is_warned_about() -> None:
    """It says nothing; `upon` alone says something."""
    at_mark(framework("stages:\n  ▸a: {}", kind="flags"), severity="warning")

    assert problems(framework("stages:\n  a: {upon: visit}", kind="flags")) == []


def test_levels_and_frameworks_do_not_share_a_name() -> None:
    """Rules say stage.name for both."""
    assert "share their names" in at_mark(model(levels="{▸clm: {low: {when: 'ever(visit)'}}}")).reason
    assert problems(model(levels="{level: {low: {when: 'ever(visit)'}}}")) == []


def test_stages_with_rules_that_do_not_fit_are_not_weighed() -> None:
    """What a faulty rule would imply means nothing."""
    stages = "stages:\n  low: {}\n  a: {when: '▸tenure > 8'}\n  b: {when: 'tenure > 7d'}"

    assert at_mark(framework(stages)).reason == "a duration is compared with a number"
