import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams import topics
from streams.archive.outputs import OutputRow
from streams.runtime.embedded.errors import DiskFull
from streams.runtime.embedded.log import EmbeddedLog, Retention
from streams.runtime.record import Flush

FOREVER = Retention(input_ms=None, outputs_ms={})
HOUR_MS = 3_600_000


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EmbeddedLog]:
    with EmbeddedLog(tmp_path, retention=FOREVER) as opened:
        yield opened


def flush(number: int, *, position: int = 0, body: bytes = b"body") -> Flush:
    return Flush(number=number, position=position, body=body, live_bytes=len(body))


def moved(customer: bytes, text: bytes, *, framework: str = "clm") -> OutputRow:
    return OutputRow(topics.TRANSITIONS.name, customer, framework, text)


def scored(customer: bytes, number: bytes) -> OutputRow:
    return OutputRow(topics.SCORES.name, customer, None, update(number))


def update(number: bytes) -> bytes:
    return b'{"at":"2026-03-01T12:00:00Z","scores":{"engagement":%b}}' % number


def test_flushes_come_back_in_ascending_order(log: EmbeddedLog) -> None:
    """Recovery reads the bodies in the order in which they were written, also after a restart."""
    for number in (1, 2, 3):
        log.write_flush(flush(number, body=b"%d" % number), [], drop_before=0, written_ms=1)

    assert list(log.flushes()) == [b"1", b"2", b"3"]
    assert log.last_flush == 3
    log.close()
    with EmbeddedLog(log.directory) as again:
        assert (list(again.flushes()), again.last_flush) == ([b"1", b"2", b"3"], 3)


def test_flushes_below_drop_before_go_with_the_flush_that_carries_them(log: EmbeddedLog) -> None:
    """The number itself stays; only what is below it goes."""
    for number in (1, 2, 3):
        log.write_flush(flush(number, body=b"%d" % number), [], drop_before=0, written_ms=1)

    log.write_flush(flush(4, body=b"4"), [], drop_before=3, written_ms=1)

    assert list(log.flushes()) == [b"3", b"4"]
    assert log.flush_bytes == 2


