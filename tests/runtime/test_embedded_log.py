import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from schemas.dead_letter import DeadLetter, DeadLetterReason
from streams import topics
from streams.archive import readers
from streams.instrumentation import Instrumentation
from streams.runtime.embedded import database
from streams.runtime.embedded.errors import DiskFull, NoLog
from streams.runtime.embedded.inputs import Item
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.reader import LogReader
from streams.runtime.record import Record
from tests.runtime.counting import MODEL


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EmbeddedLog]:
    with EmbeddedLog(tmp_path) as opened:
        yield opened


def item(number: int) -> Item:
    return (b"c%d" % number, b'{"n":%d}' % number)


def test_an_empty_log_begins_at_offset_zero(log: EmbeddedLog) -> None:
    """Nothing is read, and the first record gets offset 0."""
    assert (log.next_offset, log.read(0, 10)) == (0, [])

    assert log.append([item(1)], 5) == 0


def test_records_are_read_back_as_they_were_appended(log: EmbeddedLog) -> None:
    """Key, value and append time come back, with consecutive offsets; a key may be missing."""
    log.append([item(1), (None, b"tick")], 5)
    first = log.append([(b"", b"\x00\xff")], 7)

    found = log.read(0, 10)

    assert first == 2
    assert found == [
        Record(0, 5, *item(1)),
        Record(1, 5, None, b"tick"),
        Record(2, 7, b"", b"\x00\xff"),
    ]


