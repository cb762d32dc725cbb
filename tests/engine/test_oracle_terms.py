"""The oracle's terms against values worked out by hand."""

import math

import pytest

from streams.model.definition import Framework, PAlive, Question
from streams.model.expression import Node
from tests.engine.lives import MIDNIGHT, NOON, Life, hours, small_model, stage
from tests.nodes import DAY, HOUR, MINUTE, compare, number, panes, term


def test_points_halve_every_half_life() -> None:
    """One point of `half_at: 1` reads 50; a half-life later half a point is left: 100 * (1 - 2 ** -0.5)."""
    life = Life(small_model())
    life.event("visit", NOON)

    dimension = term("dimension", "attention")

    assert life.reads(dimension, NOON) == 50.0
    assert life.reads(dimension, NOON + DAY) == pytest.approx(100 * (1 - math.sqrt(0.5)), rel=1e-12)
    assert life.reads(dimension, NOON + 2 * DAY) == pytest.approx(100 * (1 - 2**-0.25), rel=1e-12)


def test_negative_points_never_lift_a_dimension_above_nothing() -> None:
    """Below zero a dimension reads 0, and it does not rise while the debt decays."""
    life = Life(small_model())
    life.event("push", NOON)

    assert life.reads(term("dimension", "attention"), NOON) == 0.0
    assert life.reads(term("dimension", "attention"), NOON + 30 * DAY) == 0.0


def test_beyond_the_daily_cap_only_points_are_withheld() -> None:
    """Of three the first two give a point, dated to their midnight; all three count."""
    life = Life(small_model())
    for minute in range(3):
        life.event("capped", NOON + minute * MINUTE)

    points = 2 * 2**-0.5  # from midnight to noon is half a half-life

    assert life.reads(term("dimension", "attention"), NOON) == pytest.approx(
        100 * (1 - 2**-points), rel=1e-12
    )
    assert life.reads(term("count", "capped"), NOON) == 3.0
    assert life.state()["mix"] == {"cognitive": 1.0, "transactional": 0.0}


def test_the_next_utc_day_has_a_daily_cap_of_its_own() -> None:
    """The third of three is on another day: it gives a point."""
    life = Life(small_model())
    life.event("capped", MIDNIGHT - 2)
    life.event("capped", MIDNIGHT - 1)
    life.event("capped", MIDNIGHT)

    points = 2 * 0.5 + 1.0

    assert life.reads(term("dimension", "attention"), MIDNIGHT) == pytest.approx(
        100 * (1 - 2**-points), rel=1e-12
    )


def test_a_missing_amount_counts_and_adds_nothing() -> None:
    """A bool or text is no number; the second path is taken when the first has none."""
    life = Life(small_model())
    life.event("buy", NOON, properties={"revenue": True})
    life.event("buy", NOON, properties={"revenue": "9"})
    life.event("buy", NOON, properties={"revenue": None, "total": 4})

    assert life.reads(term("count", "buy"), NOON) == 3.0
    assert life.reads(term("sum", "buy"), NOON) == 4.0


def test_rhythm_is_the_median_gap_between_active_days() -> None:
    """Three gaps are needed; an older active day changes none."""
    life = Life(small_model())
    for days in (0, 1, 3):
        life.event("visit", NOON + days * DAY)
    before = life.reads(term("rhythm"), NOON + 3 * DAY)
    life.event("visit", NOON + 7 * DAY)
    life.event("visit", NOON + 6 * DAY + hours(12))

    assert before is None
    assert life.reads(term("rhythm"), NOON + 7 * DAY) == 2.0 * DAY  # gaps 1, 2, 4


def test_rhythm_of_an_even_number_of_gaps_is_between_the_middle_two() -> None:
    """Gaps 1, 2, 4, 8: three days. Of more than eight the last eight are taken."""
    life = Life(small_model())
    for day in (0, 1, 3, 7, 15):
        life.event("visit", NOON + day * DAY)
    four = life.reads(term("rhythm"), NOON)
    for day in range(16, 24):
        life.event("visit", NOON + day * DAY)

    assert four == 3.0 * DAY
    assert life.reads(term("rhythm"), NOON) == 1.0 * DAY


