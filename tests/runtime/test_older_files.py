"""A file of the first version is brought up when it is opened to write, whole or not at all."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from streams.archive.alert_book import AlertQuery
from streams.archive.tables import FIRST_INDEXES
from streams.runtime.embedded import database, older
from streams.runtime.embedded.errors import FileCorrupt, NewerSchema, OlderSchema
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.reader import LogReader
from tests.archive.conftest import DAY_MS, Told, alert, end, moved

STATES = frozenset({"drop"})
TOLD = [
    moved(5 * DAY_MS, None, "a"),
    moved(5 * DAY_MS, "a", "b", customer="c2"),
    moved(6 * DAY_MS, "a", "b"),
    alert(1, 5 * DAY_MS),
    alert(2, 5 * DAY_MS),
    end(1, 6 * DAY_MS),
    alert(3, 6 * DAY_MS, name="bought"),
]


def first_version(directory: Path, told: Sequence[Told]) -> Path:
    """Write a file as the first version did, closed tidily."""
    path = directory / database.NAME
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA application_id = 0x52415050")
    connection.execute("PRAGMA user_version = 1")
    for statement in (*database.TABLES[1].values(), *FIRST_INDEXES):
        connection.execute(statement)
    for each in told:
        is_alert = hasattr(each, "alert")
        connection.execute(
            f"INSERT INTO {'alerts' if is_alert else 'transitions'} (key, about, written_ms, value) "
            "VALUES (?, ?, ?, ?)",
            (
                each.customer_id.encode(),
                each.alert if is_alert else each.framework,
                1_000,
                msgspec.json.encode(each),
            ),
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    return path


def dump(path: Path) -> list[str]:
    """Return everything that is in a file."""
    with sqlite3.connect(path) as connection:
        lines = list(connection.iterdump())
    connection.close()
    return lines


def version_of(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(version)


def test_what_was_told_is_counted_when_the_file_is_opened(tmp_path: Path) -> None:
    """Alerts are in their book, moves and alerts in the counts of their days; nothing else has changed."""
    path = first_version(tmp_path, TOLD)

    with EmbeddedLog(tmp_path) as log:
        book = log.queries.told.alerts(AlertQuery(states=STATES))
        moves = log.queries.told.moves("clm", first_day=0)
        raised = log.queries.told.counts_by_day("raised", first_day=0)
        resolved = log.queries.told.counts_by_day("resolved", first_day=0)
        transitions, _ = log.queries.told.transitions(customer=None, framework=None, before=None, limit=9)

    assert version_of(path) == database.SCHEMA_VERSION
    assert [(each.raised.id, each.state) for each in book.alerts] == [
        ("r3", "event"),
        ("r2", "open"),
        ("r1", "resolved"),
    ]
    assert [(each.from_stage, each.to_stage, each.moves) for each in moves] == [("a", "b", 2), (None, "a", 1)]
    assert raised == {"drop": {5: 2}, "bought": {6: 1}}
    assert resolved == {"drop": {6: 1}}
    assert transitions == TOLD[2::-1]


def test_a_file_that_was_brought_up_is_as_one_of_this_version(tmp_path: Path) -> None:
    """The same tables, indexes and rows as if this version had been told the same."""
    older_path = first_version(tmp_path, TOLD)
    with EmbeddedLog(tmp_path):
        pass
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    for statement in (*database.TABLES[database.SCHEMA_VERSION].values(), *database.tables.INDEXES):
        fresh.execute(statement)
    statements = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"

    with sqlite3.connect(older_path) as connection:
        assert connection.execute(statements).fetchall() == fresh.execute(statements).fetchall()
    connection.close()
    fresh.close()


def test_opening_it_again_changes_nothing(tmp_path: Path) -> None:
    """Once is enough: nothing is counted twice."""
    path = first_version(tmp_path, TOLD)
    with EmbeddedLog(tmp_path):
        pass
    before = dump(path)

    with EmbeddedLog(tmp_path):
        pass

    assert dump(path) == before


def test_many_outputs_are_taken_over_in_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever their length, each once."""
    monkeypatch.setattr(older, "_AT_ONCE", 2)
    first_version(tmp_path, [moved(0, "a", "b") for _ in range(5)])

    with EmbeddedLog(tmp_path) as log:
        assert log.queries.told.moves("clm", first_day=0)[0].moves == 5


def test_a_failure_on_the_way_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """An output that cannot be read: the file is still one of the first version."""
    path = first_version(tmp_path, TOLD)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alerts SET value = ? WHERE sequence = 3", (b"no JSON",))
    connection.close()
    before = dump(path)

    with pytest.raises(FileCorrupt, match="number 3 of alerts"):
        EmbeddedLog(tmp_path)

    assert (version_of(path), dump(path)) == (1, before)


def test_an_older_rapport_refuses_it_from_then_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the version in the file's header, and with words that say so."""
    first_version(tmp_path, TOLD)
    with EmbeddedLog(tmp_path):
        pass
    monkeypatch.setattr(database, "SCHEMA_VERSION", 1)

    with pytest.raises(NewerSchema, match="newer"):
        EmbeddedLog(tmp_path)
    with pytest.raises(NewerSchema):
        LogReader(tmp_path)


def test_a_file_of_the_first_version_can_be_read_as_it_is(tmp_path: Path) -> None:
    """By whoever only reads: what it has is there."""
    path = first_version(tmp_path, TOLD)

    reader = LogReader(tmp_path)
    found, _ = reader.told.transitions(customer=None, framework=None, before=None, limit=9)
    reader.close()

    assert len(found) == 3
    assert version_of(path) == 1


def test_a_first_version_with_a_table_more_is_no_log(tmp_path: Path) -> None:
    """It was not us who made it."""
    path = first_version(tmp_path, TOLD)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()

    with pytest.raises(FileCorrupt):
        EmbeddedLog(tmp_path)


def test_a_reader_of_a_file_that_is_not_brought_up_yet_says_so(tmp_path: Path) -> None:
    """Rather than of a table that is missing; what the first version had is read, and all from then on."""
    first_version(tmp_path, TOLD)
    reader = LogReader(tmp_path)

    with pytest.raises(OlderSchema, match="rapport up"):
        reader.told.alerts(AlertQuery(states=STATES))
    moves, _ = reader.transitions(limit=9)
    EmbeddedLog(tmp_path).close()
    book = reader.told.alerts(AlertQuery(states=STATES))
    reader.close()

    assert len(moves) == 3
    assert len(book.alerts) == 3
