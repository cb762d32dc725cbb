"""Taking outputs into the file: each once, all or nothing, and in place of what was there before."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from schemas.instants import milliseconds
from schemas.pages import Acknowledgement
from streams import topics
from streams.archive.alert_book import AlertQuery
from streams.archive.questions import Questions
from streams.materialised.arrival import Gone, Heard, Touch
from streams.model.definition import Score
from streams.runtime.kpi_sums import added
from tests.materialised.building import (
    DAY_MS,
    IDENTITIES,
    MODEL,
    NOON,
    ONE,
    STATES,
    Bench,
    figures,
    move,
    raised,
    resolved,
    scores,
    told,
)

TRANSITIONS, SCORES, ALERTS = topics.TRANSITIONS.name, topics.SCORES.name, topics.ALERTS.name
OPEN = AlertQuery(states=STATES, state="open")


def test_outputs_figures_and_positions_are_there_together(bench: Bench) -> None:
    """What one call takes is in the tables of what was told, and so is up to where it was read."""
    bench.take(
        told(move(1)), told(raised(2)), told(raised(3)), told(resolved(2)), told(scores(4, engagement=12.5)),
        figures(0, 5), figures(1, 7), positions={(TRANSITIONS, 0): 11, (ALERTS, 3): 4},
    )  # fmt: skip

    answers = Questions(bench.file.reading)
    assert [
        each.id for each in answers.transitions(customer=None, framework="clm", before=None, limit=9)[0]
    ] == ["m1"]
    assert [each.raised.id for each in answers.alerts(OPEN).alerts] == ["r3"]
    assert [each.moves for each in answers.moves("clm", first_day=0)] == [1]
    assert answers.score_points("ada", before=None, limit=9).points[0].scores == {"engagement": 12.5}
    assert added(answers.latest_kpis().values()).customers == 12
    assert bench.intake.positions() == {(TRANSITIONS, 0): 11, (ALERTS, 3): 4}


def test_a_partition_counts_once_however_often_it_tells_its_figures(bench: Bench) -> None:
    """Its newest figures replace those before, also when another worker has it."""
    bench.take(figures(0, 5), figures(1, 7))

    bench.take(figures(0, 6, at=NOON + timedelta(seconds=2)))

    assert added(Questions(bench.file.reading).latest_kpis().values()).customers == 13


def test_an_output_that_comes_again_is_left_out(bench: Bench) -> None:
    """Also by a process that was started in between, and in the counts of its day."""
    bench.take(told(move(1)), told(raised(2)))

    bench.take(told(move(1)))
    bench.again()
    bench.take(told(raised(2)), told(move(1)), told(move(3)))

    assert bench.rows("SELECT count(*) FROM transitions") == [(2,)]
    assert bench.rows("SELECT what, count FROM days ORDER BY what") == [("moved", 2), ("raised", 1)]
    assert bench.counted("repeated_records", TRANSITIONS) == 1


def test_what_fails_half_way_leaves_nothing_and_is_taken_when_it_comes_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the disk is full: outputs, counts and positions are those of before."""
    bench.take(told(move(1)), positions={(TRANSITIONS, 0): 1})
    full = sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(bench.intake, "_expire", lambda *_, **__: (_ for _ in ()).throw(full))
        with pytest.raises(sqlite3.OperationalError):
            bench.take(told(move(2)), positions={(TRANSITIONS, 0): 2})
    untouched = bench.rows("SELECT count(*) FROM transitions"), bench.intake.positions()
    bench.take(told(move(2)), positions={(TRANSITIONS, 0): 2})

    assert untouched == ([(1,)], {(TRANSITIONS, 0): 1})
    assert bench.rows("SELECT count(*) FROM transitions") == [(2,)]