def test_a_session_starts_after_more_than_the_gap() -> None:
    """Exactly thirty minutes later it is the same session; one millisecond more starts another."""
    life = Life(small_model())
    life.event("visit", NOON)
    life.event("visit", NOON + 30 * MINUTE)
    life.event("visit", NOON + 60 * MINUTE + 1)
    life.event("visit", NOON - 12 * HOUR)

    assert life.reads(term("sessions"), NOON) == 2.0
    assert life.reads(term("sessions", "", panes(2)), MIDNIGHT) == 2.0


def test_activity_is_what_the_customer_did() -> None:
    """Outbound, identify and `activity: false` are no activity; an unmapped event is."""
    life = Life(small_model())
    life.event("mail opened", NOON)
    life.event("visit", NOON, direction="out")
    life.event("visit", NOON, kind="identify")
    none = life.reads(term("count", "activity"), NOON)
    life.event("what is this", NOON, channel="email")

    assert none == 0.0
    assert life.reads(term("count", "activity"), NOON) == 1.0
    assert life.reads(term("channels", "", panes(2)), NOON) == 1.0
    assert life.reads(term("count", "visit"), NOON) == 2.0


def test_an_answer_stands_for_its_window() -> None:
    """In the window's last millisecond it stands; at its end it is absent. Out of scale it never was."""
    life = Life(small_model(questions=(Question("nps", window_ms=DAY),)))
    life.event("answer", NOON, properties={"score": 9})
    life.event("answer", NOON + 1, properties={"score": 11})

    assert life.reads(term("answer", "nps"), NOON + DAY - 1) == 9.0
    assert life.reads(term("answer", "nps"), NOON + DAY) is None


def test_the_latest_answer_counts_not_the_last_to_arrive() -> None:
    """An older answer that arrives later changes nothing; an inverted scale is turned round."""
    life = Life(small_model(questions=(Question("nps", window_ms=DAY, invert=True),)))
    life.event("answer", NOON, properties={"score": 9})
    life.event("answer", NOON - HOUR, properties={"score": 2})

    assert life.reads(term("answer", "nps"), NOON) == 1.0


def test_since_first_and_tenure_are_of_timestamps() -> None:
    """A touchpoint that arrives late within grace moves `first` and `tenure` back, not `last`."""
    life = Life(small_model())
    life.event("visit", NOON)
    life.event("visit", NOON - HOUR)

    assert life.reads(term("since", "visit"), NOON + 5) == 5.0
    assert life.reads(term("first", "visit"), NOON) == float(NOON - HOUR)
    assert life.reads(term("last", "visit"), NOON) == float(NOON)
    assert life.reads(term("tenure"), NOON) == float(HOUR)
    assert life.reads(term("since", "buy"), NOON) is None
    assert life.reads(term("ever", "buy"), NOON) is False


def test_the_score_at_a_midnight_is_as_it_was_known_then() -> None:
    """A touchpoint of the day before that arrives after midnight does not rewrite it."""
    yesterday = term("score_at", "engagement", back_ms=DAY)
    life = Life(small_model(frameworks=(watching(yesterday),)))
    life.event("visit", MIDNIGHT - DAY)
    life.event("visit", MIDNIGHT)
    life.event("visit", MIDNIGHT - 1)

    assert life.reads(yesterday, MIDNIGHT) is None  # at the midnight before, the customer was new
    assert life.reads(yesterday, MIDNIGHT + DAY) == pytest.approx(100 * (1 - 2**-0.5), rel=1e-12)


def test_the_score_at_a_midnight_counts_only_what_came_before_it() -> None:
    """A touchpoint at the midnight itself is not in it, and a customer first seen then has none."""
    yesterday = term("score_at", "engagement", back_ms=DAY)
    life = Life(small_model(frameworks=(watching(yesterday),)))
    life.event("visit", MIDNIGHT)
    life.event("visit", MIDNIGHT + DAY)

    assert life.reads(yesterday, MIDNIGHT + DAY) is None
    assert life.reads(yesterday, MIDNIGHT + 2 * DAY) == pytest.approx(100 * (1 - 2**-0.5), rel=1e-12)


