"""The dashboard's file: what it is opened as, and when another one is made in its place."""

import sqlite3
from pathlib import Path

import pytest

from streams.materialised.file import NAME, DamagedFile, MaterialisedFile


def marked(path: Path) -> list[tuple[object, ...]]:
    with MaterialisedFile(path).reading() as connection:
        return connection.execute("SELECT name FROM facts").fetchall()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = MaterialisedFile(tmp_path / NAME)
    with file.writing() as connection:
        connection.execute("INSERT INTO facts (name, value) VALUES ('mark', '')")
    file.close()
    return tmp_path / NAME


def test_a_file_is_opened_as_it_was_left(path: Path) -> None:
    """Nothing is made anew without a reason."""
    file = MaterialisedFile(path)

    assert file.made_anew is None
    assert marked(path) == [("mark",)]
    assert file.size > 0


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA user_version = 99",
        "PRAGMA application_id = 7",
        "ALTER TABLE days ADD COLUMN more TEXT",
        "DROP TABLE kpis",
    ],
)
def test_a_file_that_does_not_fit_is_made_anew(path: Path, statement: str) -> None:
    """Of another version, somebody else's, with other tables: the topics have everything."""
    other = sqlite3.connect(path)
    other.execute(statement)
    other.commit()
    other.close()

    file = MaterialisedFile(path)

    assert file.made_anew is not None
    assert marked(path) == []


def test_a_damaged_file_is_made_anew(path: Path) -> None:
    """Found at the opening, or at the next write, which ends the process."""
    path.write_bytes(b"no database at all, but a text that is long enough for a header" * 20)

    file = MaterialisedFile(path)

    assert file.made_anew is not None
    assert file.made_anew.startswith("it is damaged")


def test_damage_that_is_found_later_ends_the_process_and_throws_the_file_away(path: Path) -> None:
    """Started again, it makes another file."""
    file = MaterialisedFile(path)

    with pytest.raises(DamagedFile, match="thrown away"), file.writing() as connection:
        error = sqlite3.DatabaseError("malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        connection.execute("SELECT 1")
        raise error

    assert not path.exists()


def test_a_transaction_is_kept_whole_or_not_at_all(path: Path) -> None:
    """And a question that has begun goes on seeing what was there."""
    file = MaterialisedFile(path)

    with file.reading() as reading:
        before = reading.execute("SELECT count(*) FROM facts").fetchone()
        with file.writing(synced=True) as connection:
            connection.execute("INSERT INTO facts (name, value) VALUES ('more', '')")
        seen = reading.execute("SELECT count(*) FROM facts").fetchone()
    with pytest.raises(ZeroDivisionError), file.writing() as connection:
        connection.execute("DELETE FROM facts")
        _ = 1 / 0

    assert before == seen == (1,)
    assert len(marked(path)) == 2