def test_a_topic_made_anew_is_forgotten_and_the_others_stay(bench: Bench) -> None:
    """What came from it goes with its positions; who listens to events hears no number twice."""
    bench.take(told(move(1)), told(raised(2)), positions={(TRANSITIONS, 0): 1, (ALERTS, 0): 1})

    ours = bench.intake.belong(IDENTITIES)
    stayed = bench.rows("SELECT count(*) FROM transitions")
    others = bench.intake.belong(IDENTITIES | {TRANSITIONS: "another"})
    bench.take(told(move(1)), positions={(TRANSITIONS, 0): 1})

    assert (stayed, ours, others) == ([(1,)], set(), {TRANSITIONS})
    assert bench.rows("SELECT sequence FROM transitions") == [(2,)]
    assert bench.rows("SELECT what, count FROM days ORDER BY what") == [("moved", 1), ("raised", 1)]
    assert bench.rows("SELECT count(*) FROM alert_book") == [(1,)]
    assert bench.counted("rebuilds", TRANSITIONS) == 1


def test_who_looks_after_an_alert_is_known_after_it_was_read_again(bench: Bench) -> None:
    """An acknowledgement is in no topic; taken back, it is gone."""
    said = Acknowledgement(by="kim", at=NOON, note="on it")
    bench.take(told(raised(1)), told(raised(2)))

    found = [bench.intake.acknowledge(each, said) for each in ("r1", "r2", "nobody's")]
    bench.intake.acknowledge("r2", None)
    bench.intake.forget(ALERTS, why="a test")
    bench.take(told(raised(1)), told(raised(2)))

    assert found == [True, True, False]
    entries = Questions(bench.file.reading).alerts(OPEN).alerts
    assert {each.raised.id: each.acknowledged for each in entries} == {"r1": said, "r2": None}


def test_a_customer_who_is_forgotten_goes_and_may_come_back(bench: Bench) -> None:
    """By order of arrival: what came before goes, what comes after stays."""
    touch = Touch(b"ada", milliseconds(NOON), b'{"event": "Page Viewed"}')

    bench.take(
        told(scores(1, engagement=1.0)), told(scores(2, "bob", engagement=2.0)), touch, Gone(SCORES, b"ada")
    )
    gone = [
        bench.rows(f"SELECT key FROM {table}")
        for table in ("scores", "customers", "score_points", "timeline")
    ]
    bench.take(Gone(SCORES, b"bob"), told(scores(3, "bob", engagement=3.0)))

    assert gone == [[(b"bob",)], [(b"bob",)], [(b"bob",)], []]
    assert bench.rows("SELECT score_0 FROM customers") == [(3.0,)]


def test_a_deletion_among_touchpoints_takes_touchpoints_alone(bench: Bench) -> None:
    """The worker may be behind: it says itself when the scores are gone."""
    touch = Touch(b"ada", milliseconds(NOON), b'{"event": "Page Viewed"}')

    bench.take(told(scores(1, engagement=1.0)), touch, Gone(topics.TOUCHPOINTS.name, b"ada"))

    assert bench.rows("SELECT count(*) FROM timeline") == [(0,)]
    assert bench.rows("SELECT count(*) FROM scores") == [(1,)]


def test_outputs_expire_by_when_they_were_written(bench: Bench) -> None:
    """Those of 90 days ago go, the same that were read only now; the latest scores stay for ever."""
    old_ms = milliseconds(NOON) - 90 * DAY_MS - 3_600_000
    bench.take(
        told(move(1), written_ms=old_ms), told(scores(2, engagement=1.0), written_ms=old_ms), told(move(3)),
        Touch(b"ada", old_ms, b"{}"),
    )  # fmt: skip

    assert bench.rows(
        "SELECT value ->> 'id' FROM (SELECT CAST(value AS TEXT) AS value FROM transitions)"
    ) == [("m3",)]
    assert bench.rows("SELECT (SELECT count(*) FROM scores), (SELECT count(*) FROM score_points)") == [(1, 0)]
    assert bench.rows("SELECT count(*) FROM timeline") == [(0,)]


def test_outputs_of_another_model_are_told_until_ours_come(bench: Bench) -> None:
    """While workers are replaced both come; the newest one counts."""
    bench.take(told(scores(1, version=1)), told(scores(2)))
    newest_ours = bench.intake.other_model

    bench.take(told(scores(3, version=1)))

    assert (newest_ours, bench.intake.other_model) == (None, "shop version 1")


