"""The oracle's frameworks against lives worked out by hand, on both sides of every boundary."""

import math
from typing import Any

from streams.model.definition import Framework, Stage
from tests.engine.lives import NOON, Life, ladder, small_model, stage
from tests.nodes import DAY, HOUR, calculate, compare, duration, term

LOW = stage("low")
SINCE_BUY = term("since", "buy")
BUYING = compare(SINCE_BUY, "<", duration(7 * DAY))


def test_a_ladder_starts_on_its_first_stage_and_climbs_at_once() -> None:
    """The first placement has no stage before it; climbing waits for no dwell and may skip stages."""
    middle = stage("middle", compare(term("count", "visit"), ">=", 1))
    model = small_model(frameworks=(ladder(LOW, middle, stage("top", BUYING), dwell_ms=DAY),))
    life = Life(model)

    life.event("push", NOON)
    life.event("buy", NOON + 1)

    assert life.moves() == [(None, "low", NOON), ("low", "top", NOON + 1)]
    assert [each["direction"] for each in life.told("stage")] == ["forward", "forward"]
    assert [each["dwell_ms"] for each in life.told("stage")] == [0, 1]


def test_time_alone_ends_a_stage_in_the_first_millisecond_at_which_its_rule_is_false() -> None:
    """`since(buy) < 7d` is true until the last millisecond before seven days, though nothing ever arrives."""
    life = Life(small_model(frameworks=(ladder(LOW, stage("top", BUYING)),)))
    life.event("buy", NOON)

    life.oracle.until(NOON + 7 * DAY - 1)
    before = life.moves()
    life.oracle.until(NOON + 7 * DAY)

    assert before == [(None, "top", NOON)]
    assert life.moves() == [(None, "top", NOON), ("top", "low", NOON + 7 * DAY)]
    assert life.told("stage")[-1]["direction"] == "back"
    assert life.told("stage")[-1]["trigger"] == "time"


def test_a_touchpoint_at_the_end_of_a_stage_comes_before_the_end() -> None:
    """A purchase exactly seven days after the last keeps the stage: rules are evaluated once, after it."""
    life = Life(small_model(frameworks=(ladder(LOW, stage("top", BUYING)),)))
    life.event("buy", NOON)

    life.event("buy", NOON + 7 * DAY)

    assert life.moves() == [(None, "top", NOON)]


def test_stay_keeps_a_stage_that_when_no_longer_gives() -> None:
    """50 falls to 40 where 2 ** -(t / 1d) = log2(1 / 0.6), in the 38 044 584th millisecond."""
    score = term("score", "engagement")
    top = stage("top", compare(score, ">=", 45.0), stay=compare(score, ">=", 40.0))
    life = Life(small_model(frameworks=(ladder(LOW, top),)))
    life.event("visit", NOON)

    life.oracle.until(NOON + 10 * DAY)

    assert life.moves() == [(None, "top", NOON), ("top", "low", NOON + 38_044_584)]
    assert math.ceil(-DAY * math.log2(math.log2(1 / 0.6))) == 38_044_584


def test_a_stage_is_not_entered_by_stay() -> None:
    """Between the two thresholds nobody enters."""
    score = term("score", "engagement")
    top = stage("top", compare(score, ">=", 55.0), stay=compare(score, ">=", 40.0))
    life = Life(small_model(frameworks=(ladder(LOW, top),)))

    life.event("visit", NOON)

    assert life.moves() == [(None, "low", NOON)]


def test_a_move_down_waits_for_dwell() -> None:
    """False after an hour, the stage is left when it was held for a day: not a millisecond earlier."""
    short = compare(term("since", "visit"), "<", duration(HOUR))
    life = Life(small_model(frameworks=(ladder(LOW, stage("top", short), dwell_ms=DAY),)))
    life.event("visit", NOON)

    life.oracle.until(NOON + 2 * DAY)

    assert life.moves()[1:] == [("top", "low", NOON + DAY)]
    assert life.told("stage")[-1]["dwell_ms"] == DAY


