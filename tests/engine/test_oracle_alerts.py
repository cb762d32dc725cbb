"""The oracle's alerts, follows and score emission against lives worked out by hand."""

from typing import Any

import pytest

from streams.model.definition import Alert, Follow, Framework, Question, Settings, TransitionPattern
from tests.engine.lives import MIDNIGHT, NOON, Life, ladder, small_model, stage
from tests.nodes import DAY, HOUR, MINUTE, compare, duration, rule, term

SILENT = rule(compare(term("since", "visit"), ">", duration(2 * HOUR)))


def state_alert(**fields: Any) -> Alert:
    """Return a state alert that opens more than two hours after the last visit."""
    return Alert("silence", "state", when=SILENT, **fields)


def test_a_state_alert_opens_when_true_and_resolves_when_no_longer() -> None:
    """Two hours are not more than two hours: it opens one millisecond later."""
    life = Life(small_model(alerts=(state_alert(),)))
    life.event("visit", NOON)
    life.event("visit", NOON + 3 * HOUR)

    assert life.alerts() == [
        ("raised", "silence", NOON + 2 * HOUR + 1),
        ("resolved", "silence", NOON + 3 * HOUR),
    ]
    raised, resolved = life.told("raised")[0], life.told("resolved")[0]
    assert resolved["raised_id"] == raised["id"]


def test_within_the_cooldown_nothing_opens_and_at_its_end_it_does() -> None:
    """The cooldown runs from the raise; true again in between, it opens in its first free millisecond."""
    life = Life(small_model(alerts=(state_alert(cooldown_ms=DAY),)))
    life.event("visit", NOON)
    life.event("visit", NOON + 3 * HOUR)

    life.oracle.until(NOON + 10 * DAY)

    first = NOON + 2 * HOUR + 1
    assert life.alerts() == [
        ("raised", "silence", first),
        ("resolved", "silence", NOON + 3 * HOUR),
        ("raised", "silence", first + DAY),
    ]


def test_with_clear_only_clear_resolves_and_when_beats_it() -> None:
    """Where both are true it stays open; where `clear` is unknown it stays open though `when` is false."""
    many = rule(compare(term("count", "visit"), ">=", 2))
    later = rule(compare(term("since", "buy"), ">=", duration(HOUR)))
    model = small_model(alerts=(Alert("busy", "state", when=many, clear=later),))
    both_true = Life(model)
    both_true.event("buy", NOON)
    both_true.event("visit", NOON + 2 * HOUR)
    both_true.event("visit", NOON + 2 * HOUR)
    both_true.oracle.until(NOON + DAY)

    unknown = Life(small_model(alerts=(state_alert(clear=later),)))
    unknown.event("visit", NOON)
    unknown.event("visit", NOON + 3 * HOUR)
    open_still = unknown.state()["alerts"]["silence"]["open_since"]
    unknown.event("buy", NOON + 4 * HOUR)
    unknown.oracle.until(NOON + 5 * HOUR)

    assert both_true.alerts() == [("raised", "busy", NOON + 2 * HOUR)]
    assert open_still == NOON + 2 * HOUR + 1
    assert unknown.alerts()[1:] == [("resolved", "silence", NOON + 5 * HOUR)]


def test_an_event_alert_occurs_then_is_thinned_by_cooldown_and_daily_cap() -> None:
    """Raised, thinned by cooldown, raised at its end, thinned by the cap; a new day is free."""
    alert = Alert(
        "low",
        "event",
        when=rule(compare(term("answer", "nps"), "<=", 6)),
        upon_question="nps",
        cooldown_ms=HOUR,
        daily_cap=2,
    )
    life = Life(small_model(questions=(Question("nps", window_ms=90 * DAY),), alerts=(alert,)))
    for when in (NOON, NOON + HOUR - 1, NOON + HOUR, NOON + 3 * HOUR, MIDNIGHT):
        life.event("answer", when, properties={"score": 6})
    life.event("answer", MIDNIGHT + DAY, properties={"score": 7})
    life.event("answer", MIDNIGHT + DAY, properties={"score": 11})

    assert [at for _, _, at in life.alerts()] == [NOON, NOON + HOUR, MIDNIGHT]
    state = life.state()["alerts"]["low"]
    assert (state["thinned"], state["today"], state["raised"]) == (2, 1, MIDNIGHT)


def test_an_alert_upon_a_transition_never_hangs_on_a_first_placement() -> None:
    """Only the fall counts, and not the one into what is excepted."""
    top = stage("top", compare(term("since", "visit"), "<", duration(HOUR)))
    pattern = TransitionPattern("way", direction="back")
    excepted = TransitionPattern("way", direction="back", except_to=("low",))
    life = Life(
        small_model(
            frameworks=(ladder(stage("low"), top),),
            alerts=(
                Alert("any", "event", upon_transition=TransitionPattern("way")),
                Alert("fall", "event", upon_transition=pattern),
                Alert("other", "event", upon_transition=excepted),
            ),
        )
    )
    life.event("visit", NOON)

    life.oracle.until(NOON + DAY)

    assert life.alerts() == [("raised", "any", NOON + HOUR), ("raised", "fall", NOON + HOUR)]


