"""The state in the file: a chain of flushes, read back in ascending order."""

import sqlite3

from streams.runtime.compaction import Stored
from streams.runtime.embedded.inputs import digest, intact
from streams.runtime.record import Flush


def insert(connection: sqlite3.Connection, flush: Flush, *, written_ms: int) -> None:
    """Write `flush`."""
    connection.execute(
        "INSERT INTO flushes (number, position, written_ms, digest, body) VALUES (?, ?, ?, ?, ?)",
        (flush.number, flush.position, written_ms, digest(flush.body), flush.body),
    )


def drop(connection: sqlite3.Connection, *, before: int) -> None:
    """Delete the flushes with a number below `before`: a newer one carries what still lives of them."""
    connection.execute("DELETE FROM flushes WHERE number < ?", (before,))


def chain(connection: sqlite3.Connection) -> list[Stored]:
    """Return number and size of every flush, ascending."""
    rows = connection.execute("SELECT number, length(body) FROM flushes ORDER BY number")
    return [Stored(number, size) for number, size in rows]


def position(connection: sqlite3.Connection) -> int:
    """Return the offset after the last record that the newest flush includes; 0 when there is none."""
    row = connection.execute("SELECT position FROM flushes ORDER BY number DESC LIMIT 1").fetchone()
    return row[0] if row else 0


def body_after(connection: sqlite3.Connection, number: int) -> tuple[int, bytes] | None:
    """Return number and body of the first flush above `number`, None when there is none.

    Raises:
        Damaged: the body is not what was written.
    """
    row = connection.execute(
        "SELECT number, digest, body FROM flushes WHERE number > ? ORDER BY number LIMIT 1", (number,)
    ).fetchone()
    if row is None:
        return None
    found, written, body = row
    return found, intact(body, written)
