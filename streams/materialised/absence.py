"""What a dashboard missed that was away for longer than the topic of scores keeps its deletions.

The topic is read again from its beginning: of what the file has already, only whom it is about is noted. In
the end those go of whom nothing is there any more. Whoever is killed meanwhile goes on where it was.
"""

import sqlite3
from collections.abc import Iterable
from typing import Final

import msgspec

from streams import topics
from streams.materialised import customers, timeline

_TAKEN: Final = "taken_ms"
_KNOWN: Final = "scores_known"


class Absence:
    """The facts about it in a file.

    known: while scores are read again, up to where the file had them before, by partition; empty otherwise.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        said = _fact(connection, _KNOWN)
        self.known: dict[int, int] = {} if said is None else msgspec.json.decode(said, type=dict[int, int])

    def took(self, connection: sqlite3.Connection, *, now_ms: int) -> None:
        """Note that the file was written at an instant."""
        _state(connection, _TAKEN, str(now_ms))

    def is_long(self, connection: sqlite3.Connection, *, now_ms: int, kept_ms: int) -> bool:
        """Return whether the file was written last so long ago that deletions may be gone unread."""
        taken_ms = _fact(connection, _TAKEN)
        return taken_ms is not None and now_ms - int(taken_ms) > kept_ms

    def begin(self, connection: sqlite3.Connection) -> None:
        """Let scores be read again from their beginning."""
        topic = topics.SCORES.name
        rows = connection.execute("SELECT partition, position FROM positions WHERE topic = ?", (topic,))
        found = {partition: max(position, self.known.get(partition, 0)) for partition, position in rows}
        connection.execute("DELETE FROM heard")
        connection.execute("DELETE FROM positions WHERE topic = ?", (topic,))
        _state(connection, _KNOWN, msgspec.json.encode(found).decode())
        self.known = found

    def hear(self, connection: sqlite3.Connection, keys: Iterable[bytes]) -> None:
        """Note that the topic has scores of customers."""
        if self.known:
            connection.executemany("INSERT OR IGNORE INTO heard (key) VALUES (?)", [(key,) for key in keys])

    def end(self, connection: sqlite3.Connection) -> int:
        """Forget those of whom the topic had nothing; return how many they are."""
        gone = connection.execute(
            "SELECT key FROM scores WHERE key NOT IN (SELECT key FROM heard)"
        ).fetchall()
        for (key,) in gone:
            customers.forget(connection, key)
            timeline.forget(connection, key)
        self.drop(connection)
        return len(gone)

    def drop(self, connection: sqlite3.Connection) -> None:
        """Read scores as ever."""
        connection.execute("DELETE FROM heard")
        connection.execute("DELETE FROM facts WHERE name = ?", (_KNOWN,))
        self.known = {}


def _fact(connection: sqlite3.Connection, name: str) -> str | None:
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def _state(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", (name, value))