def test_codes_are_kept_with_their_last_day() -> None:
    """Over 32 codes, the one of the oldest day goes; a code seen again is not old."""
    life = Life(small_model())
    for number_ in range(32):
        life.event("use", NOON + number_ * DAY, properties={"feature": f"f{number_}"})
    life.event("use", NOON + 32 * DAY, properties={"feature": "f0"})
    life.event("use", NOON + 33 * DAY, properties={"feature": "new"})

    codes = life.oracle.rows["c1"].seen["features"]

    assert len(codes) == 32
    assert "f0" in codes
    assert "f1" not in codes
    assert life.reads(term("seen", "features", panes(2)), NOON + 33 * DAY) == 2.0


def test_of_two_codes_of_one_day_the_one_the_partition_saw_first_goes() -> None:
    """Another customer brought `b` into the partition before `a`."""
    life = Life(small_model())
    life.event("use", NOON, customer="c0", properties={"feature": "b"})
    for code in ("a", "b", *[f"f{each}" for each in range(31)]):
        life.event("use", NOON, properties={"feature": code})

    assert "b" not in life.oracle.rows["c1"].seen["features"]
    assert "a" in life.oracle.rows["c1"].seen["features"]


def test_p_alive_is_the_formula_of_fader_hardie_and_lee() -> None:
    """With x = 1, t_x = 1, T = 2 and all parameters 1: 1 / (1 + (3 / 2) ** 2); without a repeat it is 1."""
    life = Life(small_model(p_alive=PAlive("buy", r=1.0, alpha=1.0, a=1.0, b=1.0, unit_ms=DAY)))
    life.event("visit", NOON - DAY)
    never = life.reads(term("p_alive"), NOON)
    life.event("buy", NOON)
    once = life.reads(term("p_alive"), NOON + 9 * DAY)
    life.event("buy", NOON + DAY)

    assert never is None
    assert once == 1.0
    assert life.reads(term("p_alive"), NOON + 2 * DAY) == pytest.approx(1 / (1 + 1.5**2), rel=1e-12)


def test_the_latest_trait_counts() -> None:
    """An older one changes nothing; of two at one instant the later is kept; bool and number read as text."""
    life = Life(small_model())
    life.event("visit", NOON, traits={"plan": "free", "seats": 3, "renewal": "2024-03-14"})
    life.event("visit", NOON - 1, traits={"plan": "old"})
    life.event("visit", NOON, traits={"plan": True, "seats": None})

    assert life.reads(term("trait", "plan"), NOON) == "true"
    assert life.reads(term("trait", "seats"), NOON) == 3.0
    assert life.reads(compare(term("trait", "seats"), "==", "3"), NOON) is True
    assert life.reads(term("until", "renewal"), NOON) == float(12 * HOUR)


def test_the_mix_is_shares_of_decayed_points() -> None:
    """Two visits and one purchase at one instant: two thirds and one third, for ever."""
    life = Life(small_model())
    assert life.event("visit", NOON) == "applied"
    life.event("visit", NOON)
    life.event("buy", NOON)

    assert life.reads(term("type", "cognitive"), NOON) == pytest.approx(2 / 3, rel=1e-12)
    assert life.reads(term("type", "transactional"), NOON + 100_000 * DAY) == pytest.approx(1 / 3, rel=1e-12)


def test_numbers_within_half_a_billionth_are_equal() -> None:
    """4e-10 apart is equal, 6e-10 apart is not."""
    life = Life(small_model())
    life.event("visit", NOON)

    assert life.reads(compare(number(1.0), ">=", 1.0 + 4e-10), NOON) is True
    assert life.reads(compare(number(1.0), "<", 1.0 + 4e-10), NOON) is False
    assert life.reads(compare(number(1.0), ">=", 1.0 + 6e-10), NOON) is False


def watching(read: Node) -> Framework:
    """Return flags with a rule that reads a term, so that the row keeps what the term needs."""
    return Framework(name="watch", kind="flags", stages=(stage("high", compare(read, ">=", 99)),))