def test_a_hard_signal_waives_dwell_in_its_own_evaluation_only() -> None:
    """The touchpoint that carries it may lead down at once, and then laterally; without it dwell holds."""
    few = compare(term("count", "push"), "<", 1)
    model = small_model(frameworks=(ladder(LOW, stage("top", few), dwell_ms=DAY, hard=("buy",)),))
    held, freed = Life(model), Life(model)
    for life in (held, freed):
        life.event("visit", NOON)
        life.event("push", NOON + HOUR)

    freed.event("buy", NOON + 2 * HOUR)
    held.event("visit", NOON + 2 * HOUR)

    assert held.moves() == [(None, "top", NOON)]
    assert freed.moves()[1:] == [("top", "low", NOON + 2 * HOUR)]
    assert freed.told("stage")[-1]["direction"] == "lateral"


def exits_model(**fields: Any) -> Framework:
    """Return a ladder with the exits back (from gone, for a day), gone (after 10 days) and lost."""
    quiet = compare(term("since", "activity"), ">=", duration(10 * DAY))
    lost = compare(term("since", "activity"), ">=", duration(20 * DAY))
    fresh = compare(term("since", "activity"), "<", duration(DAY))
    exits = (
        stage("lost", lost),
        stage("back", fresh, from_stages=("gone", "lost"), for_ms=DAY),
        stage("gone", quiet),
    )
    return ladder(LOW, stage("top", BUYING), exits=exits, **fields)


def test_exits_are_entered_and_left_at_once_in_file_order() -> None:
    """Gone, then lost, then back for a day, then where the ladder puts it; dwell plays no part."""
    life = Life(small_model(frameworks=(exits_model(dwell_ms=90 * DAY),)))
    life.event("visit", NOON)
    life.event("visit", NOON + 30 * DAY)

    life.oracle.until(NOON + 35 * DAY)

    assert life.moves() == [
        (None, "low", NOON),
        ("low", "gone", NOON + 10 * DAY),
        ("gone", "lost", NOON + 20 * DAY),
        ("lost", "back", NOON + 30 * DAY),
        ("back", "low", NOON + 31 * DAY),
    ]
    directions = [each["direction"] for each in life.told("stage")]
    assert directions == ["forward", "back", "lateral", "forward", "forward"]


def test_a_timed_exit_ends_earlier_by_a_hard_signal() -> None:
    """A purchase ends `back` before its day is over."""
    life = Life(small_model(frameworks=(exits_model(hard=("buy",)),)))
    life.event("visit", NOON)
    life.event("visit", NOON + 12 * DAY)

    life.event("visit", NOON + 12 * DAY + HOUR)
    life.event("buy", NOON + 12 * DAY + 2 * HOUR)

    assert life.moves()[2:] == [
        ("gone", "back", NOON + 12 * DAY),
        ("back", "top", NOON + 12 * DAY + 2 * HOUR),
    ]


def test_an_exit_is_never_the_first_placement() -> None:
    """Whoever begins where an exit's rule holds is placed first, and leaves in the next millisecond."""
    always = compare(term("tenure"), ">=", duration(0))
    life = Life(small_model(frameworks=(ladder(LOW, exits=(stage("gone", always),)),)))
    life.event("visit", NOON)

    life.oracle.until(NOON + DAY)

    assert life.moves() == [(None, "low", NOON), ("low", "gone", NOON + 1)]


def test_an_exit_from_given_stages_is_closed_to_others() -> None:
    """`back` is open only from gone and lost."""
    life = Life(small_model(frameworks=(exits_model(),)))

    life.event("visit", NOON)
    life.event("visit", NOON + HOUR)

    assert life.moves() == [(None, "low", NOON)]


def test_upon_is_evaluated_at_its_touchpoint_only_and_then_kept() -> None:
    """The count is reached by the first push; the stage is entered by the buy, and never left by itself."""
    pushed = compare(term("count", "push", None), ">=", 1)
    life = Life(small_model(frameworks=(ladder(LOW, stage("loop", pushed, upon="buy", latch=True)),)))
    life.event("buy", NOON)
    life.event("push", NOON + 1)
    life.event("buy", NOON + HOUR)

    life.oracle.until(NOON + 100 * DAY)

    assert life.moves() == [(None, "low", NOON), ("low", "loop", NOON + HOUR)]


def free(*stages: Stage, **fields: Any) -> Framework:
    """Return a free framework named `journey`."""
    return Framework(name="journey", kind="free", stages=stages, **fields)