def test_another_model_finds_customers_by_its_own_names(bench: Bench, tmp_path: Path) -> None:
    """The table is made anew of the scores, which say what they said."""
    bench.take(told(scores(1, engagement=50.0, loyalty=7.0)))

    bench.file.close()
    bench.again(replace(MODEL, scores=(Score(name="loyalty", value=ONE),)))

    assert bench.rows("SELECT score_0 FROM customers") == [(7.0,)]


HOUR_MS = 3_600_000


def away(bench: Bench, gap_ms: int) -> bool:
    """Let so much time pass, and look whether deletions may be gone unread."""
    bench.clock.now_ms += gap_ms
    return bench.intake.look_for_absence(kept_ms=24 * HOUR_MS)


@pytest.mark.parametrize("killed", [False, True])
def test_who_was_forgotten_while_nobody_read_is_gone(bench: Bench, killed: bool) -> None:
    """Scores are read again; of those that were there before, the topic still has the others, each once.

    Killed in the midst of it, the next one goes on. Who looks after an alert stays known.
    """
    touch = Touch(b"bob", milliseconds(NOON), b'{"event": "Page Viewed"}')
    bench.take(
        told(scores(1, "ada", engagement=1.0)), told(scores(2, "bob", engagement=2.0)),
        told(raised(3, "ada")), touch, positions={(SCORES, 0): 7, (ALERTS, 0): 1},
    )  # fmt: skip
    said = Acknowledgement(by="kim", at=NOON, note="on it")
    bench.intake.acknowledge("r3", said)

    bench.clock.now_ms += 24 * HOUR_MS + 1
    now_ms = bench.clock.now_ms
    found = bench.intake.look_for_absence(kept_ms=24 * HOUR_MS)
    start, known = bench.intake.positions(), dict(bench.intake.absence.known)
    bench.take(Heard(b"ada"), positions={(SCORES, 0): 5})
    if killed:
        bench.file.close()
        bench.again()
        bench.clock.now_ms = now_ms
        assert not bench.intake.look_for_absence(kept_ms=24 * HOUR_MS)
    known_then = dict(bench.intake.absence.known)
    bench.take(told(scores(9, "eve", engagement=9.0)), positions={(SCORES, 0): 8})
    before = bench.rows("SELECT key FROM scores ORDER BY key")
    bench.intake.caught_up()

    assert (found, start, known, known_then) == (True, {(ALERTS, 0): 1}, {0: 7}, {0: 7})
    assert before == [(b"ada",), (b"bob",), (b"eve",)]
    for table in ("scores", "customers", "score_points"):
        assert bench.rows(f"SELECT key FROM {table} ORDER BY key") == [(b"ada",), (b"eve",)]
    assert bench.rows("SELECT 1 FROM timeline") == []
    assert bench.rows("SELECT 1 FROM heard") == []
    assert bench.intake.absence.known == {}
    entry = Questions(bench.file.reading).alert("r3", states=STATES)
    assert entry is not None
    assert entry.acknowledged == said


@pytest.mark.parametrize(("gap_ms", "is_long"), [(24 * HOUR_MS, False), (24 * HOUR_MS + 1, True)])
def test_deletions_are_missed_from_then_on_that_the_topic_keeps_them_no_longer(
    bench: Bench, gap_ms: int, is_long: bool
) -> None:
    """A millisecond earlier all of them are there; a file that was never written has nothing to miss."""
    never = away(bench, 100 * DAY_MS)
    bench.take(told(scores(1)), positions={(SCORES, 0): 1})

    assert (never, away(bench, gap_ms)) == (False, is_long)
    assert away(bench, 0) is False
    assert bench.counted("rebuilds", SCORES) == is_long


def test_a_topic_made_anew_meanwhile_is_read_as_ever(bench: Bench) -> None:
    """What was known of the old one counts no more."""
    bench.take(told(scores(1)), positions={(SCORES, 0): 1})
    assert away(bench, 2 * DAY_MS)

    bench.intake.forget(SCORES, why="a test")
    bench.take(told(scores(2)), positions={(SCORES, 0): 1})
    bench.intake.caught_up()

    assert bench.rows("SELECT count(*) FROM scores") == [(1,)]