@pytest.mark.parametrize("count", [1, 499, 500, 501, 1700])
def test_any_part_of_the_log_can_be_read_however_it_lies_in_rows(log: EmbeddedLog, count: int) -> None:
    """From every offset and with every limit the same records come: rows are not seen."""
    log.append([item(number) for number in range(count)], 1)
    log.append([item(count)], 2)
    expected = [Record(number, 1, *item(number)) for number in range(count)]
    expected.append(Record(count, 2, *item(count)))

    for offset in {0, 1, count // 2, count - 1, count, count + 1}:
        for limit in (1, 2, 500, 501, 5000):
            assert log.read(offset, limit) == expected[offset : offset + limit]


def test_large_values_are_read_in_bounded_portions(log: EmbeddedLog) -> None:
    """A read stops after about 16 MB, whatever its limit, and the next one goes on."""
    large = [(b"c", bytes([number]) * 3_000_000) for number in range(12)]
    log.append(large, 1)

    portions = [log.read(0, 1000)]
    while portions[-1]:
        portions.append(log.read(portions[-1][-1].offset + 1, 1000))

    assert [record.offset for portion in portions for record in portion] == list(range(12))
    assert max(len(portion) for portion in portions) < 12


def test_appended_records_outlive_the_process_that_appended_them(tmp_path: Path) -> None:
    """After the log is opened anew it has the same records and goes on with the next offset."""
    with EmbeddedLog(tmp_path) as log:
        log.append([item(1), item(2)], 5)

    with EmbeddedLog(tmp_path) as log:
        assert log.append([item(3)], 6) == 2
        assert [record.value for record in log.read(0, 10)] == [item(n)[1] for n in (1, 2, 3)]


def test_an_append_is_readable_from_outside_when_it_returns(log: EmbeddedLog) -> None:
    """Another reader of the directory sees the record at once: it is in the file, not in memory."""
    reader = LogReader(log.directory)

    log.append([item(1)], 5)

    assert reader.read(0, 10) == [Record(0, 5, *item(1))]
    assert reader.next_offset() == 1
    reader.close()


def test_a_directory_without_a_log_cannot_be_read(tmp_path: Path) -> None:
    """Reading makes nothing: an empty directory stays empty, and the message names it."""
    with pytest.raises(NoLog, match=str(tmp_path)):
        LogReader(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_appends_of_many_threads_get_offsets_of_their_own(log: EmbeddedLog) -> None:
    """Every item of every caller is in the log once, at the offset that its caller was told."""

    def append(caller: int) -> list[tuple[int, list[Item]]]:
        told = []
        for turn in range(20):
            items: list[Item] = [
                (b"%d" % caller, b"%d/%d/%d" % (caller, turn, n)) for n in range(turn % 3 + 1)
            ]
            told.append((log.append(items, 1), items))
        return told

    with ThreadPoolExecutor(8) as pool:
        told = [each for answers in pool.map(append, range(8)) for each in answers]

    stored = {record.offset: (record.key, record.value) for record in log.read(0, 10_000)}
    expected = {first + index: each for first, items in told for index, each in enumerate(items)}
    assert stored == expected
    assert sorted(stored) == list(range(log.next_offset))


def gathered(
    log: EmbeddedLog, *, callers: int, items: Callable[[int], list[Item]]
) -> tuple[list[str], list[BaseException | None]]:
    """Let several callers wait behind one that holds the file, then commit them as one group."""
    commits: list[str] = []
    log._writer.set_trace_callback(
        lambda statement: commits.append(statement) if statement == "COMMIT" else None
    )
    with ThreadPoolExecutor(callers) as pool:
        with log._writing:
            answers = [pool.submit(log.append, items(n), 1) for n in range(callers)]
            arrived = threading.Event()
            while len(log._waiting) < callers:
                arrived.wait(0.001)
        errors = [answer.exception(timeout=30) for answer in answers]
    return commits, errors


def test_whoever_waits_at_the_same_time_shares_one_commit(log: EmbeddedLog) -> None:
    """Five appends that wait together cost one commit, so a crowd is as quick as one."""
    commits, errors = gathered(log, callers=5, items=lambda number: [item(number)])

    assert len(commits) == 1
    assert errors == [None] * 5
    assert len(log.read(0, 10)) == 5


def test_a_group_that_cannot_be_written_fails_for_all_of_its_callers(tmp_path: Path) -> None:
    """A full disk acknowledges nobody and leaves nothing; the offsets go on without a gap."""
    log = EmbeddedLog(tmp_path, max_bytes=400_000)
    log.append([item(0)], 1)

    _, errors = gathered(log, callers=5, items=lambda number: [(b"c", b"x" * 100_000)])

    assert [type(error) for error in errors] == [DiskFull] * 5
    assert log.next_offset == 1
    assert log.append([item(1)], 1) == 1
    assert [record.value for record in log.read(0, 10)] == [item(0)[1], item(1)[1]]
    log.close()


def test_a_full_disk_tells_the_operator_what_to_do(tmp_path: Path) -> None:
    """The message names the file, says what is safe, and what happens when there is space again."""
    with EmbeddedLog(tmp_path, max_bytes=200_000) as log, pytest.raises(DiskFull) as caught:
        log.append([(b"c", b"x" * 500_000)], 1)

    assert str(tmp_path / database.NAME) in str(caught.value)
    assert "Free some space" in str(caught.value)


def test_what_was_refused_is_kept_with_what_was_taken(tmp_path: Path) -> None:
    """Items and dead letters of one request are durable together, or neither is."""
    letter = DeadLetter(reason=DeadLetterReason.INVALID, message="no event", value=b"{}")
    with EmbeddedLog(tmp_path, max_bytes=300_000) as log:
        log.append([item(1)], 5, refused=[letter])
        with pytest.raises(DiskFull):
            log.append([(b"c", b"x" * 500_000)], 6, refused=[letter, letter])

        kept, _ = log.queries.outputs(topics.DEAD_LETTERS.name, limit=10)

    assert len(kept) == 1
    assert b'"reason":"invalid"' in kept[0]


def test_appends_and_failures_are_counted(tmp_path: Path) -> None:
    """Each group is one happening, durable or not."""
    registry = CollectorRegistry()
    instrumentation = Instrumentation(MODEL, build="test", registry=registry)
    with EmbeddedLog(tmp_path, max_bytes=300_000, instrumentation=instrumentation) as log:
        log.append([item(1)], 5)
        with pytest.raises(DiskFull):
            log.append([(b"c", b"x" * 500_000)], 6)

    assert registry.get_sample_value("engagement_log_append_seconds_count") == 1
    assert registry.get_sample_value("engagement_log_append_failures_total") == 1


def test_a_question_that_takes_long_holds_up_no_other(log: EmbeddedLog) -> None:
    """As many as there are connections; each sees one instant, and the writer waits for none."""
    told = log.queries.told
    with ExitStack() as slow:
        for _ in range(readers.MANY - 1):
            slow.enter_context(log.queries._reading())

        log.append([(b"ada", b"x")], 1)

        assert told.newest("alerts") == 0
        assert len(log.queries.read(0, 9)) == 1


def test_whoever_asks_a_closed_log_meets_an_error(tmp_path: Path) -> None:
    """Rather than wait for ever."""
    log = EmbeddedLog(tmp_path)
    log.close()

    with pytest.raises(sqlite3.ProgrammingError):
        log.queries.next_offset()
