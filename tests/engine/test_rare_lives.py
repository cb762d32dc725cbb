"""Rare lives: what the engine reads and tells is worked out by hand, and the oracle agrees at every step."""

import math
from collections.abc import Callable

import pytest

from schemas.instants import instant
from streams.model.definition import Model
from streams.model.load import load_model_text
from streams.testing import TopologyTestDriver
from tests.agreement import differences
from tests.nodes import DAY, HOUR, MINUTE
from tests.properties.runs import driver_with, values_of
from tests.random_histories import History, Touch, at, written
from tests.telling import reading

NOON = at(2024, 3, 13, 12)  # a Wednesday
MODEL = """
model: rare
version: 1
touchpoints:
  - {event: buy, signals: {buy: properties.revenue}}
  - {event: visit, signals: [visit], dimensions: {attention: 1}}
  - {event: use, signals: [use], seen: {features: properties.feature}}
dimensions: {attention: {half_life: 1d, half_at: 1}}
scores: {engagement: attention, calm: 100 - attention}
"""
LONG = "settings: {grace: 30d}\n"  # as long as it may be
Step = tuple[str, int] | tuple[str, int, dict[str, object]]


def model(rest: str) -> Model:
    """Return the small model with frameworks, alerts or settings added."""
    return load_model_text(MODEL + rest)


def flag(rule: str) -> str:
    """Return a framework of one flag."""
    return f'frameworks: {{way: {{kind: flags, stages: {{on: {{when: "{rule}"}}}}}}}}\n'


def lived(
    rest: str, *steps: Step, until: int | None = None, of: Callable[[str], Model] = model
) -> TopologyTestDriver:
    """Return a driver that has lived through these events of c1; the oracle has agreed with each of them."""
    touches = []
    for number, (event, when, *properties) in enumerate(steps):
        record = {
            "message_id": f"m{number}",
            "customer_id": "c1",
            "event": event,
            "timestamp": written(when),
            "properties": properties[0] if properties else {},
        }
        touches.append(Touch(record, number, when))
    history = History(tuple(touches), until)

    assert differences(of(rest), history) == []
    driver = driver_with(of(rest), values_of(history))
    driver.run()
    if until is not None:
        driver.elapse(until)
    return driver


def moves(driver: TopologyTestDriver) -> list[tuple[str | None, object]]:
    """Return (to, at) of each transition."""
    return [(each.to_stage, each.at) for each in driver.transitions]


@pytest.mark.parametrize("gap", [61, 62, 63, 123, 124, 125, 186, 400])
def test_days_active_survive_a_silence_as_far_as_the_window_reaches(gap: int) -> None:
    """Two active days, a silence, and another day: the window of 124 days holds those that it should."""
    rule = flag("days_active(124d) >= 1")

    driver = lived(rule, ("visit", NOON), ("visit", NOON + DAY), ("visit", NOON + gap * DAY))

    assert reading(driver, "days_active(124d)") == 1 + (gap < 124) + (gap < 125)


@pytest.mark.parametrize("back", [0, 1, 29, 30])
@pytest.mark.parametrize("days", [2, 29, 30, 31])
def test_activity_told_late_counts_on_its_own_day(back: int, days: int) -> None:
    """Within the longest grace: on its day if the window still holds it, over the lifetime always."""
    rule = flag(f"days_active({days}d) >= 1 and days(activity) >= 1")

    driver = lived(rule + LONG, ("visit", NOON), ("visit", NOON - back * DAY))

    assert reading(driver, f"days_active({days}d)") == 1 + (0 < back < days)
    assert reading(driver, "days(activity)") == 1 + (back > 0)


@pytest.mark.parametrize(
    ("term", "inside"),
    [
        ("sum(buy, 2d)", (NOON, NOON - DAY)),
        ("sum(buy, 3h)", (NOON, NOON - 2 * HOUR)),
        ("count(buy, 2d)", (NOON, NOON - DAY)),
        ("count(buy, 3h)", (NOON, NOON - 2 * HOUR)),
        ("days(buy, 2w)", (NOON, at(2024, 3, 4))),
        ("seen(features, 3d)", (NOON, NOON - 2 * DAY)),
        ("channels(3d)", (NOON, NOON - 2 * DAY)),
    ],
)
def test_what_is_told_late_is_in_the_window_of_its_own_instant_or_in_none(
    term: str, inside: tuple[int, int]
) -> None:
    """One pane older than the window, or ten, it changes nothing there."""
    event = "use" if "seen" in term or "channels" in term else "buy"
    pane = {"h": HOUR, "d": DAY, "w": 7 * DAY}[term[-2]]
    now, earliest = inside

    def told(*others: int) -> object:
        steps = [(event, when, {"revenue": 4, "feature": f"f{when}"}) for when in (now, *others)]
        return reading(lived(flag(f"{term} >= 1") + LONG, *steps), term)

    one = told()
    assert told(earliest - pane) == told(earliest - pane, earliest - 10 * pane) == one
    assert told(earliest) == (one if "channels" in term else 8 if "sum" in term else 2)