def test_anniversaries_recur_from_the_first_touchpoint() -> None:
    """Every 10 hours since first seen: after 10 and 20, also when a touchpoint falls on the very instant."""
    life = Life(small_model(alerts=(Alert("again", "event", upon_every_ms=10 * HOUR),)))
    life.event("visit", NOON)
    life.event("visit", NOON + 10 * HOUR)
    life.event("visit", NOON + 10 * HOUR)

    life.oracle.until(NOON + 29 * HOUR)

    assert [at for _, _, at in life.alerts()] == [NOON + 10 * HOUR, NOON + 20 * HOUR]
    assert [each["trigger"] for each in life.told("raised")] == ["touchpoint", "time"]


def followed(**fields: Any) -> Life:
    """Return a life with a follow of a visit by a buy within a day."""
    trial = Follow("trial", open="visit", close="buy", within_ms=DAY)
    return Life(small_model(follows=(trial,), **fields))


def test_a_follow_closes_before_its_end_and_expires_at_it() -> None:
    """In the last millisecond it closes; at the end it expires, though the closing signal comes just then."""
    in_time, too_late = followed(), followed()
    for life in (in_time, too_late):
        life.event("visit", NOON)

    in_time.event("buy", NOON + DAY - 1)
    too_late.event("buy", NOON + DAY)

    assert in_time.state()["follows"] == {"trial": ["closed", NOON]}
    assert in_time.state()["signals"]["trial.closed"]["last"] == NOON + DAY - 1
    assert too_late.state()["follows"] == {"trial": ["expired", NOON]}
    assert too_late.state()["signals"]["trial.expired"]["last"] == NOON + DAY


def test_an_expired_follow_is_a_signal_and_may_open_again() -> None:
    """Alerts hang on it by time alone; while open a second visit changes nothing, later it opens anew."""
    life = followed(alerts=(Alert("lost", "event", upon_signal="trial.expired"),))
    life.event("visit", NOON)
    life.event("visit", NOON + HOUR)
    life.oracle.until(NOON + 2 * DAY)
    life.event("visit", NOON + 3 * DAY)

    assert life.alerts() == [("raised", "lost", NOON + DAY)]
    assert life.told("raised")[0]["trigger"] == "time"
    assert life.state()["follows"] == {"trial": ["open", NOON + 3 * DAY]}


def test_a_changed_model_raises_nothing_and_opens_silently() -> None:
    """A true state alert counts as open after the pass; its end is told, without the id of a raise."""
    life = Life(small_model(alerts=(state_alert(cooldown_ms=DAY),)))
    life.event("visit", NOON)
    life.event("visit", NOON + 3 * HOUR)
    life.oracle.until(NOON + 3 * HOUR + 1)
    life.event("push", NOON + 6 * HOUR)
    told = len(life.oracle.happenings)

    life.oracle.model_changed()
    silently = len(life.oracle.happenings)
    life.event("visit", NOON + 7 * HOUR)

    assert silently == told
    assert life.alerts()[2:] == [("resolved", "silence", NOON + 7 * HOUR)]
    assert life.told("resolved")[-1]["raised_id"] is None


def emitting(**settings: Any) -> Life:
    """Return a life that tells its score."""
    return Life(small_model(settings=Settings(**settings)))


def test_scores_are_sent_first_and_then_when_they_moved_enough() -> None:
    """50 is sent at once, 40 when it has fallen so far: where 2 ** -(t / 1d) = log2(1 / 0.6)."""
    life = emitting(min_change=10.0, score_interval_ms=MINUTE)
    life.event("visit", NOON)

    life.oracle.until(NOON + DAY)

    first, second = life.told("scores")[:2]
    assert (first["at"], first["values"]) == (NOON, {"engagement": 50.0})
    assert second["at"] == NOON + 38_044_584
    assert second["values"] == {"engagement": pytest.approx(40.0, abs=1e-6)}


def test_scores_wait_for_the_interval_and_then_follow_by_themselves() -> None:
    """A jump within the interval is told at its end, though nothing more arrives."""
    life = emitting(min_change=10.0, score_interval_ms=HOUR)
    life.event("visit", NOON)
    life.event("visit", NOON + HOUR - 1)

    before = len(life.told("scores"))
    life.oracle.until(NOON + HOUR)

    assert before == 1
    assert life.told("scores")[1]["at"] == NOON + HOUR


def test_a_move_sends_scores_at_once() -> None:
    """Neither interval nor min_change hold them back."""
    flag = Framework("flags", "flags", (stage("two", compare(term("count", "visit"), ">=", 2)),))
    life = Life(small_model(frameworks=(flag,)))
    life.event("visit", NOON)
    life.event("visit", NOON + 1)
    life.event("visit", NOON + 2)

    assert [each["at"] for each in life.told("scores")] == [NOON, NOON + 1]
    assert [each["seq"] for each in life.oracle.happenings] == [1, 2, 3]
