"""Both sides of what the engine has room for: the last that fits works, one more is refused at its place."""

import pytest

from streams.engine.ground import MOST_CARRIED, MOST_FRAMEWORKS
from streams.model.compile import compile_model
from streams.model.definition import Framework, Model, Stage
from streams.model.limits import BUILT_IN, MOST_FOLLOWS, MOST_QUESTIONS, MOST_STAGES
from streams.model.load import check_text, load_model_text
from streams.testing import TopologyTestDriver
from tests.random_histories import at
from tests.telling import tell

NOON = at(2024, 3, 13, 12)
BEGINNING = "model: large\nversion: 1\ntouchpoints:\n"
VISIT = "  - {event: visit, signals: [visit]}\n"


def frameworks(count: int) -> str:
    """Return a model with so many frameworks, the last of them a set of levels."""
    each = "".join(
        f"  way_{n}: {{kind: free, stages: {{a: {{when: 'ever(visit)'}}}}}}\n" for n in range(count - 1)
    )
    return f"{BEGINNING}{VISIT}frameworks:\n{each}levels:\n  rank: {{low: {{when: 'ever(visit)'}}}}\n"


def flags(count: int) -> str:
    """Return a model with so many flags, of which the nth is on from the nth visit."""
    each = "".join(f"      flag_{n}: {{when: 'count(visit) >= {n}'}}\n" for n in range(1, count + 1))
    return f"{BEGINNING}{VISIT}frameworks:\n  way:\n    kind: flags\n    stages:\n{each}"


def stages(count: int) -> str:
    """Return a model with a ladder of so many stages and exits, and an alert upon the last stage."""
    each = "".join(f"      stage_{n}: {{when: 'count(visit) >= {n}'}}\n" for n in range(2, count))
    exits = f"    exits:\n      gone: {{when: 'since(visit) > 9d', from: [stage_{count - 1}]}}\n"
    alert = f"{{kind: event, upon: {{transition: way, to: stage_{count - 1}}}, cooldown: 0s}}"
    ladder = f"  way:\n    kind: ladder\n    stages:\n      stage_1: {{}}\n{each}{exits}"
    return f"{BEGINNING}{VISIT}frameworks:\n{ladder}alerts:\n  up: {alert}\n"


def questions(count: int) -> str:
    """Return a model with so many questions that one event answers, and an alert upon each."""
    names = [f"q{n}" for n in range(count)]
    sources = ", ".join(f"{name}: {{value: properties.p, scale: 0-10}}" for name in names)
    asked = "".join(f"  {name}: {{window: 1d}}\n" for name in names)
    alerts = "".join(f"  on_{name}: {{kind: event, upon: {name}, cooldown: 0s}}\n" for name in names)
    entry = f"  - event: visit\n    answers: {{{sources}}}\n"
    return f"{BEGINNING}{entry}answers:\n{asked}alerts:\n{alerts}"


def signals(count: int) -> str:
    """Return a model with an event of so many signals, a follow, and an alert upon each signal."""
    names = [f"s{n}" for n in range(count)]
    alerts = "".join(f"  on_{name}: {{kind: event, upon: {name}, cooldown: 0s}}\n" for name in names)
    follow = "follow: {reply: {open: s0, close: s1, within: 7d}}\n"
    return f"{BEGINNING}  - {{event: visit, signals: [{', '.join(names)}]}}\n{follow}alerts:\n{alerts}"


def follows(count: int) -> str:
    """Return a model with so many follows that a visit opens and the next one closes, and alerts on it."""
    each = "".join(f"  f{n}: {{open: visit, close: activity, within: 7d}}\n" for n in range(count))
    alerts = "".join(f"  on_{n}: {{kind: event, upon: f{n}.closed, cooldown: 0s}}\n" for n in range(count))
    return f"{BEGINNING}{VISIT}follow:\n{each}alerts:\n{alerts}"


