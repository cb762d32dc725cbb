"""How the oracle finds instants, held against asking at every single millisecond."""

from typing import NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from streams.model.definition import Alert, Dimension, Follow, Framework, Model, Settings
from streams.model.expression import Rule
from tests.engine.lives import MIDNIGHT, NOON, Life, ladder, small_model, stage
from tests.nodes import DAY, HOUR, both, calculate, compare, duration, panes, rule, term
from tests.oracle import Oracle, life
from tests.oracle.decisions import (
    Asker,
    Instant,
    Throughout,
    Undecided,
    Unsearchable,
    first_instant,
)
from tests.oracle.evaluation import evaluate, read, rules_of, terms_of
from tests.oracle.judgement import Evaluation
from tests.oracle.ranges import Range, Stretch, level
from tests.oracle.row import Row, Value
from tests.oracle.stretches import term_within, truths_within
from tests.random_histories import histories, play
from tests.random_models import models

LENGTHS = (1, 2, 1000, HOUR, DAY - 1, DAY, 3 * DAY, 10 * DAY, 40 * DAY)


class Situation(NamedTuple):
    """A row with a history, a stretch after it, and some instants of the stretch."""

    row: Row
    stretch: Stretch
    instants: list[int]


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Return a live row of a random model after a random history, and a stretch of time to come."""
    model = draw(models())
    oracle = Oracle(model)
    play(oracle, draw(histories(grace_ms=model.settings.grace_ms)))
    rows = oracle.live_rows()
    assume(rows)
    row = draw(st.sampled_from(rows))
    a = row.clock + draw(st.sampled_from((1, 2, HOUR, DAY)))
    b = a + draw(st.sampled_from(LENGTHS))
    middle = draw(st.integers(a, b))
    near = [a, b, middle, middle // DAY * DAY, middle // HOUR * HOUR, middle // HOUR * HOUR - 1]
    return Situation(row, Stretch(a, b), [t for t in near if a <= t <= b])


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(situations())
def test_what_a_stretch_rules_out_happens_at_none_of_its_instants(situation: Situation) -> None:
    """Every term lies in the range, and every rule has one of the truths, that the stretch gives it."""
    row, stretch, instants = situation
    for condition in conditions_of(row.model):
        possible = truths_within(row, condition.node, stretch)
        assert {evaluate(row, condition.node, t) for t in instants} <= possible, condition.text
    for each in [found for part in rules_of(row.model) for found in terms_of(part.node)]:
        values = level(term_within(row, each, stretch), row, stretch)
        assert all(lies_in(read(row, each, t), values) for t in instants), each.text


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(situations())
def test_a_wish_decided_for_a_stretch_is_the_same_at_each_instant(situation: Situation) -> None:
    """Either the stretch leaves it open, or every instant in it says the same."""
    row, stretch, instants = situation
    for wish in life.wishes(row):
        try:
            decided = wish(Throughout(row, stretch))
        except Undecided:
            continue
        assert {wish(Instant(row, t)) for t in instants} == {decided}


def lies_in(value: Value, values: Range) -> bool:
    """Tell whether a range holds a value."""
    if value is None:
        return values.absent
    if isinstance(value, float):
        return values.low <= value <= values.high
    return value in values.others


def conditions_of(model: Model) -> list[Rule]:
    """Return the rules of frameworks and alerts: those that are true or false."""
    return rules_of(msgspec.structs.replace(model, dimensions=(), scores=()))


def tiny_model() -> Model:
    """Return a model whose durations are milliseconds, so that a life can be walked through one by one."""
    score = term("score", "engagement")
    high = stage("high", compare(score, ">=", 45.0), stay=compare(score, ">=", 30.37))
    bought = stage("bought", compare(term("since", "buy"), "<", duration(70)))
    gone = stage("gone", compare(term("since", "activity"), ">", duration(120)))
    back = stage(
        "back", compare(term("since", "activity"), "<", duration(30)), from_stages=("gone",), for_ms=20
    )
    today = stage("today", compare(term("count", "visit", panes(2, "d")), ">=", 1))
    this_hour = stage("hour", compare(term("sum", "buy", panes(2, "h")), ">=", 1))
    late = both(compare(term("since", "visit"), ">=", duration(50)), compare(score, "<", 20.37))
    return small_model(
        dimensions=(Dimension("attention", half_life_ms=40, half_at=1.0),),
        follows=(Follow("trial", open="visit", close="buy", within_ms=33),),
        frameworks=(
            ladder(stage("low"), high, bought, exits=(back, gone), dwell_ms=25, hard=("push",)),
            Framework("flags", "flags", (today, this_hour)),
        ),
        alerts=(
            Alert("late", "state", when=rule(late), cooldown_ms=90),
            Alert("again", "event", upon_every_ms=77, cooldown_ms=100),
            Alert("lost", "event", upon_signal="trial.expired"),
        ),
        settings=Settings(min_change=7.31, score_interval_ms=5, grace_ms=40, timer_grace_ms=0),
    )


@pytest.mark.parametrize("start", [MIDNIGHT - 60, MIDNIGHT + DAY - 130, NOON])
def test_a_life_found_by_halving_is_the_life_walked_through(start: int) -> None:
    """With touchpoints in disorder, searching tells what evaluating every millisecond tells."""
    tale = [
        ("visit", 0),
        ("visit", 10),
        ("buy", 30),
        ("push", 61),
        ("visit", 25),
        ("buy", 55),
        ("visit", 300),
    ]
    searched = Life(tiny_model())
    walked = Life(tiny_model(), Oracle(tiny_model(), elapse=walk))
    for name, after in tale:
        searched.event(name, start + after)
    searched.oracle.until(start + 900)

    for name, after in tale:
        walked.event(name, start + after)
    walked.oracle.until(start + 900)

    assert walked.oracle.happenings == searched.oracle.happenings
    assert {each["trigger"] for each in walked.oracle.happenings} == {"touchpoint", "time"}
    assert len(walked.oracle.happenings) > 20


def walk(row: Row, until: int) -> list[dict[str, object]]:
    """Let time pass one millisecond after the other, evaluating each."""
    told: list[dict[str, object]] = []
    for t in range(row.clock + 1, until + 1):
        due = any(end <= t for end in life.ends_of_follows(row))
        if due or any(wish(Instant(row, t)) for wish in life.wishes(row)):
            life.move_clock(row, t)
            told += Evaluation(row, t, "time").run()
    return told


def test_two_straight_lines_that_never_meet_are_decided_for_ever() -> None:
    """One millisecond apart, eight thousand years long."""
    later = rule(compare(term("since", "buy"), ">", term("since", "visit")))
    tale = Life(small_model())
    tale.event("visit", NOON)
    tale.event("buy", NOON + 1)
    asked: list[Asker] = []

    def wish(ask: Asker) -> bool:
        asked.append(ask)
        return ask.holds(later)

    assert first_instant(tale.oracle.rows["c1"], wish, NOON + 2, NOON + 3_000_000 * DAY) is None
    assert len(asked) == 1


def test_a_short_moment_is_not_missed() -> None:
    """A rule that is true for two milliseconds of a year is told, and its end too."""
    since, tenure = term("since", "visit"), term("tenure")
    shortly = both(
        compare(calculate(since, "-", duration(10 * DAY)), ">=", duration(0)),
        compare(tenure, "<", duration(10 * DAY + 2)),
    )
    tale = Life(small_model(alerts=(Alert("shortly", "state", when=rule(shortly)),)))
    tale.event("visit", NOON)

    tale.oracle.until(NOON + 365 * DAY)

    assert tale.alerts() == [
        ("raised", "shortly", NOON + 10 * DAY),
        ("resolved", "shortly", NOON + 10 * DAY + 2),
    ]


def test_what_cannot_be_searched_is_said() -> None:
    """A score compared with itself under another name stays undecided down to the millisecond."""
    row = Life(small_model())
    row.event("visit", NOON)
    same = rule(compare(term("score", "engagement"), "<", term("dimension", "attention")))

    with pytest.raises(Unsearchable):
        first_instant(row.oracle.rows["c1"], lambda ask: ask.holds(same), NOON, NOON + 10 * DAY)