def test_a_full_set_forgets_the_code_of_the_oldest_day() -> None:
    """Of 32 features the one not used for longest goes; what was used before all of them is not taken."""
    used = [("use", NOON + n // 2 * DAY, {"feature": f"f{n}"}) for n in range(32)]
    last = NOON + 15 * DAY
    older, newer = ("use", NOON - DAY, {"feature": "older"}), ("use", last, {"feature": "newer"})
    again = ("use", last, {"feature": "f0"})

    def seen(days: int, *steps: Step) -> object:
        return reading(
            lived(flag(f"seen(features, {days}d) >= 1") + LONG, *steps), f"seen(features, {days}d)"
        )

    assert (seen(16, *used), seen(15, *used)) == (32, 30)
    assert (seen(17, *used, older), seen(16, *used, older)) == (32, 32)
    assert (seen(16, *used, newer), seen(15, *used, newer)) == (32, 31)
    assert (seen(16, *used, newer, again), seen(15, *used, newer, again)) == (32, 32)


@pytest.mark.parametrize(
    ("rule", "on"),
    [
        ("2 * since(visit) >= 10d", 5 * DAY),
        ("since(visit) * 2 >= 10d", 5 * DAY),
        ("since(visit) / 2 >= 10d", 20 * DAY),
        ("-2 * since(visit) <= -10d", 5 * DAY),
        ("10d - since(visit) <= 3d", 7 * DAY),
        ("2 * since(visit) - since(visit) >= 10d", 10 * DAY),
        ("score.calm - 40 >= 20", 38_044_584),
        ("2 * score.calm >= 120", 38_044_584),
        ("-score.engagement >= -40", 38_044_584),
        ("100 - 2 * dimension.attention >= 20", 38_044_584),
    ],
)
def test_a_rule_of_what_moves_by_itself_turns_in_its_first_true_millisecond(rule: str, on: int) -> None:
    """Multiplied, turned round or subtracted, from either side; 50 falls to 40 in the 38 044 584th."""
    driver = lived(flag(rule), ("visit", NOON), until=NOON + 30 * DAY)

    assert moves(driver) == [("on", instant(NOON + on))]


@pytest.mark.parametrize(("score", "value"), [("engagement", 40.0), ("calm", 60.0)])
def test_a_score_that_moves_by_itself_is_sent_when_it_has_moved_enough(score: str, value: float) -> None:
    """Ten points down, or ten points up, in silence: not a millisecond before."""
    driver = lived("settings: {min_change: 10}\n", ("visit", NOON))

    early = driver.elapse(NOON + 38_044_583)
    due = driver.elapse(NOON + 38_044_584)

    assert (early.emissions, due.emissions) == (0, 1)
    assert driver.scores[-1].at == instant(NOON + 38_044_584)
    assert driver.scores[-1].scores[score] == pytest.approx(value)


def test_a_state_alert_that_is_true_again_waits_for_its_cooldown() -> None:
    """Silent after two hours, resolved by a visit, silent again: it opens a day after it was raised first."""
    alert = 'alerts: {quiet: {kind: state, when: "since(visit) > 2h", cooldown: 1d}}\n'

    driver = lived(alert, ("visit", NOON), ("visit", NOON + 3 * HOUR), until=NOON + 2 * DAY)

    first = NOON + 2 * HOUR + 1
    assert [(type(each).__name__, each.at) for each in driver.alerts] == [
        ("AlertRaised", instant(first)),
        ("AlertResolved", instant(NOON + 3 * HOUR)),
        ("AlertRaised", instant(first + DAY)),
    ]


def test_a_state_alert_whose_cooldown_ends_while_it_is_false_opens_when_it_is_true() -> None:
    """Nothing is made up for, and nothing comes early."""
    alert = 'alerts: {quiet: {kind: state, when: "since(visit) > 2h", cooldown: 4h}}\n'

    driver = lived(
        alert, ("visit", NOON), ("visit", NOON + 3 * HOUR), ("visit", NOON + 4 * HOUR), until=NOON + DAY
    )

    first = NOON + 2 * HOUR + 1
    assert [each.at for each in driver.alerts] == [
        instant(first),
        instant(NOON + 3 * HOUR),
        instant(first + 4 * HOUR),
    ]


def test_whoever_is_nowhere_else_is_on_the_first_stage_of_a_ladder() -> None:
    """Even where it has a rule that does not hold: at first, and when the stage above ends."""
    ladder = (
        "frameworks:\n  way:\n    kind: ladder\n    stages:\n"
        '      low: {when: "ever(buy)"}\n      top: {when: "since(visit) < 1h"}\n'
    )

    never = lived(ladder, ("use", NOON))
    back = lived(ladder, ("visit", NOON), until=NOON + DAY)

    assert moves(never) == [("low", instant(NOON))]
    assert never.transitions[0].because.rule == "always"
    assert moves(back) == [("top", instant(NOON)), ("low", instant(NOON + HOUR))]
    assert back.transitions[-1].because.rule == "not (since(visit) < 1h)"


def test_ticks_and_the_timer_grace_change_nothing_of_it() -> None:
    """What time brings about is dated to when it was due, not to the tick that brought it."""
    driver = lived(flag("2 * since(visit) >= 10d"), ("visit", NOON))

    driver.tick(NOON + 6 * DAY + MINUTE)

    assert moves(driver) == [("on", instant(NOON + 5 * DAY))]


MOMENTUM = """scores:
  engagement: attention
  momentum: 50 + score.engagement - default(score.engagement@1d, 0)
"""


def looking_back(rest: str) -> Model:
    """Return the small model with scores that read scores at past midnights."""
    return load_model_text(MODEL[: MODEL.index("scores:")] + MOMENTUM + rest)


@pytest.mark.parametrize(
    ("rule", "turns"),
    [
        # Two points less 2^(-10/24) of one fall to one point in log2(1 + 2^(-10/24)) days, 19 h 21 min 35 s.
        (
            "score.momentum >= 100",
            [
                ("on", NOON),
                (None, NOON + 1),
                ("on", NOON + 10 * HOUR),
                (None, at(2024, 3, 14, 17, 21) + 35_159),
            ],
        ),
        ("score.momentum < 50", [("on", at(2024, 3, 15))]),
    ],
)
def test_a_score_may_look_back_to_midnights(rule: str, turns: list[tuple[str | None, int]]) -> None:
    """At those of another score: absent before the customer was."""
    life = (flag(rule), ("visit", NOON), ("visit", NOON + 10 * HOUR))

    driver = lived(*life, until=NOON + 4 * DAY, of=looking_back)

    assert moves(driver) == [(to, instant(when)) for to, when in turns]


def falls_to(value: float) -> int:
    """Return the first millisecond at which a point of noon, a dimension of 50, is worth no more."""
    return NOON + math.ceil(-math.log2(math.log2(100 / (100 - value))) * DAY)


@pytest.mark.parametrize(
    ("score", "rule", "turns"),
    [
        ("30 - score.engagement", "score.other >= 10", [("on", falls_to(20))]),
        ("150 - score.engagement", "score.other < 100", []),
        ("50 + 2 * score.engagement", "score.other < 100", [("on", falls_to(25))]),
        ("80 + score.engagement", "score.other < 100", [("on", falls_to(20))]),
    ],
)
def test_a_score_beyond_its_bounds_stands_still_until_it_comes_back(
    score: str, rule: str, turns: list[tuple[str | None, int]]
) -> None:
    """Held at 0 or 100, it leaves at the instant at which what it is made of comes back."""

    def bounded(rest: str) -> Model:
        return load_model_text(
            MODEL.replace("scores: {engagement", f"scores: {{other: {score}, engagement") + rest
        )

    driver = lived(flag(rule), ("visit", NOON), until=NOON + 4 * DAY, of=bounded)

    assert moves(driver) == [(to, instant(when)) for to, when in turns]


@pytest.mark.parametrize(
    "rule",
    [
        "min(since(visit), 1d) >= 1d",
        "max(since(visit), 2d) <= 2d",
        "max(score.calm, 60) <= 60",
        "min(tenure, 30d) == 30d",
        "mean(min(since(visit), 1d), 1d) >= 1d",
    ],
)
def test_a_fold_stands_still_while_the_side_that_wins_does(rule: str) -> None:
    """Nothing is read again before anything can change: not in the next millisecond, for ever."""
    driver = lived(flag(rule), ("visit", NOON), until=NOON + DAY)
    driver.elapse(NOON + DAY + 10_000)

    assert driver.processor.next_due_ms() > NOON + DAY + MINUTE


@pytest.mark.parametrize(
    ("rule", "turns"),
    [
        ("min(since(visit), since(use)) > 3h", [("on", NOON + 5 * HOUR + 1)]),
        ("max(since(visit), 4h) > 4h", [("on", NOON + 4 * HOUR + 1)]),
        ("max(score.engagement, score.calm) <= 50", [("on", NOON), (None, NOON + 1)]),
        ("min(score.engagement, score.calm) < 25", [("on", falls_to(25))]),
    ],
)
def test_a_fold_turns_when_the_other_side_catches_up(rule: str, turns: list[tuple[str | None, int]]) -> None:
    """At the millisecond at which the lesser or the greater of two passes the bound."""
    driver = lived(flag(rule), ("visit", NOON), ("use", NOON + 2 * HOUR), until=NOON + 4 * DAY)

    assert moves(driver) == [(to, instant(when)) for to, when in turns]
