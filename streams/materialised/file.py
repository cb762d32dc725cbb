"""The dashboard's SQLite file: made of the output topics, and made anew when it cannot be used.

Acknowledgements and old figures are in no topic, so a file that cannot be used is moved aside, never deleted.
One that a newer Rapport or another program made is refused.

Write-ahead log with synchronous=NORMAL: a power cut may take the last transactions, positions and all, and
what was in them is read from the topics again. An acknowledgement is in no topic, so its commit is synced.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from streams import topics
from streams.archive import tables
from streams.archive.readers import MANY, Readers

NAME: Final = "dashboard.db"
VERSION: Final = 1
_APPLICATION_ID: Final = 0x52415044  # "RAPD", in the file's header
_CHECKPOINT_PAGES: Final = 4_000
_LARGEST_WAL_BYTES: Final = 64 << 20
_BUSY_S: Final = 5.0

# positions: the next offset of each partition, and of which topic (one that was made anew is another).
# acknowledgements: by the alert's id, for the day on which the alert is read again. timeline: touchpoints as
# they were sent. facts: what the file was made for. heard: of whom scores are there that are read again.
OWN_TABLES: Final = {
    "positions": """
    CREATE TABLE positions (
        topic TEXT NOT NULL, partition INTEGER NOT NULL, position INTEGER NOT NULL, identity TEXT NOT NULL,
        PRIMARY KEY (topic, partition)
    )""",
    "acknowledgements": """
    CREATE TABLE acknowledgements (id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, value BLOB NOT NULL)""",
    "timeline": """
    CREATE TABLE timeline (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL, written_ms INTEGER NOT NULL,
        value BLOB NOT NULL
    )""",
    "facts": "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "heard": "CREATE TABLE heard (key BLOB PRIMARY KEY)",
}
OWN_INDEXES: Final = ("CREATE INDEX timeline_by_key ON timeline (key)",)

# What is in the file because of a topic, and goes when the topic is another one.
FORGETTING: Final = {
    topics.SCORES.name: ("DELETE FROM scores", "DELETE FROM score_points", "DELETE FROM customers"),
    topics.TRANSITIONS.name: ("DELETE FROM transitions", "DELETE FROM days WHERE what = 'moved'"),
    topics.ALERTS.name: (
        "DELETE FROM alerts",
        "DELETE FROM alert_book",
        "DELETE FROM days WHERE what <> 'moved'",
    ),
    topics.KPIS.name: ("DELETE FROM kpis",),
    topics.LATE.name: ("DELETE FROM late",),
    topics.DEAD_LETTERS.name: ("DELETE FROM dead_letters",),
    topics.TOUCHPOINTS.name: ("DELETE FROM timeline",),
}


class DamagedFile(Exception):
    """The file is damaged, and was moved aside. Start again: another one is made of the topics."""


class ForeignFile(Exception):
    """A newer Rapport or another program made the file: use that version, or another data directory."""


class MaterialisedFile:
    """The file at `path`, for one writer at a time and a few readers beside it.

    made_anew: why an earlier file was moved aside, and where it is; None if there was none.

    Raises:
        ForeignFile: a newer Rapport or another program made it.
        OSError, sqlite3.OperationalError: the file cannot be made or written there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.made_anew: str | None = None
        self._damage: DamagedFile | None = None
        self._writing = threading.Lock()
        try:
            self._writer = _open(path)
        except _Unusable as error:
            self.made_anew = f"{error}; it is kept as {_moved_aside(path)}"
            self._writer = _open(path)
        try:
            self._readers = Readers(lambda: _connect(path, "ro"), MANY)
        except BaseException:
            self._writer.close()
            raise

    def close(self) -> None:
        """Let go of the file, once nobody reads."""
        self._readers.close()
        with self._writing:
            self._writer.close()

    @property
    def size(self) -> int:
        """Return the bytes of the file and its write-ahead log."""
        total = 0
        for path in _files(self.path):
            with suppress(FileNotFoundError):
                total += path.stat().st_size
        return total

    @contextmanager
    def writing(self, *, synced: bool = False) -> Iterator[sqlite3.Connection]:
        """Give the connection for one transaction: kept when the block ends, undone when it raises.

        synced: it is on the disk then, whatever happens to the machine.

        Raises:
            DamagedFile: it cannot be used any more.
            sqlite3.OperationalError: it cannot be written now.
        """
        with self._writing, self._seeing_damage():
            connection = self._writer
            if synced:
                connection.execute("PRAGMA synchronous = FULL")
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                if synced:
                    connection.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that sees the file as it is at its first question, until the block ends.

        Raises:
            DamagedFile: it cannot be used any more.
        """
        with self._seeing_damage(), self._readers.reading() as connection:
            yield connection

    @contextmanager
    def _seeing_damage(self) -> Iterator[None]:
        """Move the file aside where it turns out to be damaged; whoever writes next ends the process."""
        if self._damage is not None:
            raise self._damage
        try:
            yield
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            if self._damage is None:
                aside = _moved_aside(self.path)
                self._damage = DamagedFile(
                    f"{self.path} is damaged ({error}), and is kept as {aside}. Start again: another one is "
                    "made of the topics."
                )
            raise self._damage from error


def _moved_aside(path: Path) -> Path:
    """Move the file aside, with its write-ahead log; return where it is."""
    aside = path.with_name(f"{path.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    for each, moved in zip(_files(path), _files(aside), strict=True):
        with suppress(FileNotFoundError):
            each.rename(moved)
    return aside


def _is_damage(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, sqlite3.DatabaseError) and code in {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    }


class _Unusable(Exception):
    """The file is damaged, or of an older version."""


def _open(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # its owner's alone
    connection = _connect(path, "rw")
    try:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
            _create(connection)
        _check(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {_LARGEST_WAL_BYTES}")
    except sqlite3.OperationalError:
        connection.close()
        raise
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _Unusable(f"it is damaged: {error}") from error
    except (_Unusable, ForeignFile):
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    for statement in (*tables.TABLES.values(), *OWN_TABLES.values(), *tables.INDEXES, *OWN_INDEXES):
        connection.execute(statement)
    connection.execute("COMMIT")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """See that the file is one of this version, and that both ends of its tables can be read."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != _APPLICATION_ID:
        raise ForeignFile(
            f"The file {path} belongs to another program. "
            "Move it away, or choose another directory with --data."
        )
    if version > VERSION:
        raise ForeignFile(
            f"The file {path} was made by a newer Rapport (it is of version {version}, this one makes "
            f"version {VERSION}). Run that one, or choose another directory with --data: another file is "
            "made there."
        )
    if version < VERSION:
        raise _Unusable(f"it is of version {version}, and this Rapport makes version {VERSION}")
    found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    for name, statement in (tables.TABLES | OWN_TABLES).items():
        if found.get(name) != statement.strip():
            raise _Unusable(f"its table {name} is another one")
        for order in ("ASC", "DESC"):
            connection.execute(f"SELECT * FROM {name} ORDER BY rowid {order} LIMIT 1").fetchall()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False,
        timeout=_BUSY_S,
    )  # fmt: skip


def _files(path: Path) -> list[Path]:
    return [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))]