MOST_SIGNALS = MOST_CARRIED - BUILT_IN - 1


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        (f"{BEGINNING}{VISIT}settings:\n  grace: 2592000001ms\n", "  grace", "grace may be at most 30d"),
        (
            frameworks(MOST_FRAMEWORKS + 1),
            "  rank:",
            f"a model may have at most {MOST_FRAMEWORKS} frameworks and sets of levels, "
            f"not {MOST_FRAMEWORKS + 1}",
        ),
        (
            flags(MOST_STAGES + 1),
            "  way:",
            f"a framework may have at most {MOST_STAGES} stages and exits, not {MOST_STAGES + 1}",
        ),
        (
            stages(MOST_STAGES + 1),
            "  way:",
            f"a framework may have at most {MOST_STAGES} stages and exits, not {MOST_STAGES + 1}",
        ),
        (
            flags(MOST_STAGES + 1).replace(
                "frameworks:\n  way:\n    kind: flags\n    stages:", "levels:\n  way:"
            ),
            "  way:",
            f"a framework may have at most {MOST_STAGES} stages and exits, not {MOST_STAGES + 1}",
        ),
        (
            follows(MOST_FOLLOWS + 1),
            "follow:\n",
            f"a model may have at most {MOST_FOLLOWS} follows, not {MOST_FOLLOWS + 1}",
        ),
        (
            questions(MOST_QUESTIONS + 1),
            "answers:\n",
            f"a model may have at most {MOST_QUESTIONS} questions, not {MOST_QUESTIONS + 1}",
        ),
        (
            signals(MOST_SIGNALS + 1),
            "[s0",
            f"an entry of this model may give at most {MOST_SIGNALS} signals, not {MOST_SIGNALS + 1}: "
            f"{MOST_CARRIED} less the built-in ones and a signal for each follow",
        ),
    ],
)
def test_more_than_there_is_room_for_is_refused_at_its_place(text: str, place: str, reason: str) -> None:
    """One more than fits is an error, and it is the only one."""
    errors = [problem for problem in check_text(text).problems if problem.severity == "error"]

    assert [problem.reason for problem in errors] == [reason]
    line = text[: text.rindex(place)].count("\n") + 1
    assert errors[0].line == line


@pytest.mark.parametrize(
    ("text", "visits", "alerts"),
    [
        (f"{BEGINNING}{VISIT}settings:\n  grace: 30d\n", 1, 0),
        (frameworks(MOST_FRAMEWORKS), 1, 0),
        (flags(MOST_STAGES), MOST_STAGES, 0),
        (stages(MOST_STAGES), MOST_STAGES, 1),
        (questions(MOST_QUESTIONS), 1, MOST_QUESTIONS),
        (follows(MOST_FOLLOWS), 2, MOST_FOLLOWS),
        (signals(MOST_SIGNALS), 1, MOST_SIGNALS),
    ],
)
def test_as_much_as_there_is_room_for_works(text: str, visits: int, alerts: int) -> None:
    """Every framework, flag, stage, question and signal does what the first of its kind does."""
    model = load_model_text(text)
    driver = TopologyTestDriver(model)

    for _ in range(visits):
        tell(driver, "visit", NOON, properties={"p": 3})

    assert len(driver.alerts) == alerts
    state = driver.state("c1")
    assert state is not None
    where = state["stages"]
    assert isinstance(where, dict)
    for framework in model.frameworks:
        names = [stage.name for stage in framework.stages]
        assert where[framework.name] == (sorted(names) if framework.kind == "flags" else names[-1])


def test_the_compiler_refuses_a_model_that_nobody_checked() -> None:
    """A model made in code has no place to point at; it is refused all the same."""
    many = tuple(Stage(f"stage_{n}") for n in range(MOST_STAGES + 1))
    model = Model(name="made", version=1, digest="", frameworks=(Framework("way", "free", many),))

    with pytest.raises(ValueError, match=f"at most {MOST_STAGES} stages and exits, not {MOST_STAGES + 1}"):
        compile_model(model)


def test_a_score_that_looks_back_is_not_looked_back_at() -> None:
    """Midnights keep scores that can be known from the row alone; through a dimension counts as well."""
    text = f"""{BEGINNING}{VISIT}dimensions:
  zeal: {{half_life: 7d, half_at: 3}}
  change: {{value: "50 + score.now - default(score.now@1d, 0)"}}
scores:
  now: zeal
  momentum: change
  spread: default(score.momentum@2d, 0)
"""

    errors = [problem for problem in check_text(text).problems if problem.severity == "error"]

    assert [error.line for error in errors] == [text[: text.index("  spread")].count("\n") + 1]
    assert "score.momentum@2d looks back at a score that looks back itself" in errors[0].reason