def test_a_flush_that_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither the outputs nor the flush nor the deletions of a failed flush are in the file."""
    with EmbeddedLog(tmp_path, max_bytes=300_000, retention=FOREVER) as log:
        log.write_flush(flush(1), [moved(b"c", b"first")], drop_before=0, written_ms=1)

        with pytest.raises(DiskFull):
            log.write_flush(
                flush(2, body=b"x" * 500_000), [moved(b"c", b"second")], drop_before=2, written_ms=1
            )

        assert list(log.flushes()) == [b"body"]
        assert log.last_flush == 1
        assert log.queries.transitions(limit=10) == ([b"first"], None)


def test_outputs_are_listed_newest_first_a_page_at_a_time(log: EmbeddedLog) -> None:
    """Following the cursors gives every output once, and the last page says that it is the last."""
    told = [moved(b"c", b"%d" % number) for number in range(7)]
    log.write_flush(flush(1), told, drop_before=0, written_ms=1)

    first, cursor = log.queries.transitions(limit=3)
    log.write_flush(flush(2), [moved(b"c", b"new")], drop_before=0, written_ms=2)
    second, then = log.queries.transitions(limit=3, before=cursor)
    last, end = log.queries.transitions(limit=3, before=then)

    assert (first, second, last) == ([b"6", b"5", b"4"], [b"3", b"2", b"1"], [b"0"])
    assert end is None


@pytest.mark.parametrize(("limit", "more"), [(2, True), (3, False), (4, False)])
def test_a_page_has_a_cursor_exactly_when_something_older_is_left(
    log: EmbeddedLog, limit: int, more: bool
) -> None:
    """With as many outputs as the limit there is no further page; with one more there is."""
    log.write_flush(flush(1), [moved(b"c", b"%d" % n) for n in range(3)], drop_before=0, written_ms=1)

    _, cursor = log.queries.transitions(limit=limit)

    assert (cursor is not None) == more


def test_outputs_can_be_chosen_by_customer_and_by_what_they_are_about(log: EmbeddedLog) -> None:
    """Each choice alone and both together; a choice that nothing meets gives an empty last page."""
    told = [moved(b"a", b"1"), moved(b"b", b"2"), moved(b"a", b"3", framework="aidae")]
    told.append(OutputRow(topics.ALERTS.name, b"a", "silence", b"4"))
    log.write_flush(flush(1), told, drop_before=0, written_ms=1)

    query = log.queries

    assert query.transitions(customer_id="a", limit=9) == ([b"3", b"1"], None)
    assert query.transitions(framework="clm", limit=9) == ([b"2", b"1"], None)
    assert query.transitions(customer_id="a", framework="clm", limit=9) == ([b"1"], None)
    assert query.transitions(customer_id="nobody", limit=9) == ([], None)
    assert query.alerts(limit=9) == ([b"4"], None)
    assert query.alerts(alert="other", limit=9) == ([], None)


def test_of_the_scores_of_a_customer_the_latest_stays(log: EmbeddedLog) -> None:
    """The topic is compacted: within a flush and across flushes."""
    log.write_flush(
        flush(1), [scored(b"a", b"1"), scored(b"b", b"2"), scored(b"a", b"3")], drop_before=0, written_ms=1
    )
    log.write_flush(flush(2), [scored(b"b", b"4")], drop_before=0, written_ms=2)

    assert [log.queries.score(each) for each in "abc"] == [update(b"3"), update(b"4"), None]
    points = log.queries.told.score_points("b", before=None, limit=9).points
    assert [each.scores["engagement"] for each in points] == [4, 2]


def test_input_goes_when_it_is_flushed_and_old_enough(tmp_path: Path) -> None:
    """What is a millisecond younger than the retention, or not below the position, stays."""
    with EmbeddedLog(tmp_path, retention=Retention(input_ms=HOUR_MS, outputs_ms={})) as log:
        for appended_ms in (0, 1, 2, 2 * HOUR_MS):
            log.append([(b"c", b"x"), (b"c", b"y")], appended_ms)

        log.write_flush(flush(1, position=5), [], drop_before=0, written_ms=HOUR_MS + 1)
        remaining = [record.offset for record in log.read(2, 10)]
        log.write_flush(flush(2, position=5), [], drop_before=0, written_ms=3 * HOUR_MS)
        unflushed = [record.offset for record in log.read(4, 10)]

    assert remaining == [2, 3, 4, 5, 6, 7]
    assert unflushed == [4, 5, 6, 7]


def test_an_offset_is_not_given_again_after_all_input_has_gone(tmp_path: Path) -> None:
    """The log goes on from its end, also when retention left no record and the process began anew."""
    retention = Retention(input_ms=0, outputs_ms={})
    with EmbeddedLog(tmp_path, retention=retention) as log:
        log.append([(b"c", b"x")] * 3, 0)
        log.write_flush(flush(1, position=3), [], drop_before=0, written_ms=10)
        left = log.read(3, 10)

    with EmbeddedLog(tmp_path, retention=retention) as log:
        assert left == []
        assert log.append([(b"c", b"z")], 11) == 3


def test_outputs_go_when_they_are_old_enough_and_cursors_stay_good(tmp_path: Path) -> None:
    """Retention is by topic and by the time of writing; a sequence number is never given again."""
    retention = Retention(input_ms=None, outputs_ms={topics.TRANSITIONS.name: HOUR_MS})
    with EmbeddedLog(tmp_path, retention=retention) as log:
        alert = OutputRow(topics.ALERTS.name, b"c", "silence", b"kept")
        log.write_flush(flush(1), [moved(b"c", b"1"), alert], drop_before=0, written_ms=0)
        log.write_flush(flush(2), [moved(b"c", b"2")], drop_before=0, written_ms=1)

        log.write_flush(flush(3), [], drop_before=0, written_ms=HOUR_MS + 1)
        one_left = log.queries.transitions(limit=9)
        log.write_flush(flush(4), [], drop_before=0, written_ms=HOUR_MS + 2)
        none_left = log.queries.transitions(limit=9)
        log.write_flush(flush(5), [moved(b"c", b"3")], drop_before=0, written_ms=HOUR_MS + 3)

        assert one_left == ([b"2"], None)
        assert none_left == ([], None)
        assert log.queries.alerts(limit=9) == ([b"kept"], None)
        assert log.queries.transitions(before=3, limit=9) == ([], None)
        assert log.queries.transitions(before=4, limit=9) == ([b"3"], None)


def test_a_flush_with_a_number_that_is_taken_is_a_bug_and_raises(log: EmbeddedLog) -> None:
    """Nothing overwrites a flush."""
    log.write_flush(flush(1), [], drop_before=0, written_ms=1)

    with pytest.raises(sqlite3.IntegrityError):
        log.write_flush(flush(1, body=b"other"), [], drop_before=0, written_ms=1)

    assert list(log.flushes()) == [b"body"]