def test_a_free_framework_is_unplaced_until_a_rule_holds() -> None:
    """No rule holds at first; then the first in the file; when none holds any more it remains."""
    first = stage("first", compare(term("since", "buy"), "<", duration(HOUR)))
    second = stage("second", compare(term("since", "visit"), "<", duration(2 * HOUR)))
    life = Life(small_model(frameworks=(free(first, second),)))
    life.event("push", NOON)
    unplaced = life.state()["stages"]
    life.event("visit", NOON + 1)
    life.event("buy", NOON + 2)

    life.oracle.until(NOON + DAY)

    assert unplaced == {"journey": None}
    assert life.moves() == [
        (None, "second", NOON + 1),
        ("second", "first", NOON + 2),
        ("first", "second", NOON + 2 + HOUR),
    ]
    assert [each["direction"] for each in life.told("stage")] == ["forward", "back", "forward"]


def test_every_move_of_a_free_framework_waits_for_dwell() -> None:
    """Only its first placement does not."""
    first = stage("first", compare(term("since", "buy"), "<", duration(HOUR)))
    second = stage("second", compare(term("since", "visit"), "<", duration(2 * DAY)))
    life = Life(small_model(frameworks=(free(first, second, dwell_ms=3 * HOUR),)))
    life.event("buy", NOON)
    life.event("visit", NOON + 1)

    life.oracle.until(NOON + DAY)

    assert life.moves() == [(None, "first", NOON), ("first", "second", NOON + 3 * HOUR)]


def test_flags_are_independent() -> None:
    """Both go on at one touchpoint in file order; one is latched, the other goes off by itself."""
    latched = stage("ever", term("ever", "buy"), latch=True)
    lately = stage("lately", compare(SINCE_BUY, "<", duration(DAY)))
    life = Life(small_model(frameworks=(Framework("flags", "flags", (lately, latched)),)))
    life.event("visit", NOON - HOUR)
    life.event("buy", NOON)

    life.oracle.until(NOON + 10 * DAY)

    assert life.moves() == [(None, "lately", NOON), (None, "ever", NOON), ("lately", None, NOON + DAY)]
    assert [each["direction"] for each in life.told("stage")] == ["forward", "forward", "back"]
    assert [each["dwell_ms"] for each in life.told("stage")] == [HOUR, 0, DAY]
    assert life.state()["stages"] == {"flags": ["ever"]}


def test_a_later_framework_sees_the_stage_of_this_very_evaluation() -> None:
    """Frameworks are evaluated in the model's order."""
    buyers = Framework("buyers", "flags", (stage("buyer", term("ever", "buy"), latch=True),))
    club = Framework("club", "flags", (stage("member", compare(term("stage", "buyers"), "==", "buyer")),))
    life = Life(small_model(frameworks=(buyers, club)))

    life.event("buy", NOON)

    assert life.moves() == [(None, "buyer", NOON), (None, "member", NOON)]


def test_what_is_still_due_after_a_move_follows_in_the_next_millisecond() -> None:
    """A framework moves once in an evaluation: out of an exit onto the ladder, then into the next exit."""
    gone = stage("gone", compare(term("tenure"), ">=", duration(0)), from_stages=("low",), for_ms=DAY)
    life = Life(small_model(frameworks=(ladder(LOW, exits=(gone,)),)))
    life.event("visit", NOON)

    life.oracle.until(NOON + DAY + 2)

    assert life.moves() == [
        (None, "low", NOON),
        ("low", "gone", NOON + 1),
        ("gone", "low", NOON + 1 + DAY),
        ("low", "gone", NOON + 2 + DAY),
    ]


def test_an_inexact_rule_is_read_at_midnights_and_touchpoints() -> None:
    """Since / tenure >= 0.5 becomes true at 14:00, but is told at the midnight after."""
    ratio = calculate(term("since", "buy"), "/", term("tenure"))
    half = stage("half", compare(ratio, ">=", 0.5))
    life = Life(small_model(frameworks=(Framework("flags", "flags", (half,)),)))
    life.event("visit", NOON)
    life.event("buy", NOON + HOUR)

    life.oracle.until(NOON + DAY)

    assert life.moves() == [(None, "half", NOON + 12 * HOUR)]
