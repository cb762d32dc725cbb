"""The SQLite file: its tables and settings, the checks at its opening, and transactions.

Write-ahead log with synchronous=FULL: a commit is on the disk when it returns, and readers never
wait for the writer.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from streams.archive import tables
from streams.runtime.embedded import older
from streams.runtime.embedded.errors import FileCorrupt, NewerSchema, NoLog, OlderSchema, translated
from streams.runtime.embedded.inputs import Damaged

NAME: Final = "rapport.db"
SCHEMA_VERSION: Final = 2
_APPLICATION_ID: Final = 0x52415050  # "RAPP", in the file's header
_CHECKPOINT_PAGES: Final = 4_000  # 16 MB: a page rewritten within that is copied into the file once
_LARGEST_WAL_BYTES: Final = 64 << 20

TABLES_OF_A_LOG: Final = {
    "input": """
    CREATE TABLE input (
        first INTEGER PRIMARY KEY, count INTEGER NOT NULL, appended_ms INTEGER NOT NULL,
        digest BLOB NOT NULL, body BLOB NOT NULL
    )""",
    "flushes": """
    CREATE TABLE flushes (
        number INTEGER PRIMARY KEY, position INTEGER NOT NULL, written_ms INTEGER NOT NULL,
        digest BLOB NOT NULL, body BLOB NOT NULL
    )""",
}
# What each version of the file has.
TABLES: Final = {
    1: TABLES_OF_A_LOG | tables.FIRST_TABLES,
    SCHEMA_VERSION: TABLES_OF_A_LOG | tables.TABLES,
}


def open_to_write(path: Path, *, max_bytes: int | None) -> sqlite3.Connection:
    """Open the file at `path`, or make it, for the one connection that writes.

    `max_bytes` bounds the file's size (its write-ahead log apart); None leaves it to the disk.

    Raises:
        FileCorrupt, NewerSchema: the file is damaged, foreign or too new.
        DirectoryUnwritable, DiskFull, DiskFailing: the file cannot be opened or made.
    """
    with translated(path):
        connection = _connect(path, "rwc")
        try:
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
                _create(connection)
            version = check(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            if version < SCHEMA_VERSION:
                _bring_up(connection, path)
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit = {_LARGEST_WAL_BYTES}")
            if max_bytes is not None:
                (page_size,) = connection.execute("PRAGMA page_size").fetchone()
                connection.execute(f"PRAGMA max_page_count = {max(max_bytes // page_size, 1)}")
        except BaseException:
            connection.close()
            raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the existing file at `path` for reading only.

    Raises:
        NoLog: there is no such file.
        FileCorrupt, NewerSchema, DirectoryUnwritable, DiskFailing: it cannot be read.
    """
    if not path.exists():
        raise NoLog(path.parent)
    with translated(path):
        connection = _connect(path, "ro")
        try:
            check(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Make what is written within durable when this returns; leave nothing of it when it raises.

    Raises:
        DiskFull, DiskFailing, FileCorrupt, DirectoryUnwritable: as SQLite finds.
    """
    with translated(path):
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def check(connection: sqlite3.Connection, path: Path) -> int:
    """Check header, schema and both ends of every table; cheap, whatever the file's size. Return its version.

    Damage in between is found when it is read: rows of input and flushes carry a digest.

    Raises:
        FileCorrupt: the file is damaged, or belongs to another program.
        NewerSchema: a newer Rapport wrote it.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != _APPLICATION_ID:
        raise FileCorrupt(path, "it belongs to another program")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise NewerSchema(path, found=version, known=SCHEMA_VERSION)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    expected = TABLES.get(version, {})
    if {name: sql for name, sql in rows if not name.startswith("sqlite_")} != {
        name: sql.strip() for name, sql in expected.items()
    }:
        raise FileCorrupt(path, "its tables are not those of a log")
    for table in expected:
        for order in ("ASC", "DESC"):
            connection.execute(f"SELECT * FROM {table} ORDER BY rowid {order} LIMIT 1").fetchall()
    return int(version)


def see_that_it_is_current(connection: sqlite3.Connection, path: Path) -> None:
    """See that a file that was opened for reading has the tables of this version.

    Raises:
        OlderSchema: it has those of an older one.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < SCHEMA_VERSION:
        raise OlderSchema(path, found=version, known=SCHEMA_VERSION)


def _bring_up(connection: sqlite3.Connection, path: Path) -> None:
    try:
        older.bring_up(connection, SCHEMA_VERSION)
    except Damaged as error:
        raise FileCorrupt(path, str(error)) from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )


def _create(connection: sqlite3.Connection) -> None:
    """Make the tables, all or none. A file that was torn here is empty again when it is next opened."""
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    for statement in (*TABLES[SCHEMA_VERSION].values(), *tables.INDEXES):
        connection.execute(statement)
    connection.execute("COMMIT")
