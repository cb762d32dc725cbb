"""The dashboard's file: what it is opened as, and when another one is made in its place."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from streams.materialised.file import NAME, DamagedFile, ForeignFile, MaterialisedFile


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
        "PRAGMA user_version = 0",
        "ALTER TABLE days ADD COLUMN more TEXT",
        "DROP TABLE kpis",
    ],
)
def test_a_file_that_does_not_fit_is_made_anew(path: Path, statement: str) -> None:
    """Of an older version, or with other tables; what no topic has is kept beside it."""
    other = sqlite3.connect(path)
    other.execute(statement)
    other.commit()
    other.close()

    file = MaterialisedFile(path)

    (aside,) = path.parent.glob(f"{NAME}.before-*Z")
    assert file.made_anew is not None
    assert str(aside) in file.made_anew
    assert marked(path) == []
    with closing(sqlite3.connect(aside)) as kept:
        assert kept.execute("SELECT name FROM facts").fetchall() == [("mark",)]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("PRAGMA user_version = 99", "newer Rapport .* version 99"),
        ("PRAGMA application_id = 7", "another program"),
    ],
)
def test_a_file_that_is_not_this_rapports_is_refused(path: Path, statement: str, words: str) -> None:
    """And stays as it is: what is in it may be in no topic."""
    with closing(sqlite3.connect(path)) as other:
        other.execute(statement)
        other.commit()
    before = path.read_bytes()

    with pytest.raises(ForeignFile, match=words):
        MaterialisedFile(path)

    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir() if "before" in each.name] == []


def test_a_file_is_its_owners_alone(path: Path) -> None:
    """With its write-ahead log, whatever the umask: customers are in it."""
    file = MaterialisedFile(path)
    with file.writing() as connection:
        connection.execute("INSERT INTO facts (name, value) VALUES ('more', '')")

    assert {oct(each.stat().st_mode & 0o777) for each in path.parent.iterdir()} == {"0o600"}


def test_a_damaged_file_is_made_anew(path: Path) -> None:
    """Found at the opening, or at the next write, which ends the process."""
    path.write_bytes(b"no database at all, but a text that is long enough for a header" * 20)

    file = MaterialisedFile(path)

    assert file.made_anew is not None
    assert file.made_anew.startswith("it is damaged")


@pytest.mark.parametrize("reads", [False, True])
def test_damage_that_is_found_later_ends_the_process_and_moves_the_file_aside(
    path: Path, reads: bool
) -> None:
    """Whoever finds it; started again, it makes another file."""
    file = MaterialisedFile(path)
    error = sqlite3.DatabaseError("malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT

    with pytest.raises(DamagedFile, match="kept as"), file.reading() if reads else file.writing():
        raise error
    with pytest.raises(DamagedFile, match="kept as"), file.writing():
        pass

    assert not path.exists()
    assert list(path.parent.glob(f"{NAME}.before-*Z"))


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
