"""What is told to the world, in the file: a table per topic, numbered in the order of writing.

`engagement.scores.v1` is compacted: one row per customer, the latest. The others are kept for
as long as their retention says, and are read newest first.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from schemas.dead_letter import DeadLetter
from streams import topics
from streams.runtime.outbox import Outbox

TABLES: Final = {
    topics.TRANSITIONS.name: "transitions",
    topics.ALERTS.name: "alerts",
    topics.LATE.name: "late",
    topics.DEAD_LETTERS.name: "dead_letters",
}

# The values of a page, newest first, and the cursor of the page of older ones (None at the end).
Page = tuple[list[bytes], int | None]


class OutputRow(msgspec.Struct, frozen=True, gc=False):
    """One output: its topic, its key, and its value as JSON.

    `about` is what it can be looked up by beside the key: the framework, the alert, the reason.
    """

    topic: str
    key: bytes | None
    about: str | None
    value: bytes


def rows_of(outbox: Outbox) -> list[OutputRow]:
    """Return everything that waits to be told as rows of the log."""
    encode = msgspec.json.Encoder().encode
    return [
        *map(dead_letter, outbox.dead_letters),
        *(OutputRow(topics.LATE.name, each.customer_id.encode(), None, encode(each)) for each in outbox.late),
        *(
            OutputRow(topics.TRANSITIONS.name, each.customer_id.encode(), each.framework, encode(each))
            for each in outbox.transitions
        ),
        *(
            OutputRow(topics.ALERTS.name, each.customer_id.encode(), each.alert, encode(each))
            for each in outbox.alerts
        ),
        *(
            OutputRow(topics.SCORES.name, each.customer_id.encode(), None, each.value)
            for each in outbox.scores
        ),
    ]


def insert(connection: sqlite3.Connection, rows: Iterable[OutputRow], *, written_ms: int) -> None:
    """Write outputs in their order; of scores with one key the last stays."""
    scores: dict[bytes | None, bytes] = {}
    told: defaultdict[str, list[OutputRow]] = defaultdict(list)
    for row in rows:
        if row.topic == topics.SCORES.name:
            scores[row.key] = row.value
        else:
            told[TABLES[row.topic]].append(row)

    for table, members in told.items():
        connection.executemany(
            f"INSERT INTO {table} (key, about, written_ms, value) VALUES (?, ?, ?, ?)",
            [(row.key, row.about, written_ms, row.value) for row in members],
        )
    connection.executemany(
        "INSERT INTO scores (key, written_ms, value) VALUES (?, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET written_ms = excluded.written_ms, value = excluded.value",
        [(key, written_ms, scores[key]) for key in sorted(scores, key=lambda key: key or b"")],
    )


def page(
    connection: sqlite3.Connection,
    topic: str,
    *,
    key: bytes | None = None,
    about: str | None = None,
    before: int | None = None,
    limit: int,
) -> Page:
    """Return up to `limit` (1 or more) values of `topic`, newest first.

    `key` and `about` choose; `before` is the cursor of an earlier page.
    """
    conditions = [("key = ?", key), ("about = ?", about), ("sequence < ?", before)]
    chosen = [(text, value) for text, value in conditions if value is not None]
    where = " AND ".join(text for text, _ in chosen) or "TRUE"
    rows = connection.execute(
        f"SELECT sequence, value FROM {TABLES[topic]} WHERE {where} ORDER BY sequence DESC LIMIT ?",
        (*(value for _, value in chosen), limit + 1),
    ).fetchall()
    cursor = rows[limit - 1][0] if len(rows) > limit else None
    return [value for _, value in rows[:limit]], cursor


def score(connection: sqlite3.Connection, key: bytes) -> bytes | None:
    """Return the latest score update of the customer `key`, None when there was none."""
    row = connection.execute("SELECT value FROM scores WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def expire(connection: sqlite3.Connection, *, before_ms: Callable[[str], int | None], most: int) -> None:
    """Delete, of each topic, the oldest outputs written before `before_ms(topic)`, at most `most`.

    None keeps them for ever.
    """
    for topic, table in TABLES.items():
        limit_ms = before_ms(topic)
        if limit_ms is None:
            continue
        last = 0
        cursor = connection.execute(
            f"SELECT sequence, written_ms FROM {table} ORDER BY sequence LIMIT ?", (most,)
        )
        for sequence, written_ms in cursor:
            if written_ms >= limit_ms:
                break
            last = sequence
        cursor.close()
        if last:
            connection.execute(f"DELETE FROM {table} WHERE sequence <= ?", (last,))


def dead_letter(letter: DeadLetter) -> OutputRow:
    """Return the row that keeps `letter`."""
    return OutputRow(topics.DEAD_LETTERS.name, letter.key, letter.reason.value, msgspec.json.encode(letter))
